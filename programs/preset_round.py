"""One round of a cascade as data."""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from ..errors import CopeError, suggest_names
from ..signatures.plans.base import PlanEnds
from ..stats.measures import MEASURES
from .confidence.registry import CONFIDENCES, confidence_by_name, is_fitted_name
from .plan_kinds import PLAN_KINDS, known_plan_kind
from .preset_errors import round_error

Temperature = Annotated[float, Field(ge=0.0, le=2.0)]
Instructions = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100_000)
]

part_of_preset: ContextVar[bool] = ContextVar("part_of_preset", default=False)
"""Whether rounds are validated as parts of a preset, whose error has the number of the round."""

# Later fields, None by default.
_OPTIONAL = (
    "confidence",
    "instructions",
    "plan_instructions",
    "hint_tokens",
    "hint_lines",
    "thought",
    "history",
    "give_up",
)


class Round(BaseModel):
    """One round of a cascade."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasoner: str
    """The tier that solves."""
    planner: str | None = None
    """The tier that plans; None for a round without a plan of its own, and for a plan that is made
    without a model."""
    plan: Annotated[str, AfterValidator(known_plan_kind)] | None = None
    """What the planner writes: a name in `PLAN_KINDS`."""
    plans: int = Field(1, ge=1, le=256)
    """How many plans: one for all samples, or one for each."""
    sees: tuple[int, ...] = ()
    """The rounds (1 for the first) whose plans the reasoner sees, in the order of its fields."""
    samples: int = Field(1, ge=1, le=256)
    """How many solutions are drawn."""
    plan_temperature: Temperature = 0.0
    """The temperature of the planner."""
    temperature: Temperature = 0.0
    """The temperature of the reasoner."""
    threshold: float | None = Field(None, gt=0.0, le=1.0)
    """The confidence at or above which the answer is accepted; None in the last round."""
    plan_max_tokens: int = Field(80, ge=1)
    """The maximum tokens of a plan."""
    plan_ends: PlanEnds = "paragraph"
    """Where the lean adapter ends a plan: at its first blank line (`paragraph`); or with its steps,
    at a blank line after a sentence, so that the steps after "Do the following:" still belong to
    it, and before any code (`steps`)."""
    max_tokens: int | None = Field(None, ge=1)
    """The maximum tokens of a solution; None is the tier's own limit."""
    confidence: str | None = None
    """A name in `CONFIDENCES`, with its argument if it takes one, as in `cisc:0.5`; or
    `logistic:FILE`; None is the domain's default."""
    instructions: Instructions | None = None
    """What the reasoner is to do, in place of the package's own instructions; what an optimizer
    changes starts from it."""
    plan_instructions: Instructions | None = None
    """What the planner is to do, in place of the package's own instructions; of a `blueprint`, the
    plan itself."""
    hint_tokens: int | None = Field(None, ge=1)
    """The maximum tokens of a `hint`; None is `plan_max_tokens`."""
    hint_lines: int | None = Field(None, ge=1)
    """The lines of a `hint`, without empty ones and fences of code; None does not count them."""
    thought: Literal["short", "program"] | None = None
    """What the reasoner writes to find its answer, in place of the domain's own: `short`, one
    sentence before the action of a game; `program`, a program of thought (Chen et al. 2022, arXiv
    2211.12588), whose result in the sandbox is the short answer."""
    history: Literal["turns"] | None = None
    """How the reasoner reads the earlier steps of a game: as `turns` of a conversation, without a
    list of the possible actions; None, as a text with this list."""
    give_up: str | None = None
    """The measure by which the round is left once more samples cost more than they are worth: a
    name in `MEASURES`, such as `seconds`, see `give_up.py`; None draws them."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean(cls, value: object) -> object:
        if isinstance(value, bool):  # pydantic would read a number
            raise ValueError(f"{str(value).lower()} is not a value of this field")
        return value

    @field_validator("confidence")
    @classmethod
    def _known_confidence(cls, name: str | None) -> str | None:
        if name is None or name in CONFIDENCES or is_fitted_name(name):
            return name  # a file is read where the round runs
        try:
            confidence_by_name(name)
        except CopeError as error:
            raise ValueError(str(error)) from None
        return name

    @field_validator("give_up")
    @classmethod
    def _known_measure(cls, name: str | None) -> str | None:
        if name is not None and name not in MEASURES:
            raise ValueError(f"no measure is named {name!r}: {suggest_names(name, MEASURES)}")
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_plan()
        if self.plans not in (1, self.samples):
            raise ValueError(f"plans must be 1 or as many as samples ({self.samples})")
        if self.plans > 1 and self.plan_temperature == 0:
            raise ValueError(
                "several plans need a plan_temperature above 0, or they are all the same"
            )
        if self.samples > 1 and self.temperature == 0 and self.plans == 1:
            raise ValueError("several samples need a temperature above 0, or they are all the same")
        if self.thought and self.history:
            raise ValueError("a thought needs a history that is a text: leave out one of the two")
        return self

    def _check_plan(self) -> None:
        """Raise `ValueError` unless the fields of the plan belong to its kind."""
        kind = PLAN_KINDS[self.plan] if self.plan else None
        if (self.planner is None) != (kind is None or not kind.calls_model):
            if kind is not None and not kind.calls_model:
                raise ValueError(f"a plan of kind {kind.name} needs no model: leave out planner")
            raise ValueError("planner and plan go together: give both or neither")
        if self.planner is None and self.plans != 1:
            raise ValueError("plans needs a planner")
        if self.plan_instructions is not None and (kind is None or not kind.has_prompt):
            raise ValueError("plan_instructions needs a planner")
        cuts_answer = self.hint_tokens is not None or self.hint_lines is not None
        if cuts_answer and (kind is None or kind.use_as != "prefix"):
            raise ValueError("hint_tokens and hint_lines need a plan of kind hint")
        if kind is not None and kind.use_as == "gate" and self.plans != 1:
            raise ValueError(f"a plan of kind {kind.name} is for all samples: leave out plans")

    @property
    def longest_plan(self) -> int:
        """The maximum tokens of a plan."""
        return self.hint_tokens or self.plan_max_tokens

    @model_validator(mode="wrap")
    @classmethod
    def _one_line(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Raise `CopeError` for a wrong field, unless a preset does so for all its rounds."""
        try:
            return handler(data)
        except ValidationError as error:
            if part_of_preset.get():
                raise
            raise round_error(error, cls.model_fields) from None

    def identity(self, left_out: Iterable[str] = ()) -> dict[str, Any]:
        """Return the round as plain data for a fingerprint.

        Optional fields without a value are left out, so that fingerprints of earlier versions stay
        the same.

        Args:
            left_out: fields that the fingerprint leaves out.
        """
        fields = self.model_dump(mode="json", exclude=set(left_out))
        for name in _OPTIONAL:
            if fields.get(name) is None:
                fields.pop(name, None)
        return fields

"""A preset: a named list of rounds as data, from a TOML file."""

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..errors import CopeError, suggest_names
from ..signatures import PlanKind
from ..stats.tiers import tier_order
from ..util.arguments import check_argument, check_number
from ..util.text import is_file_name, printable, shorten
from .bundled_files import bundled_files, preset_names
from .plan_kinds import PLAN_KINDS
from .pregate_spec import Pregate, as_pregate
from .preset_errors import preset_error
from .preset_round import Round, part_of_preset
from .systems.registry import SYSTEMS, only_cascades_error
from .systems.stage import Stage, tiers_label


class Preset(BaseModel):
    """A cascade as data.

    >>> preset = Preset(name="mine", rounds=[{"reasoner": "small", "samples": 3, "temperature": 1}])
    >>> preset.rounds[0].samples
    3
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    """The name; that of the file if it is missing there."""
    description: str = ""
    """A line for people."""
    rounds: tuple[Round, ...] = Field(min_length=1)
    """The rounds, in order."""
    pregate: Annotated[Pregate | None, BeforeValidator(as_pregate)] = None
    """A trained router that lets a question skip rounds, see `Pregate`."""

    domains: tuple[str, ...] = ()
    """The kinds of questions that it is for; empty for all."""

    @field_validator("name")
    @classmethod
    def _no_path(cls, name: str) -> str:
        if not is_file_name(name):
            raise ValueError(
                f"{shorten(printable(name), 60)!r} must be a plain name of at most 100 characters, "
                "without / and control characters, because files are named after it"
            )
        return name

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pregate is not None and len(self.rounds) == 1:
            raise ValueError("pregate: there is one round, and none to skip")
        for number, round_ in enumerate(self.rounds, 1):
            last = number == len(self.rounds)
            if last and round_.threshold is not None:
                raise ValueError(
                    f"rounds.{number}.threshold: the last round returns its answer, "
                    "so it has no threshold"
                )
            if last and round_.give_up is not None:
                raise ValueError(
                    f"rounds.{number}.give_up: the last round returns its answer, so no round "
                    "is left for another"
                )
            if not last and round_.threshold is None:
                raise ValueError(
                    f"rounds.{number}.threshold: missing, so the rounds after it would never run"
                )
            for seen in round_.sees:
                if not 1 <= seen <= number or self.rounds[seen - 1].plan is None:
                    raise ValueError(
                        f"rounds.{number}.sees: round {seen} makes no plan that round {number} "
                        "could see"
                    )
            if round_.plan is not None and not any(number in r.sees for r in self.rounds):
                raise ValueError(f"rounds.{number}.planner: no round sees its plan")
        return self

    @model_validator(mode="wrap")
    @classmethod
    def _one_line(
        cls, data: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo
    ) -> Self:
        """Raise `CopeError` for a wrong field, with its path."""
        token = part_of_preset.set(True)
        try:
            return handler(data)
        except ValidationError as error:
            name = data.get("name") if isinstance(data, Mapping) else data
            source = (info.context or {}).get("source") or shorten(printable(repr(name)), 60)
            fields = cls.model_fields
            raise preset_error(error, source, fields, Round.model_fields) from None
        finally:
            part_of_preset.reset(token)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that the rounds name, each once, in order."""
        named: dict[str, None] = {}
        for round_ in self.rounds:
            for tier in (round_.planner, round_.reasoner):
                if tier:
                    named[tier] = None
        return tuple(named)

    @property
    def plan_kinds(self) -> list[PlanKind]:
        """The kinds of the rounds' plans, in order."""
        return [PLAN_KINDS.by_name(round_.plan) for round_ in self.rounds if round_.plan]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The rounds, as tables print them."""
        stages = []
        for number, spec in enumerate(self.rounds, 1):
            tiers = (spec.reasoner,) if spec.planner is None else (spec.planner, spec.reasoner)
            label = tiers_label(spec.planner, spec.reasoner)
            stages.append(Stage(number, label, tiers, spec.samples, spec.threshold))
        return tuple(stages)

    @property
    def tier_order(self) -> tuple[str, ...]:
        """The tiers in the order of their first use; within a round the reasoner comes first."""
        return tier_order((r.planner, r.reasoner) for r in self.rounds)

    @property
    def last_tier(self) -> str:
        """The tier that is used last: the most expensive one, whose answers are the baseline."""
        return self.tier_order[-1]

    def forwards_plan(self, number: int) -> bool:
        """Return whether a later round sees the plan of round `number`."""
        return any(number in later.sees for later in self.rounds[number:])

    def with_hint_tokens(self, number: int, tokens: int | None) -> "Preset":
        """Return the preset with hints of another length in a round, counted from 1."""
        rounds = list(self.rounds)
        rounds[number - 1] = rounds[number - 1].model_copy(update={"hint_tokens": tokens})
        return self.model_copy(update={"rounds": tuple(rounds)})

    def with_overrides(
        self, samples: int | None = None, thresholds: tuple[float, ...] = ()
    ) -> "Preset":
        """Return the same rounds with other settings.

        Raises:
            CopeError: for more thresholds than rounds with a threshold, or a value out of range.
        """
        check_number("samples", samples, 1, 256, whole=True, optional=True)
        check_argument("thresholds", thresholds, (tuple, list), "a tuple such as (0.75, 0.5)")
        data = self.model_dump(exclude_defaults=True)
        gated = [r for r in data["rounds"] if "threshold" in r]
        if len(thresholds) > len(gated):
            raise CopeError(
                f"preset {self.name!r} has {len(gated)} thresholds, and {len(thresholds)} are given"
            )
        for round_, threshold in zip(gated, thresholds, strict=False):
            round_["threshold"] = threshold
        for round_ in data["rounds"]:
            if samples is not None and round_.get("samples", 1) > 1:
                if round_.get("plans", 1) > 1:
                    round_["plans"] = samples
                round_["samples"] = samples
        return parse_preset(data, self.name)


def presets_for_replay() -> list[str]:
    """Return the names of the package's presets, those that name a confidence at the end.

    A round that names its domain's default confidence is the same as one that names none.

    >>> names = presets_for_replay()
    >>> names.index("self-consistency") < names.index("best-of-tests")
    True
    """

    def names_confidence(name: str) -> bool:
        return any(round_.confidence for round_ in load_preset(name).rounds)

    return sorted(preset_names(), key=names_confidence)


def tier_alone(tier: str) -> Preset:
    """Return the preset that asks one tier alone, with one greedy call; it has the tier's name.

    >>> tier_alone("frontier").rounds[0].reasoner
    'frontier'
    """
    if tier in bundled_files():
        return load_preset(tier)
    return Preset(
        name=tier,
        description=f"the {tier} tier alone, one greedy call",
        rounds=(Round.model_validate({"reasoner": tier}),),
    )


def as_preset(preset: object, tiers: Collection[str] = ()) -> Preset:
    """Return a preset from itself, its name, or the path of its TOML file, see `load_preset`.

    Raises:
        CopeError: for an object of another type.
    """
    if isinstance(preset, Preset):
        return preset
    is_text = isinstance(preset, str) and "->" in preset
    if is_text or hasattr(preset, "output_fields"):
        raise CopeError("a signature is no preset: give it as Cascade(signature=...)")
    if isinstance(preset, str | Path):
        return load_preset(str(preset), tiers)
    kind = preset.__name__ if isinstance(preset, type) else f"a {type(preset).__name__}"
    raise CopeError(
        f"{kind} is no preset: give a preset's name, the path of a TOML file, or "
        "Preset.model_validate({...}) for rounds as data"
    )


def load_preset(name: str | Path, tiers: Collection[str] = ()) -> Preset:
    """Load a preset by its name, or from the user's own TOML file.

    Args:
        name: a preset's name, a file, or the name of one of the tiers for that tier alone.
        tiers: the tiers of the team.

    Raises:
        CopeError: for an unknown name, the name of a system, an unreadable file, or a wrong field,
            with the field's path.

    >>> [r.reasoner for r in load_preset("cope").rounds]
    ['small', 'small', 'large']
    """
    check_argument("load_preset(name)", name, (str, Path), "a preset's name or a TOML file's path")
    name = str(name)
    if name in bundled_files():
        return _bundled_preset(name)
    if name.endswith(".toml"):
        text = _read_file(name)
    elif name in tiers:
        return tier_alone(name)
    elif name in SYSTEMS:
        raise only_cascades_error(name)
    else:
        known = [*preset_names(), *tiers]
        more = ", or give a file FILE.toml, or --tier NAME=MODEL for a tier alone"
        hint = suggest_names(name, dict.fromkeys(known), more)
        raise CopeError(f"no preset is named {name!r}: {hint}")
    return _parse_toml(text, name)


@cache
def _bundled_preset(name: str) -> Preset:
    """Return one of the package's presets, which is immutable."""
    return _parse_toml(bundled_files()[name].read_text(encoding="utf-8"), name)


def _parse_toml(text: str, name: str) -> Preset:
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CopeError(f"{name} is not valid TOML: {error}") from None
    return parse_preset({"name": Path(name).stem, **data}, name)


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CopeError(f"cannot read the preset {path}: {reason}") from None


def parse_preset(data: Mapping[str, Any], source: str) -> Preset:
    """Return a preset from plain data.

    Args:
        data: the fields.
        source: where they come from, for the error's message.

    Raises:
        CopeError: for a wrong field, with its path.
    """
    return Preset.model_validate(data, context={"source": source})

"""Define the interface of kinds of plans."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import dspy

from ...errors import CopeError

PlanEnds = Literal["paragraph", "steps"]

# Small models continue with a solution where a plan should end. An API takes four stops at most.
STOPS: dict[PlanEnds, tuple[str, ...]] = {
    "paragraph": ("\n\n",),
    "steps": (".\n\n", "!\n\n", "?\n\n", "```"),
}

ANY_DOMAIN = "any"
"""The key of what serves all kinds of questions that have no entry of their own."""

ATTEMPTS = "attempts"
"""The input of a planner's signature that holds what the samples of the round before said."""

PlanUse = Literal["field", "prefix", "gate"]


@dataclass(frozen=True)
class PlanRequest:
    """What a plan may be made from.

    Attributes:
        question: the question.
        inputs: its other inputs, such as `tests` of a program.
        text: the planner's instructions, where a preset or a compile gave any; else empty.
        examples: solved training questions of the planner, the most similar one last.
    """

    question: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    examples: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class PlanKind:
    """A kind of plan. A preset's round names it in `plan`.

    A kind of another package is one such object, and one line in its `pyproject.toml`:

        [project.entry-points."cope.plan_kinds"]
        clue = "my_package.clue:CLUE"

    A plan is made in one of three ways: a model writes it (`signatures`), a function makes it
    without a model (`make`), or it is the start of the planner's own answer (`use_as="prefix"`).
    A planner sees the question. It sees what the samples of the round before said too when its
    signature has the input `attempts`. A plan that says nothing leaves the reasoner's prompt as it
    is without a plan.

    Attributes:
        name: by which presets know it. The planner's output field and the reasoner's input field
            have this name.
        signatures: the planner's signature, `question -> NAME`, by the kind of questions or under
            `ANY_DOMAIN`. A kind with `make` may have one too, whose instructions or demonstrations
            a compile sets.
        descriptions: what the reasoner reads that such a plan says, by the kind of questions or
            under `ANY_DOMAIN`.
        use: what the reasoner's instructions say to do with the plan, without a full stop.
        stops: texts at which a plan ends that the lean adapter asks for, by a round's `plan_ends`.
        begins: how the planner's reply begins, where its engine continues replies. A small model
            that is asked for tests writes a program otherwise.
        make: returns the plan without a model; an empty text says nothing.
        from_row: returns the solution of a solved training question, for a plan without a model
            that shows solved questions. Optimizers that choose demonstrations store them as the
            planner's.
        use_as: how a reasoner uses the plan: as an input `field`; as the start of its reply, which
            it continues (`prefix`; a field where its engine cannot continue a reply); or not at
            all, because the plan holds tests for the round's `gate`.
    """

    name: str
    signatures: Mapping[str, type[dspy.Signature]]
    descriptions: Mapping[str, str]
    use: str
    stops: Mapping[PlanEnds, tuple[str, ...]] = field(default_factory=lambda: STOPS)
    begins: str = ""
    make: Callable[[PlanRequest], str] | None = None
    from_row: Callable[[Mapping[str, Any]], str] | None = None
    use_as: PlanUse = "field"

    @property
    def calls_model(self) -> bool:
        """Return whether a model of the planner's tier writes the plan."""
        return self.make is None

    @property
    def has_prompt(self) -> bool:
        """Return whether the planner has a prompt of its own, which a compile may change."""
        return bool(self.signatures)

    @property
    def is_constant(self) -> bool:
        """Return whether the plan is the text of the planner's instructions."""
        return self.make is not None and self.has_prompt and self.from_row is None

    @property
    def needs_attempts(self) -> bool:
        """Return whether the planner sees what the samples of the round before said."""
        return any(ATTEMPTS in signature.input_fields for signature in self.signatures.values())

    def signature(self, domain: str) -> type[dspy.Signature]:
        """Return the planner's signature for a kind of questions.

        Raises:
            CopeError: when the plan has none for it.
        """
        found = self.signatures.get(domain, self.signatures.get(ANY_DOMAIN))
        if found is None:
            raise CopeError(
                f"no {self.name} plan is made for questions of kind {domain!r}: "
                "name another plan in the preset"
            )
        return found

    def is_silent(self, plan: str) -> bool:
        """Return whether a plan says nothing; the start of an answer may be any text."""
        return not plan.strip() if self.use_as == "prefix" else says_nothing(plan)

    def check_domain(self, domain: str) -> None:
        """Raise `CopeError` when plans without a prompt are not made for a kind of questions."""
        if not self.has_prompt and not {domain, ANY_DOMAIN} & self.descriptions.keys():
            self.signature(domain)

    def description(self, domain: str) -> str:
        """Return what the reasoner reads that such a plan says, for a kind of questions."""
        return self.descriptions.get(domain, self.descriptions.get(ANY_DOMAIN, self.name))


def says_nothing(plan: str) -> bool:
    """Return whether a plan says that there is none.

    >>> says_nothing("None."), says_nothing("None of the primes is even.")
    (True, False)
    """
    return plan.strip(" \n\"'`*.").casefold() in ("", "none", "no plan", "n/a")

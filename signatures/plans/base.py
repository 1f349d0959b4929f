"""Define the interface of kinds of plans."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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


@dataclass(frozen=True)
class PlanKind:
    """A kind of plan. A preset's round names it in `plan`.

    A kind of another package is one such object, and one line in its `pyproject.toml`:

        [project.entry-points."cope.plan_kinds"]
        hint = "my_package.hint:HINT"

    Attributes:
        name: by which presets know it. The planner's output field and the reasoner's input field
            have this name.
        signatures: the planner's signature, `question -> NAME`, by the kind of questions or under
            `ANY_DOMAIN`.
        descriptions: what the reasoner reads that such a plan says, by the kind of questions or
            under `ANY_DOMAIN`.
        use: what the reasoner's instructions say to do with the plan, without a full stop.
        stops: texts at which a plan ends that the lean adapter asks for, by a round's `plan_ends`.
    """

    name: str
    signatures: Mapping[str, type[dspy.Signature]]
    descriptions: Mapping[str, str]
    use: str
    stops: Mapping[PlanEnds, tuple[str, ...]] = field(default_factory=lambda: STOPS)

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

    def description(self, domain: str) -> str:
        """Return what the reasoner reads that such a plan says, for a kind of questions."""
        return self.descriptions.get(domain, self.descriptions.get(ANY_DOMAIN, self.name))

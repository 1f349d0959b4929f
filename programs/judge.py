"""A model that judges answers, under a tier of its own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import dspy
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError

from ..models import Team, call_labels
from ..signatures.judge import CompareAnswers, MeetsCriteria, Preference, Verdict
from ..util.hashing import digest

JUDGE_TIER = "judge"
"""The tier of a judge's calls."""

_MEETS = "It does what the request asks for, and agrees with the reference where there is one."
_IS_BETTER = "It does what the request asks for, its facts are right, and it is clear."
_NO_REFERENCE = "(none)"
_MAX_TOKENS = 256


@dataclass
class Judge:
    """Asks the tier `judge` of a team, greedily, so that the same question has the same verdict.

    Its calls are metered under its tier. Inside a ledger they are made once.

    Attributes:
        team: has the tier `judge`.
        criteria: what a good answer must do; empty for general criteria.
        asked: number of verdicts asked for.
        unread: number of verdicts that could not be read, or whose prompt did not fit.
    """

    team: Team
    criteria: str = ""
    asked: int = 0
    unread: int = 0
    _meets: dspy.Predict = field(default_factory=lambda: dspy.Predict(MeetsCriteria), repr=False)
    _compare: dspy.Predict = field(default_factory=lambda: dspy.Predict(CompareAnswers), repr=False)

    @property
    def model(self) -> str:
        """The judge's model."""
        return self.team[JUDGE_TIER].model

    def describe(self) -> str:
        """Return a line that names the judge and its criteria, for tables and a run's identity."""
        prompt = digest(self.criteria or _MEETS, self._meets.dump_state())
        return f"scored by the judge {self.model} (criteria {prompt[:8]})"

    async def meets(self, question: str, reference: str | None, answer: str) -> bool | None:
        """Return whether an answer meets the criteria; None when no verdict could be read."""
        said = await self._ask(
            self._meets,
            "verdict",
            get_args(Verdict),
            question=question,
            criteria=self.criteria or _MEETS,
            reference=reference or _NO_REFERENCE,
            answer=answer,
        )
        return None if said is None else said == "yes"

    async def prefers(self, question: str, first: str, second: str) -> str | None:
        """Return which reply is better: `first`, `second` or `tie`; None when it cannot be read."""
        return await self._ask(
            self._compare,
            "better",
            get_args(Preference),
            question=question,
            criteria=self.criteria or _IS_BETTER,
            first=first,
            second=second,
        )

    async def _ask(
        self, predict: dspy.Predict, name: str, words: Sequence[str], **inputs: str
    ) -> str | None:
        config: dict[str, Any] = {"temperature": 0.0, "max_tokens": _MAX_TOKENS}
        self.asked += 1
        try:
            with self.team[JUDGE_TIER].context(), call_labels(round=0, role="other", sample=None):
                made = await predict.acall(config=config, lm=dspy.settings.lm, **inputs)
            said = str(made[name])
        except AdapterParseError as error:
            said = only_word(error.lm_response or "", words)
        except ContextWindowExceededError:
            said = None
        if said is None:
            self.unread += 1
        return said


def only_word(text: str, words: Sequence[str]) -> str | None:
    """Return the only one of some words in a reply; None when there is none or several.

    >>> only_word("**Yes**, it does.", ["yes", "no"]), only_word("yes or no", ["yes", "no"])
    ('yes', None)
    """
    found = set(re.findall(r"[a-z]+", text.lower())) & set(words)
    return found.pop() if len(found) == 1 else None

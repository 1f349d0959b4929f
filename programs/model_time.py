"""Compare the model time of questions with what the last tier alone would take for them.

Calls in flight together divide the time of their machine, see `Usage.machine_seconds`. Where all
tiers run on one machine, time is what is paid: a cheap sample of the small tier then costs seconds
as one of the last tier does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import dspy

from ..models.engines.registry import is_here
from ..models.usage import Usage
from ..models.usage_row import UsageRow
from .cascade import Cascade

Rows = Sequence[UsageRow | Mapping[str, Any]]


@dataclass(frozen=True)
class ModelTime:
    """The model time of some questions. The names of the attributes are keys of documents.

    Attributes:
        seconds: of all calls.
        last_tier: the last tier.
        last_tier_seconds: what the last tier alone takes for the same questions.
        is_estimate: whether that is estimated from the last tier's tokens a second, rather than
            measured.
        one_machine: whether all tiers run on one machine.
    """

    seconds: float
    last_tier: str
    last_tier_seconds: float
    is_estimate: bool
    one_machine: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    def text(self) -> str:
        """Return the two times as a sentence.

        >>> ModelTime(650.0, "large", 82.0, True, False).text()
        'model time 650.0 s; the large model alone takes about 82.0 s, by its tokens a second'
        """
        about, how = ("about ", ", by its tokens a second") if self.is_estimate else ("", "")
        alone = f"the {self.last_tier} model alone takes {about}{self.last_tier_seconds:.1f} s{how}"
        text = f"model time {self.seconds:.1f} s; {alone}"
        if not self.one_machine:
            return text
        return f"{text}; all models run on one machine, where time is what is paid"


def model_time(
    usage: Rows,
    questions: int,
    models: Mapping[str, str],
    last_tier: str,
    measured: float | None = None,
) -> ModelTime | None:
    """Return the model time of questions beside that of the last tier alone.

    Args:
        usage: the rows of their calls.
        questions: number of the questions.
        models: the model of each tier of the program.
        last_tier: its last tier.
        measured: seconds that the last tier alone took for them; None where that is not known.

    Returns:
        None for a program of one tier, and where one of the two times is not known.
    """
    seconds = Usage.from_rows(usage).machine_seconds
    if len(models) < 2 or seconds is None:
        return None
    alone = measured
    if alone is None:
        alone = estimated_seconds(usage, questions, last_tier)
    if alone is None:
        return None
    one_machine = all(is_here(model) for model in models.values())
    return ModelTime(seconds, last_tier, alone, measured is None, one_machine)


def prediction_time(prediction: dspy.Prediction, cascade: Cascade) -> ModelTime | None:
    """Return the model time of one question, see `model_time`; None where it is not known."""
    models = {tier: cascade.team[tier].model for tier in cascade.preset.tiers}
    return model_time(prediction.usage, 1, models, cascade.preset.last_tier)


def estimated_seconds(usage: Rows, questions: int, tier: str) -> float | None:
    """Return an estimate of the seconds that a tier alone takes for questions.

        seconds = questions * tokens of an answer / tokens a second

    The tokens of an answer are the mean of the tier's own, or those of all tiers where it wrote
    plans only.

    Args:
        usage: rows of calls.
        questions: number of the questions.
        tier: the tier.

    Returns:
        None where the tier wrote nothing, or its tokens or seconds are not known.
    """
    rows = [row for row in usage if row["tier"] == tier]
    answers = [row for row in rows if row["role"] == "reason"]
    if not answers:
        answers = [row for row in usage if row["role"] == "reason"]
    written, of_answers = Usage.from_rows(rows), Usage.from_rows(answers)
    tokens, seconds = written.completion_tokens, written.machine_seconds
    if not tokens or not seconds or not of_answers.calls or of_answers.answer_tokens is None:
        return None
    of_answer = of_answers.answer_tokens / of_answers.calls
    return questions * of_answer * seconds / tokens

"""The task's score as DSPy's optimizers want it, with feedback in words for those that read."""

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

import dspy

from ...errors import CopeError, first_line
from ...eval import Score
from ...eval.run.evaluate import FATAL_ERRORS
from ...models import run_sync
from ...stats.tiers import LARGE
from ...util.text import shorten
from .feedback import write_feedback
from .session import CompileSession
from .splits import question_fingerprint

Objective = Literal["accuracy", "cost", "pareto"]
Scorer = Callable[[dspy.Example, str | None], Any]
"""Scores an answer: a coroutine function that gives a `Score`, as a task's, or a function that gives a number or a bool."""


Judge = Callable[[dspy.Example, str | None], Score]


def as_judge(scorer: Scorer) -> Judge:
    """The scorer, called and awaited, with words where it gives a number.

    What it raises becomes a CopeError that names it and the question; errors of models stay what they are.
    """

    def judge(example: dspy.Example, answer: str | None) -> Score:
        try:
            made: Any = scorer(example, answer)
            made = run_sync(made) if hasattr(made, "__await__") else made
            value = float(made.value if isinstance(made, Score) else made)
        except (CopeError, dspy.LMError):
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {first_line(error, 80)}"
            raise CopeError(
                f"the metric failed ({why}) {_about(example, answer)}: mend it, or the data"
            ) from error
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise CopeError(
                f"the metric gave {value:g} {_about(example, answer)}: it must be between 0 and 1"
            )
        said = (
            f"The answer is {answer!r}." if value >= 1 else f"The answer {answer!r} is not right."
        )
        return made if isinstance(made, Score) else Score(value, said)

    return judge


def _about(example: dspy.Example, answer: str | None) -> str:
    said = (
        "None, where no answer could be read,"
        if answer is None
        else f"the answer {shorten(answer, 40)!r}"
    )
    return f"on {said} to {shorten(str(example.question), 60)!r}"


class Metric:
    """Scores a program's predictions, notes them with the candidate, and says in words what was right or wrong.

    With the objective `cost`, a right answer is worth 1 when the last tier wrote nothing for it, and a half when it wrote
    as many tokens as the uncompiled program does on average; a wrong one is worth nothing.

    Args:
        scorer: scores an answer.
        session: where scores are noted.
        objective: what is made better.
        rows: the questions with all that scoring needs; optimizers may hold them without what no model is to see.
        last_tier: the last tier of the preset.
    """

    def __init__(
        self,
        scorer: Scorer,
        session: CompileSession,
        objective: Objective = "accuracy",
        rows: Iterable[dspy.Example] = (),
        *,
        last_tier: str = LARGE,
    ) -> None:
        self.judge, self.session, self.objective = as_judge(scorer), session, objective
        self._rows = {question_fingerprint(row.question): row for row in rows}
        self.last_tier = last_tier
        self.baseline_tokens = 0.0
        """Tokens that the last tier writes for a question before compiling."""

    def score(self, example: dspy.Example, prediction: Any, trace: Any = None) -> float:
        """A number between 0 and 1."""
        return self._judge(example, prediction)[0]

    def is_correct(self, example: dspy.Example, prediction: Any, trace: Any = None) -> bool:
        """Whether the answer is right: only such traces become demonstrations."""
        return self._judge(example, prediction)[1].value >= 1

    def score_with_feedback(
        self, example: dspy.Example, prediction: Any, trace: Any = None
    ) -> dspy.Prediction:
        """The score with feedback on the whole program."""
        value, score = self._judge(example, prediction)
        return dspy.Prediction(score=value, feedback=write_feedback(score, prediction, None))

    def gepa_feedback(
        self,
        example: dspy.Example,
        prediction: Any,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> dspy.Prediction:
        """As GEPA wants it: feedback on the predictor that it asks about, and the objectives one by one."""
        value, score = self._judge(example, prediction)
        found = dspy.Prediction(score=value, feedback=write_feedback(score, prediction, pred_name))
        if self.objective == "pareto":
            found.objective_scores = {
                "accuracy": score.value,
                "large_tokens": -float(tier_tokens(prediction, self.last_tier)),
            }
        return found

    def _judge(self, example: dspy.Example, prediction: Any) -> tuple[float, Score]:
        answer, key = getattr(prediction, "answer", None), question_fingerprint(example.question)
        try:
            score = self.judge(self._rows.get(key, example), answer)
        except (*FATAL_ERRORS, dspy.LMError) as error:
            self.session.abort_on_fatal(error)
            raise
        if prediction is None:
            return 0.0, score
        used = tier_tokens(prediction, self.last_tier)
        self.session.record_score(
            getattr(prediction, "candidate", None), key, score.value, used, total_tokens(prediction)
        )
        return self.objective_value(score.value, used), score

    @property
    def min_value_if_correct(self) -> float:
        """The least that a right answer is worth to the objective."""
        return 0.5 if self.objective == "cost" else 1.0

    def objective_value(self, value: float, used: int) -> float:
        """What an answer is worth to the objective."""
        if self.objective != "cost" or not self.baseline_tokens:
            return value
        return value * (1 - min(1.0, used / self.baseline_tokens) / 2)


def tier_tokens(prediction: Any, tier: str) -> int:
    """Return the tokens that a tier wrote for a prediction."""
    return sum(row["completion_tokens"] for row in prediction.usage if row["tier"] == tier)


def total_tokens(prediction: Any) -> int:
    """All tokens of a prediction, those of its prompts included."""
    return sum(row["prompt_tokens"] + row["completion_tokens"] for row in prediction.usage)

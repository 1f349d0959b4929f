"""The task's score as DSPy's optimizers need it, with feedback as text for those that reflect."""

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

import dspy

from ...errors import CopeError, first_line
from ...eval import Score
from ...models import run_sync
from ...programs.agent.records import is_decision
from ...stats.tiers import LARGE
from ...util.text import shorten
from .feedback import write_feedback
from .session import CompileSession
from .splits import example_fingerprint

_STEPS_WEIGHT = 0.2  # the share of a won game's value that its steps may cost
_USUAL_STEPS = 20  # at which half of that is lost

Objective = Literal["accuracy", "cost", "pareto"]
Scorer = Callable[[dspy.Example, str | None], Any]
"""Scores an answer: a coroutine function that returns a `Score`, as a task's, or a function that
returns a number or a bool."""
Judge = Callable[[dspy.Example, str | None], Score]


def as_judge(scorer: Scorer) -> Judge:
    """Return a function that calls the scorer, awaits it, and adds feedback to a bare number.

    Its errors become a CopeError that names the error and the question; errors of models do not
    change.
    """

    def judge(example: dspy.Example, answer: str | None) -> Score:
        try:
            score: Any = scorer(example, answer)
            if hasattr(score, "__await__"):
                score = run_sync(score)
            value = float(score.value if isinstance(score, Score) else score)
        except (CopeError, dspy.LMError):
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {first_line(error, 80)}"
            raise CopeError(
                f"the metric failed ({why}) {_on_answer(example, answer)}: fix it, or the data"
            ) from error
        if not (math.isfinite(value) and 0 <= value <= 1):
            raise CopeError(
                f"the metric gave {value:g} {_on_answer(example, answer)}: it must be between 0 "
                "and 1"
            )
        if isinstance(score, Score):
            return score
        if value >= 1:
            return Score(value, f"The answer is {answer!r}.")
        return Score(value, f"The answer {answer!r} is not right.")

    return judge


def _on_answer(example: dspy.Example, answer: str | None) -> str:
    question = shorten(str(example.question), 60)
    if answer is None:
        return f"on None, where no answer could be read, to {question!r}"
    return f"on the answer {shorten(answer, 40)!r} to {question!r}"


class Metric:
    """Score predictions, record the scores with the candidate, and write feedback.

    With the objective `cost`, a right answer has the value 1 when the last tier wrote nothing for
    it, and 0.5 when it wrote as many tokens as the uncompiled program does on average; a wrong
    answer has the value 0. A game that is won has a higher value the fewer steps it took.

    Args:
        scorer: scores an answer.
        session: records the scores.
        objective: what the compile improves.
        rows: the questions with all fields that scoring needs; optimizers may have copies without
            the fields that models must not see.
        last_tier: the last tier of the preset.
        plays: whether the questions are games.
    """

    def __init__(
        self,
        scorer: Scorer,
        session: CompileSession,
        objective: Objective = "accuracy",
        rows: Iterable[dspy.Example] = (),
        last_tier: str = LARGE,
        plays: bool = False,
    ) -> None:
        self.judge, self.session, self.objective = as_judge(scorer), session, objective
        self._rows = {example_fingerprint(row): row for row in rows}
        self.last_tier, self.plays = last_tier, plays
        self.baseline_tokens = 0.0
        """Mean tokens that the last tier writes for a question before the compile."""

    def score(
        self, example: dspy.Example, prediction: dspy.Prediction | None, trace: object = None
    ) -> float:
        """Return the value of the objective, between 0 and 1."""
        return self._judge(example, prediction)[0]

    def is_correct(
        self, example: dspy.Example, prediction: dspy.Prediction | None, trace: object = None
    ) -> bool:
        """Return whether the answer is right: only such traces become demonstrations."""
        return self._judge(example, prediction)[1].value >= 1

    def score_with_feedback(
        self, example: dspy.Example, prediction: dspy.Prediction | None, trace: object = None
    ) -> dspy.Prediction:
        """Return `score`, and `feedback` on the whole program."""
        value, score = self._judge(example, prediction)
        return dspy.Prediction(score=value, feedback=write_feedback(score, prediction, None))

    def gepa_feedback(
        self,
        example: dspy.Example,
        prediction: dspy.Prediction,
        trace: object = None,
        pred_name: str | None = None,
        pred_trace: object = None,
    ) -> dspy.Prediction:
        """Return what GEPA needs: feedback on the predictor `pred_name`, and the objectives."""
        value, score = self._judge(example, prediction)
        result = dspy.Prediction(score=value, feedback=write_feedback(score, prediction, pred_name))
        if self.objective == "pareto":
            result.objective_scores = {
                "accuracy": score.value,
                "large_tokens": -float(tier_tokens(prediction, self.last_tier)),
            }
        return result

    def _judge(
        self, example: dspy.Example, prediction: dspy.Prediction | None
    ) -> tuple[float, Score]:
        key = example_fingerprint(example)
        try:
            score = self.judge(self._rows.get(key, example), getattr(prediction, "answer", None))
        except Exception as error:
            self.session.on_question_error(error)
            raise
        if prediction is None:
            return 0.0, score
        tokens = tier_tokens(prediction, self.last_tier)
        candidate = getattr(prediction, "candidate", None)
        steps = sum(map(is_decision, prediction.get("steps") or ()))
        all_tokens = total_tokens(prediction)
        self.session.record_score(candidate, key, score.value, tokens, all_tokens, steps)
        return self.objective_value(score.value, tokens, steps), score

    @property
    def min_value_if_correct(self) -> float:
        """The smallest value of a right answer."""
        value = 0.5 if self.objective == "cost" else 1.0
        return value * (1 - _STEPS_WEIGHT) if self.plays else value

    def objective_value(self, score: float, tokens: int, steps: int = 0) -> float:
        """Return the value of an answer for the objective.

        Args:
            score: the answer's score.
            tokens: the tokens that the last tier wrote for it.
            steps: the steps of a game.
        """
        score *= 1 - _STEPS_WEIGHT * steps / (steps + _USUAL_STEPS)
        if self.objective != "cost" or not self.baseline_tokens:
            return score
        return score * (1 - min(1.0, tokens / self.baseline_tokens) / 2)


def tier_tokens(prediction: dspy.Prediction, tier: str) -> int:
    """Return the tokens that a tier wrote for a prediction."""
    return sum(row["completion_tokens"] for row in prediction.usage if row["tier"] == tier)


def total_tokens(prediction: dspy.Prediction) -> int:
    """Return all tokens of a prediction, including those of its prompts."""
    return sum(row["prompt_tokens"] + row["completion_tokens"] for row in prediction.usage)

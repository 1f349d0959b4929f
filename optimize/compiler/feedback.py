"""Feedback on a question's rounds as text, for optimizers that reflect."""

from collections.abc import Mapping
from typing import Any

import dspy

from ...eval import Score
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.base import Sample
from ...programs.optimizer_trace import winning_trace
from ...programs.predictor_name import PredictorName
from ...programs.round_plan import UNREADABLE_PLAN
from ...programs.round_record import RoundRecord
from ...util.text import shorten
from .episode_feedback import describe_episode

_MAX_CHARS = 300


def write_feedback(score: Score, prediction: dspy.Prediction | None, predictor: str | None) -> str:
    """Return feedback on a prediction.

    Args:
        score: the score with the task's feedback: the right answer, or the test that failed and its
            message.
        prediction: the cascade's prediction.
        predictor: the predictor that learns from it, such as `round_2.planner.predict`; None for
            the whole program.

    >>> row = {"round": 1, "asked": 1, "samples": [{"answer": "4"}], "votes": {"4": 1}}
    >>> row |= {"accepted": True, "plan": None}
    >>> write_feedback(Score(1.0, "4 is right."), dspy.Prediction(rounds=[row], round=1), None)
    '4 is right. Round 1 answered.'
    """
    steps = None if prediction is None else prediction.get("steps")
    if steps:
        return f"{score.feedback} {describe_episode(steps)}"
    if prediction is None or not getattr(prediction, "rounds", None):
        return score.feedback
    sentences = [score.feedback]
    if predictor is None:
        sentences += [_describe_round(row) for row in prediction.rounds]
    else:
        number, role = PredictorName.parse(predictor)
        row = next((row for row in prediction.rounds if row["round"] == number), None)
        if row is None:
            return score.feedback
        sentences.append(_describe_round(row))
        is_right = score.value >= 1
        if role == "planner":
            sentences.append(_describe_plan(row, is_right))
        else:
            sentences.append(_describe_solution(row, is_right))
    sentences.append(f"Round {prediction.round} answered.")
    return " ".join(filter(None, sentences))


def _describe_round(row: RoundRecord) -> str:
    """Describe how the votes were split, or which visible test failed."""
    samples = row.get("samples", [])
    sentences = []
    if row["asked"] > 1 or not row["accepted"]:
        votes = []
        for vote, count in list(row["votes"].items())[:4]:
            votes.append(f"{count} for {shorten(str(vote), 60)}")
        listed = ", ".join(votes) or "none"
        sentences.append(f"Round {row['round']}: {row['asked']} samples, votes: {listed}.")
    unparsed = sum(sample.get("answer") is None for sample in samples)
    if unparsed:
        sentences.append(f"{unparsed} of its replies held no answer that could be read.")
    if not row["accepted"]:
        tests = [test for sample in samples for test in sample.get("tests", [])]
        failed = next((test for test in tests if not test["passed"]), None)
        if failed is not None:
            test, message = (shorten(failed[part], _MAX_CHARS) for part in ("test", "message"))
            sentences.append(f"A visible test failed: {test}: {message}")
    return " ".join(sentences)


def _describe_plan(row: RoundRecord, is_right: bool) -> str:
    """Describe what is wrong with the plan, as far as the samples show."""
    plans = [sample["plan"] for sample in row.get("samples", []) if sample.get("plan")]
    plan = row["plan"] or next(iter(plans), None)
    if not plan:
        return "The plan could not be read: the reply does not hold what was asked for."
    if is_cut_off(plan):
        return "The plan announces something and then ends: it says nothing that helps to solve."
    if is_right:
        return ""
    if len(row["votes"]) == 1 and row["asked"] > 1:
        return "All solutions made with the plan agree on a wrong answer: it leads astray."
    return "The solution made with this plan is wrong."


def _describe_solution(row: RoundRecord, is_right: bool) -> str:
    """Describe what is wrong with the solution, as far as the samples show."""
    if all(sample.get("answer") is None for sample in row.get("samples", [])):
        return (
            "The reply could not be read: it does not hold what was asked for, in the form that "
            "was asked for."
        )
    if not is_right and len(row["votes"]) > 1:
        return "Samples of the same prompt disagree: the solution goes wrong on the way."
    return ""


def is_cut_off(plan: str) -> bool:
    """Return whether a plan ends where it was about to begin.

    >>> is_cut_off("Here is the plan:")
    True
    """
    return plan.rstrip().endswith(":")


def reflection_trace(
    round_: CascadeRound,
    result: dspy.Prediction,
    inputs: Mapping[str, Any],
    plans: dict[int, str | None],
) -> list[Any]:
    """Return DSPy's trace of a round for reflection: the calls of its winner, else of a failure.

    Without a winner, these are the calls of the shared plan and of the first sample, including
    calls whose replies could not be parsed.

    Args:
        round_: the round.
        result: its outcome.
        inputs: the fields of the question that prompts show.
        plans: by round, the plans of earlier rounds that the round sees.
    """
    if result.verdict.supporters:
        return winning_trace(result)
    trace: list[Any] = []
    if result.shared is not None:
        trace += result.shared.trace
        if result.shared.unparsed_reply is not None:
            trace.append(_unparsed_call(round_, result.shared, True, inputs, plans))
    for sample in result.samples[:1]:
        trace += sample.trace
        if sample.unparsed_reply is not None:
            trace.append(_unparsed_call(round_, sample, False, inputs, plans))
    return trace


def _unparsed_call(
    round_: CascadeRound,
    sample: Sample,
    is_shared_plan: bool,
    fields: Mapping[str, Any],
    plans: dict[int, str | None],
) -> Any:
    """Return the call whose reply could not be parsed, with the reply in its last output field."""
    predict: Any = round_.reasoner.predict
    inputs: dict[str, Any] = dict(fields)
    reasoned = any(called is predict for called, *_ in sample.trace)
    if round_.planner is not None and round_.planner.predict and (is_shared_plan or reasoned):
        predict = round_.planner.predict
    else:
        known = plans | {round_.number: sample.plan}
        for seen in round_.seen:
            inputs[seen.field] = known.get(seen.round) or UNREADABLE_PLAN
    field = list(predict.signature.output_fields)[-1]
    return predict, inputs, dspy.Prediction(**{field: sample.unparsed_reply})

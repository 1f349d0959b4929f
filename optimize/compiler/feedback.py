"""What was right or wrong with a question's way through the cascade, in words, for optimizers that read."""

from typing import Any

import dspy

from ...eval import Score
from ...programs.cascade_round import UNREADABLE_PLAN, CascadeRound
from ...programs.confidence.base import Sample
from ...programs.optimizer_trace import winning_trace
from ...programs.predictor_name import PredictorName
from ...programs.round_record import RoundRecord
from ...util.text import shorten

_LONGEST = 300


def write_feedback(score: Score, prediction: Any, predictor: str | None) -> str:
    """Words on a prediction.

    Args:
        score: with the task's own words: what the right answer was, or which test failed with what message.
        prediction: the cascade's.
        predictor: the one that is to learn, such as `round_2.planner.predict`; None for the whole program.

    >>> row = {"round": 1, "asked": 1, "samples": [{"answer": "4"}], "votes": {"4": 1}, "accepted": True, "plan": None}
    >>> write_feedback(Score(1.0, "4 is right."), dspy.Prediction(rounds=[row], round=1), None)
    '4 is right. Round 1 answered.'
    """
    if prediction is None or not getattr(prediction, "rounds", None):
        return score.feedback
    words = [score.feedback]
    if predictor is None:
        words += [_describe_round(row) for row in prediction.rounds]
    else:
        number, role = PredictorName.parse(predictor)
        row = next((row for row in prediction.rounds if row["round"] == number), None)
        if row is None:
            return score.feedback
        words += [_describe_round(row), _describe_role(role, row, prediction, score)]
    words.append(f"Round {prediction.round} answered.")
    return " ".join(filter(None, words))


def _describe_round(row: RoundRecord) -> str:
    """How the vote was split, or which visible tests failed."""
    unread = sum(sample.get("answer") is None for sample in row.get("samples", []))
    said = []
    if row["asked"] > 1 or not row["accepted"]:
        votes = ", ".join(
            f"{count} for {shorten(str(vote), 60)}"
            for vote, count in list(row["votes"].items())[:4]
        )
        said.append(f"Round {row['round']}: {row['asked']} samples, votes: {votes or 'none'}.")
    if unread:
        said.append(f"{unread} of its replies held no answer that could be read.")
    failed = [
        t for sample in row.get("samples", []) for t in sample.get("tests", []) if not t["passed"]
    ]
    if failed and not row["accepted"]:
        said.append(
            f"A visible test failed: {shorten(failed[0]['test'], _LONGEST)}: {shorten(failed[0]['message'], _LONGEST)}"
        )
    return " ".join(said)


def _describe_role(role: str, row: RoundRecord, prediction: Any, score: Score) -> str:
    """Whether the plan or the solution went wrong, as far as the samples tell."""
    plans = [sample["plan"] for sample in row.get("samples", []) if sample.get("plan")]
    if role == "planner":
        if not plans and not row["plan"]:
            return "The plan could not be read: the reply does not hold what was asked for."
        if is_cut_off(row["plan"] or next(iter(plans), None) or ""):
            return (
                "The plan announces something and then ends: it says nothing that helps to solve."
            )
        if score.value < 1 and row["votes"] and len(row["votes"]) == 1 and row["asked"] > 1:
            return "All solutions made with the plan agree on a wrong answer: it leads astray."
        return "" if score.value >= 1 else "The solution made with this plan is wrong."
    if all(sample.get("answer") is None for sample in row.get("samples", [])):
        return "The reply could not be read: it does not hold what was asked for, in the form that was asked for."
    if score.value < 1 and len(row["votes"]) > 1:
        return "Samples of the same prompt disagree: the solution goes wrong on the way."
    return ""


def is_cut_off(plan: str) -> bool:
    """Whether a plan is cut off where it was about to begin.

    >>> is_cut_off("Here is the plan:")
    True
    """
    return plan.rstrip().endswith(":")


def reflection_trace(
    round_: CascadeRound, result: dspy.Prediction, question: str, plans: dict[int, str | None]
) -> list[Any]:
    """Return DSPy's trace of a round for reflection: its winner's calls, else those of its first sample, unreadable replies too.

    Args:
        round_: the round.
        result: what it gave.
        question: what it was asked.
        plans: those of earlier rounds that it saw, by round.
    """
    if result.verdict.supporters:
        return winning_trace(result)
    found: list[Any] = []
    for part in (result.shared, next(iter(result.samples), None)):
        if part is None:
            continue
        found += part.trace
        if part.unparsed_reply is not None:
            found.append(
                _unparsed_call(round_, part, part is result.shared, {"question": question}, plans)
            )
    return found


def _unparsed_call(
    round_: CascadeRound,
    part: Sample,
    shared: bool,
    asked: dict[str, Any],
    plans: dict[int, str | None],
) -> Any:
    """The call whose reply could not be read, with the reply in place of its last field."""
    solver: Any = round_.reasoner.predict
    planning = round_.planner is not None and (
        shared or any(predict is solver for predict, *_ in part.trace)
    )
    if not planning:
        known = {**plans, round_.number: part.plan}
        asked = {
            **asked,
            **{
                field: known.get(number) or UNREADABLE_PLAN
                for number, field in round_.fields.items()
            },
        }
    predict: Any = round_.planner.predict if planning and round_.planner else solver
    return (
        predict,
        asked,
        dspy.Prediction(**{list(predict.signature.output_fields)[-1]: part.unparsed_reply}),
    )

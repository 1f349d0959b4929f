"""Questions with a short final answer: mathematics, and anything whose answer is one line."""

from collections.abc import Callable, Mapping
from typing import Any

import dspy

from ...answers.kinds.base import AnswerKind
from ...answers.reply.reader import read_reply
from ...sandbox import Sandbox
from ...signatures import plan_signature, reason_signature, thought_program_signature
from ..confidence.base import Confidence
from ..confidence.votes import VoteShare
from .base import Domain, Thought


def _parse_short_answer(
    prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
) -> str | None:
    answer = answers.parse(prediction.answer)
    if answer is None:
        answer = _parse_for_question(prediction, inputs, answers)
    if answer is not None or prediction.reasoning == prediction.answer:
        return answer
    if read_reply(prediction.answer).state == "refused":
        return None  # the numbers of its steps are not its answer
    return answers.parse(prediction.reasoning)


def _parse_for_question(
    prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
) -> str | None:
    """Return the answer that only the question explains, such as the text of an option."""
    parse_for = getattr(answers, "parse_for", None)
    if parse_for is None:
        return None
    return parse_for(prediction.answer, str(inputs["question"]))


def _vote_share(sandbox: Callable[[], Sandbox]) -> Confidence:
    return VoteShare()


SHORT_ANSWER = Domain(
    name="short-answer",
    plan_signature=plan_signature,
    reason_signature=reason_signature,
    parse_answer=_parse_short_answer,
    default_confidence=_vote_share,
    default_scorer="jsonl",
    answer_kind="math",
    thoughts={"program": Thought(thought_program_signature, program_field="program")},
    unnamed_kind="text",
)

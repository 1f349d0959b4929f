"""Questions that are answered in free text, such as requests for a letter or an explanation."""

from collections.abc import Callable, Mapping
from typing import Any

import dspy

from ...answers.kinds.base import AnswerKind
from ...sandbox import Sandbox
from ...signatures import open_plan_signature, open_reason_signature
from ..confidence.base import Confidence
from ..confidence.perplexity import Perplexity
from .base import Domain


def _parse_text(
    prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
) -> str | None:
    return answers.parse(prediction.answer)


def _perplexity(sandbox: Callable[[], Sandbox]) -> Confidence:
    return Perplexity()


def _worst_escalate(threshold: float) -> str:
    return f"the worst {threshold:.0%} of the questions escalate"


OPEN_ENDED = Domain(
    name="open",
    plan_signature=open_plan_signature,
    reason_signature=open_reason_signature,
    parse_answer=_parse_text,
    default_confidence=_perplexity,
    default_scorer="open",
    answer_kind="judge",
    answer_is_reply=True,
    answers_are_lines=False,
    gate_text=_worst_escalate,
    gate_is_share=False,
)

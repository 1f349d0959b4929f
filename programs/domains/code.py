"""Questions that a Python program answers; a program is trusted because it passes tests."""

from collections.abc import Mapping
from typing import Any

import dspy

from ...answers.code.reply import extract_program
from ...answers.kinds.base import AnswerKind
from ...signatures import code_plan_signature, code_reason_signature
from ..confidence.tests import VisibleTests
from .base import Domain


def _parse_program(
    prediction: dspy.Prediction, inputs: Mapping[str, Any], answers: AnswerKind
) -> str | None:
    return extract_program(prediction.program, inputs["question"], inputs.get("entry_point"))


def _tests_must_pass(threshold: float) -> str:
    return "a program must pass the tests"


CODE = Domain(
    name="code",
    plan_signature=code_plan_signature,
    reason_signature=code_reason_signature,
    parse_answer=_parse_program,
    default_confidence=VisibleTests,
    default_scorer="mbpp",
    scorer_fields=("tests", "entry_point", "hidden", "hidden_setup"),
    answer_kind="code",
    answer_field="program",
    answers_are_lines=False,
    needs_sandbox=True,
    gate_text=_tests_must_pass,
    gate_is_share=False,
    inputs={
        "question": "string",
        "tests": "strings?",
        "setup": "string?",
        "entry_point": "string?",
    },
)

"""Tests: more assert lines for a program, which the gate uses and no prompt shows.

The gate keeps a proposed test only when most programs agree with it, or one passes all tests. The
tests are asked for once, and later rounds whose `sees` names the round use those that were kept.
"""

import dspy

from .base import PlanKind


class CodeTestsPlan(dspy.Signature):
    """You write tests and never programs. The question describes a program: write three more tests for it, one assert line each, with small inputs that the shown tests do not cover and the right results. Where results are True or False, have one of each."""  # noqa: E501

    question: str = dspy.InputField()
    tests: str = dspy.OutputField(desc="the assert lines")


TESTS = PlanKind(
    name="tests",
    signatures={"code": CodeTestsPlan},
    descriptions={"code": "tests that the program must pass"},
    use="",
    stops={"paragraph": ("\ndef ",), "steps": ("\ndef ",)},
    begins="assert",
    use_as="gate",
)

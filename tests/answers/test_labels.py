"""An answer that repeats its label is the answer without it."""

import pytest

from cope.answers.kinds.registry import ANSWER_KINDS

MARKS = [
    "Answer: {}",
    "Therefore, the answer is: {}",
    "**Final answer:** {}",
    "#### {}",
    "\\boxed{{{}}}",
    "Die Antwort ist: {}",
]
LABELS = [
    "Answer: {}",
    "Final answer: {}",
    "**Answer:** {}",
    "Answer: Answer: {}",
    "The answer is: {}",
]
VALUES = [("text", "plausible"), ("number", "12"), ("math", "12"), ("list", "a, b"), ("text", "no")]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("label", LABELS)
def test_repeated_labels_are_no_part_of_the_answer(mark: str, label: str) -> None:
    for kind, value in VALUES:
        answers = ANSWER_KINDS.by_name(kind)
        reply = "I think.\n" + mark.format(label.format(value))
        assert answers.parse(reply) == answers.parse(mark.format(value)), (kind, reply)

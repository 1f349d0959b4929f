"""What a server's reply must be to count as an answer, whichever client brought it."""

import dspy
import pytest

from cope.models.replies import BadReply, check_outputs


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "end_turn", None])
def test_a_reply_with_content_is_an_answer(reason: str | None):
    check_outputs(["Answer: 42"], reason, "some/model")


@pytest.mark.parametrize(
    ("outputs", "reason", "error"),
    [
        (["Answer: 4"], "error", BadReply),
        ([""], "stop", BadReply),
        ([{"text": None}], None, BadReply),
        ([], "stop", BadReply),
        (["Answer: 4"], "content_filter", dspy.LMError),
    ],
)
def test_replies_that_are_no_answer(outputs: list[object], reason: str, error: type[Exception]):
    with pytest.raises(error):
        check_outputs(outputs, reason, "some/model")


def test_a_reply_that_was_cut_may_have_no_content():
    check_outputs([""], "length", "some/model")

"""The tokens of several completions of one request are what the server counted, or say that they are estimated."""

from typing import Any

import pytest
from support.choices import choice

from cope.models.choice_tokens import choice_tokens, split_choices

SHORT, LONG = "It is 4.", "Two and two make four, which anybody can count on one hand."


def scored(text: str, tokens: int) -> dict[str, Any]:
    content = [{"token": "x", "logprob": -0.5}] * tokens
    return choice(text, logprobs={"content": content})


@pytest.mark.parametrize(
    ("reported", "choices", "counts", "is_estimated"),
    [
        (30, [choice(SHORT)] * 3, (10, 10, 10), False),
        (31, [choice(SHORT)] * 3, (10, 11, 10), False),
        (20, [choice(SHORT), choice(LONG)], (3, 17), False),
        (None, [choice(SHORT)] * 2, (None, None), False),
        ("20", [choice(SHORT)] * 2, (None, None), False),
        (0, [choice(SHORT)] * 2, (None, None), False),
        (9, [scored(SHORT, 3), scored(LONG, 6)], (3, 6), False),
        (12, [scored(SHORT, 3), scored(LONG, 6)], (4, 8), False),
        (6, [scored(SHORT, 3), scored(LONG, 6)], (3, 6), False),
        (None, [scored(SHORT, 3), scored(LONG, 6)], (3, 6), False),
        (5, [choice(SHORT)] * 3, (5, 5, 5), True),
        (13, [choice(SHORT), choice(LONG)], (3, 23), True),
        (1, [choice("7")] * 4, (1, 1, 1, 1), True),
        (9, [choice("7"), choice("7" * 1000)], (1, 8), False),
        (40, [choice("一二三四五六七八九十")] * 2, (20, 20), False),
        (7, [choice(None, reasoning_content=None) for _ in range(2)], (3, 4), False),  # pyright: ignore[reportArgumentType]
    ],
)
def test_tokens_of_each_completion(
    reported: Any, choices: list[dict[str, Any]], counts: tuple[int | None, ...], is_estimated: bool
):
    found = choice_tokens(reported, choices)
    assert (found.counts, found.is_estimated) == (counts, is_estimated)


@pytest.mark.parametrize("total", [8, 9, 20, 101])
@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_the_parts_of_a_reply_add_up_to_its_usage(total: int, count: int):
    choices = [choice("7" * (index + 1)) for index in range(count)]
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": total,
        "total_tokens": 30 + total,
        "prompt_tokens_details": {"cached_tokens": 16},
    }
    parts, is_estimated = split_choices({"id": "1", "choices": choices, "usage": usage})
    assert not is_estimated
    assert [part["choices"] for part in parts] == [[one] for one in choices]
    assert [part["usage"]["prompt_tokens"] for part in parts] == [30] + [0] * (count - 1)
    assert sum(part["usage"]["completion_tokens"] for part in parts) == total
    assert sum("prompt_tokens_details" in part["usage"] for part in parts) == 1

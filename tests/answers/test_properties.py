"""Properties that every kind of answers has: it reads anything, in time that grows with the length."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from support.sweeps import mostly_slow

from cope.answers import ANSWER_KINDS, infer_answer_kind, matches
from cope.answers.characters import to_plain
from cope.answers.reply.reader import read_reply

DATA = Path(__file__).with_name("data")
SHORT = [name for name in ANSWER_KINDS if name not in ("code", "regex")]
TEXTS = sorted(
    {
        case[key]
        for name in ("cases.jsonl", "more_cases.jsonl")
        for case in map(json.loads, (DATA / name).read_text(encoding="utf-8").splitlines())
        for key in ("text", "gold")
    }
)
MARKS = [
    *"\n\n\\{}[]()$*#:\"'=,. -_|`<>/%",
    "\\boxed{",
    "Answer: ",
    "<think>",
    "</think>",
    "```",
    "\ud800",
    "½",
    "⁻",
    "̅",
]
ANYTHING = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from([*TEXTS, *MARKS]), max_size=8).map("".join),
)
ANSWERS = st.one_of(st.sampled_from(TEXTS), st.text(max_size=40))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(ANYTHING)
def test_reading_never_raises_and_gives_an_answer_or_none(text: str) -> None:
    for name in SHORT:
        kind = ANSWER_KINDS[name]
        answer = kind.parse(text)
        assert answer is None or answer.strip()
        if answer is not None:
            assert kind.equal_by_normal_form(answer, answer) is True, name


@given(ANSWERS, ANSWERS)
def test_equality_is_symmetric_and_reflexive_within_a_kind(a: str, b: str) -> None:
    for name in SHORT:
        kind = ANSWER_KINDS[name]
        assert kind.equal_by_normal_form(a, a) is True, name
        assert kind.equal_by_normal_form(a, b) is kind.equal_by_normal_form(b, a), name


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS))
def test_equality_by_algebra_is_symmetric(a: str, b: str) -> None:
    math = ANSWER_KINDS["math"]
    assert asyncio.run(math.equal_async(a, b)) is asyncio.run(math.equal_async(b, a))


@given(ANSWERS)
def test_what_is_read_is_read_again_as_the_same_answer(text: str) -> None:
    for name in ("number", "choice", "date"):
        kind = ANSWER_KINDS[name]
        answer = kind.parse(text)
        if answer is not None and any(map(str.isalnum, answer)):
            again = kind.parse(answer)
            assert again is not None and kind.equal_by_normal_form(answer, again), (name, answer)


@given(st.lists(ANSWERS, max_size=4))
def test_some_kind_is_always_inferred(golds: list[str]) -> None:
    assert infer_answer_kind(golds) in ANSWER_KINDS


@given(st.text(max_size=60))
def test_plain_characters_stay_plain(text: str) -> None:
    assert to_plain(to_plain(text)) == to_plain(text)


HOSTILE = [
    "\\boxed{", "#### ", "Answer: ", "$", "\\[", "\\(", "[[ ## answer ## ]]", "**", "1,", '{"answer": "', " ", "\n",
    "<think>", "</think>", "<answer>", "[", "(", "{", "\\frac{", "\\text{", "√(", "sqrt(", "0.(", "1 ", "1-", "a ",
    "the answer is ", "I cannot ", "not ", "- ", "*", "`", "Antwort ", "答案", "x = 1 or ", "1/", "⁻", "½", "A, ", "(A) and ",
    "<tool_call>", "Action:\n", "\\", "is ", "so ", ", ", ". ", "because ", "and ", "Q: ", "=", "<", "x<", "0.0", "9", "'", '"',
    "minus ", "one ", "one hundred and ", "A. ", "\\color{red}", "March 5, ", "1:", "|", "_", "^", "^{", "\t", "\u200b", "error",
]  # fmt: skip


@pytest.mark.parametrize("piece", mostly_slow(HOSTILE, *HOSTILE[::5]))
def test_reading_a_hostile_reply_takes_time_linear_in_its_length(piece: str) -> None:
    """The bound is for what grows faster: 4,000 characters take a hundredth of a second."""
    text = (piece * 4_000)[:4_000]
    for name in ("number", "math", "text", "choice", "list", "json"):
        kind = ANSWER_KINDS[name]
        began = time.process_time()
        kind.parse(f"{text} 5")
        kind.parse(f"Answer: {text}")
        kind.equal_by_normal_form(text, f"{text}1")
        assert time.process_time() - began < 3, name


def test_a_reply_is_divided_in_linear_time() -> None:
    seconds = []
    for count in (5_000, 20_000):
        text = "So we add 3 and 4, which is 7. The answer is not known yet.\n" * (count // 60)
        tries = []
        for _ in range(5):
            began = time.process_time()
            read_reply(text)
            tries.append(time.process_time() - began)
        seconds.append(min(tries))
    assert seconds[1] < 12 * max(seconds[0], 0.002)


def test_a_comparison_inside_a_running_loop() -> None:
    async def inside() -> bool:
        return matches("(v+1)^2", "v^2+2v+1", "math")

    assert asyncio.run(inside())

"""Pairs in both orders: what survives the swap counts, and what does not is told."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cope import CopeError
from cope.eval.judging.outcome import summarize_pairs
from cope.eval.judging.pairs import AnswerPair, JudgedPair, judge_pair
from cope.eval.judging.runs import family_advice, pairs_of_runs
from cope.eval.judging.session import judge_in_folder, usage_line
from cope.eval.run.store import QuestionResult, StoredRun


def shown(prompt: str) -> tuple[str, str]:
    """The first and the second reply in a judge's prompt."""
    first, second = prompt.partition("First: ")[2].split("\n\nSecond: ")
    return first, second


def longer(prompt: str) -> str:
    first, second = shown(prompt)
    return "tie" if len(first) == len(second) else "first" if len(first) > len(second) else "second"


@pytest.mark.parametrize(
    ("reply", "answer", "reference", "outcome"),
    [
        (longer, "long", "l", "win"),
        (longer, "l", "long", "loss"),
        (longer, "same", "size", "tie"),
        (lambda prompt: "first", "a", "b", "flipped"),
        (lambda prompt: "second", "a", "b", "flipped"),
        (lambda prompt: "tie" if "First: a" in prompt else "first", "a", "b", "flipped"),
        (lambda prompt: "?", "a", "b", "unread"),
        (lambda prompt: "first" if "First: a" in prompt else "?", "a", "b", "unread"),
        (lambda prompt: "?", "the same", "the  same\n", "tie"),
    ],
)
def test_a_verdict_counts_if_it_survives_the_swap(
    judge: Any, reply: Callable[[str], str], answer: str, reference: str, outcome: str
) -> None:
    pair = AnswerPair("k", "g", "q", answer, reference)
    assert asyncio.run(judge_pair(judge(reply), pair)).outcome == outcome


def judged(
    outcome: Any, group: str = "", lengths: tuple[int, int] = (1, 1), **values: float
) -> Any:
    pair = AnswerPair("k", group or f"{id(object())}", "q", "x" * lengths[0], "y" * lengths[1])
    return JudgedPair(AnswerPair(**{**vars(pair), "values": values}), outcome)


def test_flips_and_unread_verdicts_are_no_wins_ties_or_losses() -> None:
    outcomes = ["win"] * 4 + ["tie"] * 2 + ["loss"] * 2 + ["flipped"] * 3 + ["unread"]
    found = summarize_pairs([judged(one, str(n)) for n, one in enumerate(outcomes)])
    assert (found.wins.share, found.ties.share, found.losses.share) == (0.5, 0.25, 0.25)
    assert found.flipped.share == 3 / 11 and found.unread == 1 and found.pairs == 12
    assert 0 < found.wins.low < 0.5 < found.wins.high < 1
    text = "\n".join(found.lines())
    assert "of 8 verdicts that survived the swap" in text and "of 11 read" in text


@pytest.mark.parametrize(
    ("ties", "others", "said"), [(2, 0, True), (9, 1, True), (8, 2, False), (1, 1, False)]
)
def test_a_judge_that_says_hardly_anything_but_tie_is_named(
    ties: int, others: int, said: bool
) -> None:
    pairs = [judged("tie", f"t{n}") for n in range(ties)]
    pairs += [judged("win", f"w{n}") for n in range(others)]
    text = "\n".join(summarize_pairs(pairs).lines())
    assert (f"{ties} of {ties + others} verdicts are ties" in text) == said


def test_turns_of_a_conversation_are_no_independent_pairs() -> None:
    alone = summarize_pairs([judged("win" if n % 4 < 2 else "loss", str(n)) for n in range(20)])
    turns = summarize_pairs(
        [judged("win" if n % 4 < 2 else "loss", str(n // 2)) for n in range(20)]
    )
    assert turns.wins.share == alone.wins.share
    assert turns.wins.high - turns.wins.low > alone.wins.high - alone.wins.low


def test_wins_that_length_explains_are_few_at_equal_length() -> None:
    pairs = [judged("win", str(n), (40 + n, 10)) for n in range(8)]
    pairs += [judged("loss", str(9 + n), (9 + n % 2, 10)) for n in range(8)]
    found = summarize_pairs(pairs)
    assert found.wins.share == 0.5 and found.longer > 0
    assert found.equal_length is not None and found.equal_length < 0.4
    even = [judged("win" if n % 2 else "loss", str(n)) for n in range(10)]
    assert summarize_pairs(even).equal_length == pytest.approx(0.5, abs=0.01)
    assert summarize_pairs(pairs[:4]).equal_length is None


def test_the_auc_of_each_confidence_against_the_judge() -> None:
    pairs = [judged("loss", "a", sure=0.1), judged("loss", "b", sure=0.6)]
    pairs += [judged("tie", "c", sure=0.5), judged("win", "d", sure=0.9)]
    pairs += [judged("flipped", "e", sure=0.0)]
    assert summarize_pairs(pairs).aucs == {"sure": 0.75}
    assert summarize_pairs(pairs[:2]).aucs == {"sure": None}


def test_nothing_to_judge_is_no_error() -> None:
    assert summarize_pairs([]).lines()


def stored(path: Path, answers: dict[str, str | None], question: str = "Write.") -> StoredRun:
    run = StoredRun(path, {"settings": {"task": "open", "preset": path.name}})
    run.__dict__["results"] = {
        key: QuestionResult(key, f"{key}-turn-1", question, None, answer=answer, confidence=0.5)
        for key, answer in answers.items()
    }
    return run


def test_pairs_of_two_runs_are_those_of_shared_questions() -> None:
    ours = stored(Path("ours"), {"a": "one", "b": None, "c": "three"})
    theirs = stored(Path("theirs"), {"a": "uno", "b": "dos"})
    first, second = pairs_of_runs(ours, theirs)
    assert (first.group, first.answer, first.reference) == ("a", "one", "uno")
    assert second.answer == "(no answer)" and first.values == {"confidence": 0.5}
    with pytest.raises(CopeError, match="no question in common"):
        pairs_of_runs(ours, stored(Path("others"), {"x": "y"}))


def test_a_later_turn_is_judged_with_the_conversation_of_each_run() -> None:
    ours = stored(Path("ours"), {"a": "A2"}, "Reply: A1\n\nThe next request: More.")
    theirs = stored(Path("theirs"), {"a": "B2"}, "Reply: B1\n\nThe next request: More.")
    (pair,) = pairs_of_runs(ours, theirs)
    assert pair.question == "The next request: More."
    assert "A1" in pair.answer and pair.answer.endswith("Reply: A2")
    assert "B1" in pair.reference and "A1" not in pair.reference


def test_a_judgement_resumes_and_asks_nothing_twice(judge: Any, tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(prompt: str) -> str:
        asked.append(prompt)
        return "first"

    pairs = [AnswerPair(str(n), str(n), "q", f"a{n}", f"b{n}") for n in range(3)]
    made = judge_in_folder(judge(reply), pairs[:2], tmp_path)
    assert len(asked) == 4 and made.usage.calls == 4
    again = judge_in_folder(judge(reply), pairs, tmp_path)
    assert len(asked) == 6 and [one.outcome for one in again.pairs] == ["flipped"] * 3
    assert "answered 6 calls" in usage_line(again.usage)


@pytest.mark.parametrize(
    ("model", "advised"),
    [
        ("local/qwen2.5-coder-1.5b", True),
        ("openai/Qwen-max", True),
        ("openai/gpt-4o-mini", False),
        ("local/some.gguf", False),
    ],
)
def test_a_judge_of_the_same_family_is_advised_against(model: str, advised: bool) -> None:
    models = {"small": "local/qwen2.5-coder-0.5b", "large": "local/llama-3b"}
    advice = family_advice(model, models)
    assert (advice is not None) is advised
    assert advice is None or ("small tier" in advice and "another family" in advice)


def test_values_of_a_single_class_have_no_auc_and_infinite_ratios_do_not_happen() -> None:
    found = summarize_pairs([judged("win", "a", (0, 5), sure=1.0)])
    assert math.isfinite(found.longer) and found.aucs == {"sure": None}

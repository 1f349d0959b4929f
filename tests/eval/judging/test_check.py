"""A judge measured against labels: agreement, kappa with its interval, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cope import CopeError
from cope.eval.judging.check import check_judge, read_labels
from cope.stats.agreement import agreement


def labels(folder: Path, values: list[Any]) -> str:
    file = folder / "labels.jsonl"
    rows = [{"question": "q", "answer": f"a{n}", "label": one} for n, one in enumerate(values)]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return str(file)


MIXED: list[Any] = ["yes", "no", True, False, 1, 0, "Good", "bad", "pass", "fail"] * 2
"""Ten of twenty are yes, in every form of a label."""


def by_label(prompt: str) -> str:
    number = int(prompt.rsplit("Answer: a", 1)[1].split()[0])
    return "yes" if number % 2 == 0 else "no"


def test_every_form_of_a_label_is_read(tmp_path: Path) -> None:
    assert [one.label for one in read_labels(labels(tmp_path, MIXED))] == [True, False] * 10


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (MIXED[:19], "19 labels, .* at least 20"),
        ([*MIXED, "maybe"], "line 21: its label 'maybe' is neither yes nor no"),
    ],
)
def test_too_few_or_odd_labels_are_refused(tmp_path: Path, values: list[Any], said: str) -> None:
    with pytest.raises(CopeError, match=said):
        read_labels(labels(tmp_path, values))


@pytest.mark.parametrize(
    ("reply", "share", "kappa", "unread"),
    [
        (by_label, 1.0, 1.0, 0),
        (lambda prompt: "yes", 0.5, 0.0, 0),
        (lambda prompt: "no", 0.5, 0.0, 0),
        (lambda prompt: by_label(prompt) if "a1\n" not in prompt else "?", 1.0, 1.0, 0),
        (lambda prompt: "yes" if by_label(prompt) == "no" else "no", 0.0, -1.0, 0),
    ],
)
def test_the_agreement_of_a_judge(
    judge: Any, tmp_path: Path, reply: Any, share: float, kappa: float, unread: int
) -> None:
    found = check_judge(judge(reply), read_labels(labels(tmp_path, MIXED)), tmp_path / "calls")
    assert found.agreement.share.value == share and found.agreement.kappa.value == kappa
    assert found.labels == 20 and found.unread == unread and found.yes_labels == 0.5
    assert "kappa" in "\n".join(found.lines())


def test_unread_verdicts_count_in_no_agreement(judge: Any, tmp_path: Path) -> None:
    def half(prompt: str) -> str:
        return "?" if by_label(prompt) == "no" else "yes"

    found = check_judge(judge(half), read_labels(labels(tmp_path, MIXED)), tmp_path / "calls")
    assert found.unread == 10 and found.agreement.items == 10
    assert "not defined" in "\n".join(found.lines())
    with pytest.raises(CopeError, match="none of 20 verdicts"):
        check_judge(
            judge(lambda prompt: "?"), read_labels(labels(tmp_path, MIXED)), tmp_path / "none"
        )


def test_kappa_is_cohens_and_its_interval_covers_it() -> None:
    # 20 and 15 agreements, 5 and 10 disagreements: the textbook's kappa is 0.4.
    first = np.array([True] * 25 + [False] * 25)
    second = np.array([True] * 20 + [False] * 5 + [True] * 10 + [False] * 15)
    found = agreement(first, second)
    assert found.share.value == 0.7 and found.kappa.value == pytest.approx(0.4)
    assert 0.1 < found.kappa.low < 0.4 < found.kappa.high < 0.7

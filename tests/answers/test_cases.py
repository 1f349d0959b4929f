"""Replies with right answers, and whether each is right under its kind of answers."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from support.sweeps import sweep

from cope.answers import matches

DATA = Path(__file__).with_name("data")


def _cases() -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """Return the cases by file, kind of answers and topic."""
    found: defaultdict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for name in ("cases.jsonl", "more_cases.jsonl"):
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            found[name.removesuffix(".jsonl"), case["answer_kind"], case["topic"]].append(case)
    return found


CASES = _cases()


LONG = ("more_cases", "math", "second round")
"""Its cases need the algebra system more often than all others together."""


@sweep(
    "group",
    [pytest.param(one, marks=pytest.mark.slow) if one == LONG else one for one in CASES],
    ids="-".join,
    every=4,
)
def test_every_reply_is_judged_as_its_case_says(group: tuple[str, str, str]) -> None:
    wrong = []
    for case in CASES[group]:
        if matches(case["text"], case["gold"], case["answer_kind"]) is not case["match"]:
            wrong.append(case)
    assert not wrong


def test_no_case_is_left_out() -> None:
    sizes = {"cases": 0, "more_cases": 0}
    for (name, _, _), cases in CASES.items():
        sizes[name] += len(cases)
    assert sizes["cases"] == 403 and sizes["more_cases"] > 1600

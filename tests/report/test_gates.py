"""What a round decides by: votes, or tests that the question shows; and how the pictures tell it."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.report_sources import run_in

from cope.eval import QuestionResult
from cope.programs.confidence.tests import GATE
from cope.report import ReportSystem, RoundView, open_source, report_data
from cope.report.decisions import round_gate_text
from cope.report.plots.rounds import plot_reliability, reliability_caption, reliability_tooltips

TESTS = {
    "round": 1,
    "kind": "tests",
    "votes": {"passes all 1": 2, "passes 0 of 1": 1},
    "confidence": 1.0,
}
FAILED = {"round": 1, "kind": "tests", "votes": {"passes 0 of 1": 3}, "confidence": 0.0}
VOTES = {"round": 1, "kind": "outputs", "votes": {"[1, 2]": 3}, "confidence": 0.75}
NONE = {"round": 1, "kind": "tests", "votes": {}, "confidence": 0.0}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ([TESTS, FAILED, NONE], "tests"),
        ([VOTES, NONE], "votes"),
        ([TESTS, VOTES], "both"),
        ([NONE], "votes"),
        ([], "votes"),
    ],
)
def test_the_records_tell_what_decides(told: list[dict[str, Any]], found: str):
    records = [
        QuestionResult(str(place), str(place), "?", "1", rounds=[one])
        for place, one in enumerate(told)
    ]
    system = ReportSystem("cope", (RoundView(1, "small", samples=4),), records, {})
    assert round_gate_text(system, 1).name == found


@pytest.mark.slow
def test_a_round_of_votes_says_so(tmp_path: Path):
    (system,) = report_data(open_source(run_in(tmp_path, "cope")))["systems"]
    assert [row["gate"] for row in system["reliability"]] == ["votes"] * len(system["reliability"])
    assert {round_["gate"] for round_ in system["rounds"]} == {"votes"}
    axes = plot_reliability(system, 330).axes[0]
    assert axes.get_xlabel() == "share of the votes" and "75% needed" in [
        text.get_text() for text in axes.texts
    ]
    assert reliability_caption(system).startswith("Share of the votes against accuracy")


LEVEL = {"questions": 10, "right": 7, "interval": (0.4, 0.9), "recalibrated": 0.7}
BY_TESTS: dict[str, Any] = {
    "name": "cope",
    "gates": {"tests": asdict(GATE)},
    "trust": asdict(GATE),
    "rounds": [{"round": 1, "threshold": 0.75}],
    "reliability": [
        {
            "round": 1,
            "gate": "tests",
            "error": 0.1,
            "questions": 20,
            "levels": [
                {"confidence": 1.0, "accepted": True, **LEVEL},
                {"confidence": 0.0, "accepted": False, **LEVEL},
            ],
        }
    ],
}


@pytest.mark.slow
def test_a_round_of_tests_shows_neither_votes_nor_a_threshold():
    axes = plot_reliability(BY_TESTS, 330).axes[0]
    assert axes.get_xlabel() == "passes the shown tests" and not axes.texts
    assert [text.get_text() for text in axes.get_xticklabels()] == ["no", "yes"]
    assert not [line for line in axes.lines if line.get_gid() == "diagonal-1"]
    tips = reliability_tooltips(BY_TESTS)
    assert tips["level-1-0"].startswith(
        "passes the shown tests: 7 of 10 questions right (70%), accepted"
    )
    assert tips["level-1-1"].startswith("fails the shown tests: 7 of 10")
    assert (
        "votes" not in reliability_caption(BY_TESTS) and "%" not in tips["level-1-1"].split(":")[0]
    )

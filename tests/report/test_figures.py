"""How the figures hang together: the flow, the reliability, the sweep, the decisions in words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.imported_recordings import imported
from support.report_sources import run_in

from cope.eval import Recording, Replay
from cope.optimize.calibration.reliability import reliability
from cope.report import RoundView, open_source, report_data
from cope.report.decisions import explain_decision
from cope.report.details import question_index, question_parts
from cope.report.figures import headline, question_flow, round_reliability as of_system


def test_the_flow_loses_no_question(tmp_path: Path):
    record = imported(tmp_path, 60)
    system = open_source(tmp_path / "r.parquet").systems[0]
    first, last = question_flow(system)
    for row in (first, last):
        assert row["got"] == row["right"] + row["wrong"] + row["unknown"] + row["on"]
    assert first["got"] == 60 and last["got"] == first["on"] > 0 and last["on"] == 0
    outcomes = Replay(record).outcomes()
    assert first["right"] == ((outcomes.round == 1) & (outcomes.score == 1)).sum()
    assert last["wrong"] == ((outcomes.round == 2) & (outcomes.score == 0)).sum()


def test_questions_of_unknown_outcome_stay_unknown(record: Recording, record_folder: Path):
    source = open_source(record_folder / "r.parquet")
    cope = source.systems[0]
    gone = {r.key: 2 for r in cope.records[:3]}
    partial = replace(
        cope, records=cope.records[3:], unknown={"round 2: no call": 3}, unreplayable_at=gone
    )
    told = report_data(replace(source, systems=(partial, source.systems[1])))["systems"][0]
    assert told["n"] == 9 and sum(row["unknown"] for row in told["flow"]) == 3
    low, high = told["bounds"]
    assert high - low == pytest.approx(3 / 12) and low <= told["accuracy"] <= high
    states = [
        row[3][0][6]
        for row in question_index(replace(source, systems=(partial, source.systems[1])))["rows"]
    ]
    assert states.count("unknown") == 3


def test_questions_without_a_right_answer_are_neither_right_nor_wrong(
    record: Recording, record_folder: Path
):
    source = open_source(record_folder / "r.parquet")
    cope, large = source.systems[:2]
    open_ = [
        replace(r, score=None, gold=None) if place < 2 else r
        for place, r in enumerate(cope.records)
    ]
    keys = {r.key for r in open_ if r.score is None}
    right = {at: None if at[0] in keys else found for at, found in cope.is_right.items()}
    partial = replace(source, systems=(replace(cope, records=open_, is_right=right), large))
    figures = report_data(partial)
    told = figures["systems"][0]
    assert told["n"] == 12 and told["accuracy"] is None and told["against_large"]["n"] == 10
    assert sum(row["unknown"] for row in told["flow"]) == 2
    assert all(
        row["got"] == row["right"] + row["wrong"] + row["unknown"] + row["on"]
        for row in told["flow"]
    )
    assert headline(figures) == "cope: some questions have no right answer, so accuracy is unknown."
    rows = question_index(partial)["rows"]
    assert (
        [row[3][0][1] for row in rows[:2]] == [None, None]
        and rows[0][2] == ""
        and rows[2][3][0][1] is not None
    )
    assert figures["systems"][0]["number"] == 2 and figures["systems"][1]["number"] == 1


def test_reliability_is_that_of_a_calibration(record: Recording, record_folder: Path):
    system = open_source(record_folder / "r.parquet").systems[0]
    theirs = {(r.round, r.population): r for r in reliability(Replay(record, "cope"))}
    for mine in of_system(system):
        wanted = theirs[mine.round, "all" if mine.round == 1 else "reaching"]
        assert [(x.confidence, x.questions, x.right, x.interval) for x in mine.levels] == [
            (x.confidence, x.questions, x.right, x.interval) for x in wanted.levels
        ]
    assert [mine.round for mine in of_system(system)] == [1, 2]


def test_a_runs_escalated_answers_are_scored_where_that_is_plain(tmp_path: Path):
    system = open_source(run_in(tmp_path, "cope", count=12)).systems[0]
    for record in system.records:
        for told in record.rounds:
            right = system.is_right[record.key, told["round"]]
            assert right == (
                told["answer"] is not None and float(told["answer"]) == float(record.gold)
            )


@pytest.mark.slow
def test_the_sweep_goes_through_the_presets_own_thresholds(tmp_path: Path):
    imported(tmp_path, 80)
    figures = report_data(open_source(tmp_path / "r.parquet"))
    own, settings = figures["systems"][0], figures["swept"]["settings"]
    there = next(s for s in settings if s["thresholds"] == [own["rounds"][0]["threshold"]])
    assert there["accuracy"] == pytest.approx(own["accuracy"])
    assert there["use"]["large-calls"] == pytest.approx(own["use"]["large-calls"])


def test_the_headline_says_only_what_is_known(tmp_path: Path):
    imported(tmp_path, 40)
    figures = report_data(open_source(tmp_path / "r.parquet"))
    assert "of the calls to the large tier; the large model alone on" in headline(figures)
    assert headline(figures).endswith(f"{figures['saving']['text']}.")
    assert "prices are not known for all tiers" in figures["saving"]["text"]
    figures["measures"], figures["saving"] = figures["measures"][::-1], None
    assert "with" not in headline(figures)
    none = {**figures["systems"][0], "accuracy": None, "n": 0}
    assert headline({**figures, "systems": [none]}) == "imported: no question has an outcome yet."


def test_differing_from_the_large_model_is_by_the_answer(record: Recording, record_folder: Path):
    source = open_source(record_folder / "r.parquet")
    cope, large = source.systems[:2]
    for row, key in zip(question_index(source)["rows"], source.questions, strict=True):
        mine, theirs = cope.records_by_key[key].answer, large.records_by_key[key].answer
        assert row[3][0][4] == int(float(mine or "nan") != float(theirs or "nan"))
        assert row[3][1][4] is None, "the large model does not differ from itself"


def test_every_sample_of_every_round_is_there(record: Recording, record_folder: Path):
    source = open_source(record_folder / "r.parquet")
    questions = [question for part in question_parts(source) for question in part["questions"]]
    assert [q["question"] for q in questions] == record.questions
    pools = questions[4]["pools"]
    assert [len(pools[number]["samples"]) for number in range(4)] == [8, 8, 1, 1]
    answers = record.rounds[0].answers[4]
    assert [sample.get("answer") for sample in pools[0]["samples"]] == list(answers)
    assert "plan" in pools[1] and not any("plan" in sample for sample in pools[1]["samples"]), (
        "a shared plan is told once"
    )


VOTE = {
    "answer": "18",
    "votes": {"18": 5, "9": 3},
    "confidence": 0.625,
    "threshold": 0.75,
    "accepted": False,
    "asked": 8,
}
ROUND = RoundView(1, "small", samples=8, threshold=0.75)


@pytest.mark.parametrize(
    ("change", "last", "words"),
    [
        (
            {},
            False,
            "5 of 8 samples agree (62%), and 75% are needed: the question escalates to round 2.",
        ),
        ({"plan": "p"}, False, "escalates to round 2, with a plan."),
        ({"asked": 7}, False, "1 more were not drawn, as they could change nothing"),
        ({"accepted": True, "threshold": 0.5}, False, "and 50% are enough: accepted."),
        (
            {"accepted": True, "threshold": None},
            True,
            "this is the last round, so its answer is given.",
        ),
        (
            {"answer": None, "votes": {}, "confidence": 0.0},
            False,
            "No answer could be read: the question escalates to round 2.",
        ),
        (
            {"answer": None, "votes": {}, "confidence": 0.0},
            True,
            "No answer could be read: the question stays without an answer.",
        ),
        (
            {"asked": 5, "early_stop": "esc"},
            False,
            "5 of 5 samples agree (62%; 3 more were not drawn by esc)",
        ),
        (
            {"kind": "tests", "votes": {"passes all 3": 2}, "confidence": 1.0, "accepted": True},
            False,
            "passes all 3 shown tests: accepted.",
        ),
        (
            {"kind": "tests", "votes": {"passes 1 of 3": 2}, "confidence": 0.0},
            False,
            "The best program passes 1 of 3 shown tests: the",
        ),
        (
            {"kind": "tests", "votes": {"passes all 1": 2}, "confidence": 1.0, "accepted": True},
            False,
            "passes the one shown test: accepted.",
        ),
    ],
)
def test_a_decision_as_text(change: dict[str, object], last: bool, words: str):
    assert words in explain_decision({**VOTE, **change}, ROUND, last)


PASSES = "passes through Rome"


@pytest.mark.parametrize("change", [{"kind": "votes"}, {"samples": [{"answer": PASSES}]}, {}])
def test_a_short_answer_that_begins_with_passes_is_no_program(change: dict[str, Any]):
    told = {**VOTE, "answer": PASSES, "votes": {PASSES: 8}, "confidence": 1.0, "accepted": True}
    said = explain_decision({**told, **change}, ROUND, False)
    assert said == "8 of 8 samples agree (100%), and 75% are enough: accepted."


def outcome(passed: bool, value: str | None = None) -> dict[str, Any]:
    return {"test": "f(1)", "passed": passed, "message": "", "value": value}


@pytest.mark.parametrize(
    ("votes", "confidence", "samples", "words"),
    [
        ({"passes all 1": 1}, 1.0, [{"tests": [outcome(True)]}], "A program passes the one shown"),
        ({"passes 0 of 1": 1}, 0.0, [{"ballot": "b", "tests": [outcome(False)]}], "passes 0 of 1"),
        ({"f(1) = 2": 8}, 1.0, [{"ballot": "b", "tests": [outcome(True, "2")]}], "8 of 8 samples"),
        ({}, 0.0, [{"tests": [outcome(False)]}], "Nothing was shown to test the programs by"),
        ({}, 0.0, [{"answer": "def f(): ..."}], "Nothing was shown to test the programs by"),
    ],
)
def test_a_program_of_an_earlier_version_is_recognized_by_what_it_was_run_on(
    votes: dict[str, int], confidence: float, samples: list[Any], words: str
):
    told = {**VOTE, "answer": "def f(): ...", "votes": votes, "confidence": confidence}
    assert words in explain_decision({**told, "samples": samples}, ROUND, False)


def test_a_lone_sample_is_no_vote():
    told = {
        **VOTE,
        "votes": {"18": 1},
        "confidence": 1.0,
        "threshold": None,
        "accepted": True,
        "asked": 1,
    }
    assert (
        explain_decision(told, RoundView(1, "large"), True)
        == "One sample was asked, and its answer is given."
    )

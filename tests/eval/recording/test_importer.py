"""Samples of others become a record: what they do not tell stays unknown, and what they lack is said."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cope import CopeError
from cope.eval import Recording, Replay, import_samples, replay_results, summarize, write_recording

MODELS = {"small": "mini", "large": "big"}


def answers(*given: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"answer": answer, "variant": f"v{n}", **more} for n, answer in enumerate(given)]


LINES: list[dict[str, Any]] = [
    {
        "id": "a",
        "question": "1 + 1?",
        "gold": "2",
        "samples": {"mini": answers("2", "2.0", "3"), "big": answers("2")},
    },
    {
        "id": "b",
        "question": "1 / 2?",
        "gold": "1/2",
        "samples": {"mini": answers("5", None, "7"), "big": answers("0.5")},
    },
    {
        "id": "c",
        "question": "3 + 3?",
        "gold": 6,
        "samples": {"mini": answers("1", "1", "1"), "big": answers(6, text="So 6")},
    },
]


def source(where: Path, lines: list[dict[str, Any]]) -> Path:
    file = where / "theirs.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def imported(
    where: Path, lines: list[dict[str, Any]] = LINES, *args: Any, **more: Any
) -> Recording:
    made = import_samples(source(where, lines), MODELS, *args, **more)
    write_recording(where / "r.parquet", made.manifest, made.rows)
    return Recording.open(where / "r.parquet")


def test_small_samples_vote_and_the_large_model_answers_the_rest(tmp_path: Path):
    record = imported(tmp_path, thresholds=(0.6,))
    made = replay_results(Replay(record))
    assert [(r.id, r.answer, r.round, r.score) for r in made.results] == [
        ("a", "2.0", 1, 1.0),
        ("b", "0.5", 2, 1.0),
        ("c", "1", 1, 0.0),
    ]
    assert made.results[0].votes == {"2.0": 2, "3": 1}
    assert (record.is_imported, record.models, record.manifest.task) == (True, MODELS, "theirs")
    assert record.rounds[1].column("reasoning").tolist() == [[None], [None], ["So 6"]]
    assert Replay(record, "large").outcomes().score.tolist() == [1, 1, 1]


def test_what_a_source_does_not_tell_is_unknown_and_never_nothing(tmp_path: Path):
    record = imported(tmp_path)
    calls = record.rounds[0].reason_calls
    for name in (
        "prompt_tokens",
        "completion_tokens",
        "usd",
        "seconds",
        "machine_seconds",
        "logprob",
    ):
        assert np.isnan(getattr(calls, name)).all(), name
    assert (calls.calls == 1).all()
    swept = Replay(record).sweep([(0.5,), (1.0,)])
    assert (
        swept.total("calls").tolist() == [9 + 1, 9 + 2]
        and np.isnan(swept.completion_tokens("large")).all()
    )
    total = summarize(replay_results(Replay(record)).results, 2).total
    assert (
        total.calls,
        total.answer_tokens,
        total.prompt_tokens,
        total.machine_seconds,
        total.usd,
    ) == (
        11,
        None,
        None,
        None,
        None,
    )
    assert total.plan_tokens == 0, "nobody plans"


def test_tokens_and_characters_are_taken_where_they_are_known(tmp_path: Path):
    told = [
        {"answer": "2", "tokens": 7, "chars": 30},
        {"answer": "2", "tokens": {"prompt": 5, "completion": 9}},
        {"answer": "3"},
    ]
    record = imported(
        tmp_path,
        [
            {
                "id": "a",
                "question": "q",
                "gold": "2",
                "samples": {"mini": told, "big": [{"answer": "2", "text": "two"}]},
            }
        ],
    )
    first, last = record.rounds
    assert first.reason_calls.completion_tokens[0, :2].tolist() == [7, 9]
    assert np.isnan(first.reason_calls.completion_tokens[0, 2])
    assert first.reason_calls.prompt_tokens[0, 1] == 5
    assert first.column("reason_chars")[0, 0] == 30 and last.column("reason_chars")[0, 0] == 3


@pytest.mark.parametrize(
    ("variants", "votes"),
    [
        ({"small": ["v2", "v0"]}, [["3", "2"], ["7", "5"], ["1", "1"]]),
        ({"small": ["v1"]}, [["2.0"], [None], ["1"]]),
    ],
)
def test_variants_are_taken_in_the_order_in_which_they_are_named(
    tmp_path: Path, variants: Any, votes: Any
):
    record = imported(tmp_path, LINES, variants)
    assert record.rounds[0].answers.tolist() == votes
    assert record.manifest.settings["variants"]["small"] == variants["small"]


def test_a_question_that_lacks_samples_is_left_out_and_counted(tmp_path: Path):
    short = {"id": "d", "question": "9?", "gold": "9", "samples": {"mini": answers("9", "9", "9")}}
    record = imported(tmp_path, [*LINES, short])
    assert record.ids == ["a", "b", "c"]
    assert record.manifest.left_out == {"big has not its usual samples": 1}


@pytest.mark.parametrize("gold", [{}, {"gold": None}, {"gold": " "}])
def test_without_right_answers_scores_are_unknown_and_never_wrong(
    tmp_path: Path, gold: dict[str, Any]
):
    bare = [
        {name: value for name, value in line.items() if name != "gold"} | gold for line in LINES
    ]
    record = imported(tmp_path, bare, thresholds=(0.6,), match="number")
    assert record.gold == [None] * 3 and not record.has_answer.any()
    replay = Replay(record)
    made = replay_results(replay)
    assert [(r.answer, r.round, r.score, r.gold) for r in made.results] == [
        ("2.0", 1, None, None),
        ("0.5", 2, None, None),
        ("1", 1, None, None),
    ]
    assert np.isnan(replay.scores).all() and np.isnan(replay.sweep([(0.6,), (1.0,)]).accuracy).all()
    found = summarize(made.results, 2)
    assert (found.n, found.accuracy, found.interval) == (3, None, (0.0, 1.0))
    assert [round_.accuracy for round_ in found.rounds] == [None, None]


def test_an_answer_that_could_not_be_read_is_unknown_too_without_a_right_one(tmp_path: Path):
    silent = {
        **LINES[0],
        "gold": None,
        "samples": {"mini": answers(None, None, None), "big": answers(None)},
    }
    assert np.isnan(Replay(imported(tmp_path, [silent])).scores).all()


def test_one_question_without_a_right_answer_leaves_the_others_scored(tmp_path: Path):
    record = imported(tmp_path, [LINES[0], {**LINES[1], "gold": None}, LINES[2]], thresholds=(0.6,))
    assert record.has_answer.tolist() == [True, False, True]
    assert [r.score for r in replay_results(Replay(record)).results] == [1.0, None, 0.0]
    assert summarize(replay_results(Replay(record)).results, 2).accuracy is None


def test_questions_that_belong_together_are_reported(tmp_path: Path):
    lines = [{**line, "book": n // 2} for n, line in enumerate(LINES)]
    assert imported(tmp_path, lines, group="book").groups == ["0", "0", "1"]
    with pytest.raises(CopeError, match="--group"):
        imported(tmp_path, LINES, group="book")


def test_more_tiers_are_rounds_between_and_presets_of_them_replay(tmp_path: Path):
    lines = [
        {**line, "samples": {**line["samples"], "middle": answers("2", "0.5")}} for line in LINES
    ]
    models = {"small": "mini", "medium": "middle", "large": "big"}
    made = import_samples(source(tmp_path, lines), models, thresholds=(0.6, 1.0))
    write_recording(tmp_path / "r.parquet", made.manifest, made.rows)
    record = Recording.open(tmp_path / "r.parquet")
    assert record.models == models and [r.reasoner for r in record.preset.rounds] == [
        "small",
        "medium",
        "large",
    ]
    assert [(r.id, r.answer, r.round) for r in replay_results(Replay(record)).results] == [
        ("a", "2.0", 1),
        ("b", "0.5", 3),
        ("c", "1", 1),
    ]
    file = tmp_path / "own.toml"
    rounds = (
        'reasoner = "medium"\nsamples = 2\nthreshold = 0.5\ntemperature = 1.0',
        'reasoner = "large"',
    )
    file.write_text('name = "own"\n' + "".join(f"[[rounds]]\n{round_}\n" for round_ in rounds))
    own = replay_results(Replay(record, file))
    assert not own.unknown and {r.round for r in own.results} == {1}


def test_no_recorded_sample_serves_two_rounds(tmp_path: Path):
    made = replay_results(
        Replay(imported(tmp_path), "answer-cascade", samples=3, thresholds=(1.0, 0.5))
    )
    assert [r.id for r in made.results] == ["c"]
    ((why, count),) = made.unknown.items()
    assert count == 2 and why.startswith("round 2: ") and "an earlier round uses it" in why


@pytest.mark.parametrize(
    ("lines", "models", "variants", "words"),
    [
        (LINES, {"small": "minni", "large": "big"}, {}, "did you mean mini"),
        (LINES, {"small": "mini", "large": "mini"}, {}, "small and large are both 'mini'"),
        (
            [
                {
                    "id": "a",
                    "question": "q",
                    "gold": "1",
                    "samples": {"mini": answers("1"), "big": []},
                }
            ],
            MODELS,
            {},
            "names 'big' and has no sample of it",
        ),
        (
            LINES,
            MODELS,
            {"large": ["v1"]},
            "big has no variant 'v1': it has v0; give --variant large=v0 for it",
        ),
        ([{"id": "a", "question": "q", "gold": "1"}], MODELS, {}, "line 1: the row has no samples"),
        ([{"id": "a", "question": "q", "gold": "1", "samples": []}], MODELS, {}, "line 1: "),
        (
            [{"id": "a", "question": "q", "gold": "1", "samples": {"mini": ["2"]}}],
            MODELS,
            {},
            "mini.0 is not an object",
        ),
    ],
)
def test_what_is_wrong_with_a_source_is_one_line(
    tmp_path: Path, lines: Any, models: Any, variants: Any, words: str
):
    with pytest.raises(CopeError) as raised:
        import_samples(source(tmp_path, lines), models, variants)
    assert words in str(raised.value) and "\n" not in str(raised.value)

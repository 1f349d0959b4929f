"""Confidences from log-probabilities: the best sample answers, and its rank decides."""

import asyncio
from pathlib import Path
from typing import Any

import dspy
import numpy as np
import pytest
from support.recordings import recorder, recording
from support.sweeps import sweep

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Replay, RunStore, evaluate, task_by_name
from cope.eval.recording.sample_table import SampleTable
from cope.models import Call, ScriptedEngine
from cope.models.outputs import lowest_window
from cope.programs.confidence.ranks import Ranks
from cope.programs.ranking import rank_among, remember_ranks
from cope.programs.sampling import derive_seed

CASCADE = {
    "name": "p",
    "rounds": [
        {"reasoner": "small", "samples": 3, "temperature": 1, "threshold": 0.4},
        {"reasoner": "large"},
    ],
}


def sure(text: str) -> list[float]:
    """The log-probabilities of a reply: surer the shorter it is, and least sure at its end."""
    return [-0.01 * len(text)] * 20 + [-0.5]


def world(reply: Any, logprobs: Any = sure) -> Team:
    small = ScriptedEngine(lambda messages, request: reply(request), logprobs=logprobs)
    return Team(small, ScriptedEngine(lambda messages, request: "large"), cache=False)


def lengths(*values: int) -> Any:
    """Replies of these lengths, one after the other."""
    left = list(values)
    return lambda request: "x" * left.pop(0)


@pytest.mark.parametrize(
    ("values", "window", "lowest"),
    [
        ([-1.0], 16, -1.0),
        ([-1.0, -3.0], 16, -2.0),
        ([0.0, 0.0, -4.0, -2.0, 0.0], 2, -3.0),
        ([-2.0] + [0.0] * 15 + [-1.0], 16, -2 / 16),
    ],
)
def test_the_lowest_window(values: list[float], window: int, lowest: float) -> None:
    assert lowest_window(values, window) == pytest.approx(lowest)


def test_the_best_of_n_is_returned_with_its_log_probabilities() -> None:
    team = world(lengths(9, 4, 7))
    made = Cascade(Preset.model_validate(CASCADE), team, domain="open")(question="Write.")
    record = made.rounds[0]
    assert record["answer"] == "xxxx" and record["kind"] == "perplexity"
    chosen = record["samples"][record["supporters"][0]]
    assert chosen["logprob_mean"] == pytest.approx((-0.04 * 20 - 0.5) / 21)
    assert chosen["logprob_window"] == pytest.approx((-0.04 * 15 - 0.5) / 16)


@sweep("kind", ["perplexity", "lowest-window"], every=2)
@pytest.mark.parametrize("scale", [1, 30])
def test_a_threshold_escalates_a_share_of_the_questions_whatever_the_scale(
    kind: str, scale: int
) -> None:
    gated = {**CASCADE["rounds"][0], "confidence": kind}
    preset = Preset.model_validate({"name": "p", "rounds": [gated, {"reasoner": "large"}]})
    values = [n * scale for n in range(1, 11) for _ in range(3)]
    first = Cascade(preset, world(lengths(*values)), domain="open")
    known = [first(question=f"q{n}").rounds[0]["raw_confidence"] for n in range(10)]
    cascade = Cascade(preset, world(lengths(*values)), domain="open")
    rank_among(cascade, {1: known}, "r")
    rounds = [cascade(question=f"q{n}").round for n in range(10)]
    assert rounds == [1] * 6 + [2] * 4, "the longest replies are the least sure ones"


def test_without_a_record_ranks_come_from_the_questions_seen_so_far() -> None:
    cascade = Cascade(
        Preset.model_validate(CASCADE), world(lengths(*[5] * 3, *[1] * 3, *[9] * 3)), domain="open"
    )
    made = [cascade(question=f"q{n}") for n in range(3)]
    assert [one.rounds[0]["confidence"] for one in made] == pytest.approx([1 / 2, 3 / 4, 1 / 6])
    assert [one.round for one in made] == [1, 1, 2]
    resumed = Cascade(Preset.model_validate(CASCADE), world(lengths(9, 9, 9)), domain="open")
    for one in made[:2]:
        remember_ranks(resumed, one.rounds)
    assert resumed(question="q2").rounds[0]["confidence"] == pytest.approx(1 / 6)


def test_an_evaluation_in_parts_ranks_each_question_once(tmp_path: Path) -> None:
    task = task_by_name("open")
    rows = [dspy.Example(id=f"{n}", question=f"q{n}", answer=None) for n in range(4)]
    examples = [row.with_inputs("question") for row in rows]
    values = [5, 1, 9, 3]
    confidences: list[list[float]] = []
    for begins in ([0], [0, 2], [0, 1, 2, 3]):
        team = world(lengths(*[value for value in values for _ in range(3)]))
        cascade = Cascade(Preset.model_validate(CASCADE), team, domain="open")
        store = RunStore({"task": "open", "preset": f"{begins}"}, tmp_path)
        with store.open():
            for begin, end in zip(begins, [*begins[1:], 4], strict=True):
                run = evaluate(task, examples[:end], cascade, store, begin=begin, in_flight=1)
                asyncio.run(run)
            found = [result.rounds[0]["confidence"] for result in store.results.values()]
        confidences.append(found)
    assert confidences == [pytest.approx([1 / 2, 3 / 4, 1 / 6, 5 / 8])] * 3


def test_equal_values_count_half() -> None:
    ranks = Ranks()
    for _ in range(4):
        ranks.add(0.3)
    assert ranks.rank_of(0.3) == 0.5 and ranks.rank_of(0.2) == 0 and ranks.rank_of(0.4) == 1


def test_a_record_changes_the_identity_of_a_run_and_nothing_else_does() -> None:
    cascade = Cascade("cope", world(lengths(1)), domain="open")
    assert cascade.settings() == {"seed": 0, "early_stop": "exact"}
    rank_among(cascade, {1: [0.1]}, "record.parquet")
    assert cascade.settings()["ranks"] == "record.parquet"


def test_an_engine_without_log_probabilities_is_an_error_that_names_a_way_out() -> None:
    cascade = Cascade(Preset.model_validate(CASCADE), world(lengths(1, 2, 3), None), domain="open")
    with pytest.raises(CopeError, match="no log-probabilities.*another confidence"):
        cascade(question="Write.")
    alone = Cascade("small", world(lengths(3), None), domain="open")
    assert alone(question="Write.").answer == "xxx", "a single sample needs none"


def test_only_rounds_that_read_them_ask_for_log_probabilities() -> None:
    team = world(lambda request: "Answer: 3")
    Cascade("small", team)(question="q")
    (request,) = team["small"].engine.requests
    assert request.config.logprobs is None
    Cascade("small", team, domain="open")(question="q")
    assert team["small"].engine.requests[-1].config.logprobs is not None


def test_a_ledgers_line_has_new_keys_only_where_they_are_known() -> None:
    assert not {"logprob_tokens", "logprob_window"} & Call().as_dict().keys()
    known = Call(logprob=-3.0, logprob_tokens=2, logprob_window=-2.0)
    assert Call.from_dict(known.as_dict()) == known


def test_a_record_replays_the_ranks_of_a_live_run(tmp_path: Any) -> None:
    def reply(messages: Any, request: Any) -> str:
        return "x" * (1 + derive_seed(messages[-1]["content"], request.config.seed) % 997)

    team = Team(
        ScriptedEngine(reply, logprobs=sure),
        ScriptedEngine(lambda messages, request: "large", logprobs=sure),
        cache=False,
    )
    programs = recorder(team, Preset.model_validate(CASCADE), domain="open")
    record = recording(programs, tmp_path, 12)
    replay = Replay(record)
    outcomes = replay.outcomes()
    assert (outcomes.round == 2).sum() == 5, "the worst 40% of 12, rounded up at 4.8"
    raw = replay.rounds[0].raw_confidence
    assert raw is not None
    live = Cascade(Preset.model_validate(CASCADE), team, early_stop="none", domain="open")
    rank_among(live, {1: raw}, "record")
    for index, question in enumerate(record.questions):
        made = live(question=question)
        assert (made.round, made.answer) == (outcomes.round[index], outcomes.answer[index])
    new = ["reason_logprob_tokens", "plan_logprob_tokens", "reason_logprob_window"]
    old = SampleTable(record.table.drop_columns(new), seed=0)
    assert np.isnan(old.column("reason_logprob_window")).all(), "a record of an earlier version"

"""Votes weighted by log-probabilities: worked out by hand, live and on a record."""

import asyncio
import math
from typing import Any

import pytest
from support.recordings import recorder, recording, unsure
from support.sweeps import sweep

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Replay
from cope.models import ScriptedEngine
from cope.programs import Sample, Verdict
from cope.programs.confidence.cisc import Cisc
from cope.programs.confidence.deepconf import DeepConf
from cope.programs.sampling import derive_seed

ROUND = {"reasoner": "small", "samples": 4, "temperature": 0.8}


def verdict(confidence: Any, *votes: tuple[str | None, float]) -> Verdict:
    """The verdict of samples with these answers and values, in their order."""

    async def count() -> Verdict:
        tally = confidence.tally(list(range(len(votes))))
        for index, (answer, value) in enumerate(votes):
            given = Sample(index, answer=answer, logprob_mean=value, logprob_window=value)
            await tally.add(given)
        return tally.verdict()

    return asyncio.run(count())


LOW, HIGH = math.log(0.5), math.log(0.9)


def test_cisc_by_hand() -> None:
    """c = 0.5, 0.5, 0.9 and T = 0.1: weights e^5, e^5, e^9; the one sure sample outvotes two."""
    found = verdict(Cisc(), ("1", LOW), ("1", LOW), ("2", HIGH))
    share = math.exp(9) / (math.exp(9) + 2 * math.exp(5))
    assert found.answer == "2" and found.confidence == pytest.approx(share)
    assert found.supporters == (2,) and found.votes == {"2": 1, "1": 2}
    mild = verdict(Cisc(1.0), ("1", LOW), ("1", LOW), ("2", HIGH))
    total = 2 * math.exp(0.5) + math.exp(0.9)
    assert mild.answer == "1" and mild.confidence == pytest.approx(2 * math.exp(0.5) / total)


def test_deepconf_by_hand() -> None:
    """Weights 0.5, 0.5, 0.9: 1.0 of 1.9 for the two; 0.2, 0.2, 0.9: 0.9 of 1.3 for the one."""
    found = verdict(DeepConf(), ("1", LOW), ("1", LOW), ("2", HIGH))
    assert found.answer == "1" and found.confidence == pytest.approx(1.0 / 1.9)
    low = math.log(0.2)
    assert verdict(DeepConf(), ("1", low), ("1", low), ("2", HIGH)).answer == "2"


@pytest.mark.parametrize("confidence", [Cisc(), DeepConf()])
def test_equal_log_probabilities_give_the_share_of_the_votes(confidence: Any) -> None:
    votes = [("1", LOW), ("1.0", LOW), ("2", LOW), (None, HIGH)]
    found = verdict(confidence, *votes)
    assert found.answer == "1" and found.confidence == pytest.approx(2 / 4)
    tie = verdict(confidence, ("3", LOW), ("2", LOW))
    assert tie.answer == "3" and tie.confidence == pytest.approx(1 / 2)
    assert verdict(confidence, (None, LOW), (None, LOW)).answer is None


@pytest.mark.parametrize("kind", ["cisc", "deepconf"])
def test_an_engine_without_log_probabilities_is_an_error(kind: str) -> None:
    team = Team(*[ScriptedEngine(lambda m, r: "Answer: 1")] * 2, cache=False)
    preset = Preset.model_validate({"name": "p", "rounds": [ROUND | {"confidence": kind}]})
    with pytest.raises(CopeError, match="no log-probabilities.*another confidence"):
        Cascade(preset, team)(question="q")
    alone = {"reasoner": "small", "confidence": kind}
    one = Preset.model_validate({"name": "p", "rounds": [alone]})
    made = Cascade(one, team)(question="q")
    assert (made.answer, made.confidence) == ("1", 1.0), "a single vote has the whole weight"


def script(messages: Any, request: Any) -> str:
    class Ask:
        tier, role = "small", "reason"
        user, seed = messages[-1]["content"], request.config.seed

    return unsure(Ask)


def logprobs(text: str) -> list[float]:
    return [-0.1 * (1 + derive_seed(text) % 7)] * 3


@sweep("kind", ["cisc", "deepconf"], every=2)
def test_a_record_of_votes_replays_weighted_votes_of_a_live_run(kind: str, tmp_path: Any) -> None:
    team = Team(ScriptedEngine(script, logprobs=logprobs), ScriptedEngine(script), cache=False)
    votes = Preset.model_validate({"name": "p", "rounds": [ROUND | {"confidence": "perplexity"}]})
    record = recording(recorder(team, votes), tmp_path, 12)
    weighted = Preset.model_validate({"name": kind, "rounds": [ROUND | {"confidence": kind}]})
    outcomes = Replay(record, weighted).outcomes()
    assert outcomes.known.all()
    live = Cascade(weighted, team, answer_kind="math")
    for index, question in enumerate(record.questions):
        made = live(question=question)
        assert made.answer == outcomes.answer[index]
        if made.answer is not None:
            assert made.confidence == pytest.approx(outcomes.confidence[index])
    plain = Preset.model_validate({"name": "v", "rounds": [ROUND]})
    assert Replay(record, plain).outcomes().known.all(), "votes need no log-probabilities"


def test_a_record_without_log_probabilities_says_what_it_lacks(tmp_path: Any) -> None:
    team = Team(ScriptedEngine(script), ScriptedEngine(script), cache=False)
    votes = Preset.model_validate({"name": "p", "rounds": [ROUND]})
    record = recording(recorder(team, votes), tmp_path, 3)
    weighted = Preset.model_validate({"name": "c", "rounds": [ROUND | {"confidence": "cisc"}]})
    replay = Replay(record, weighted)
    assert "it has no log-probabilities (record again" in replay.rounds[0].missing_reason

"""A confidence of another package: named in a preset's round, it decides live rounds and replays alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import examples, recorder, recording, unsure

from cope import Cascade, CopeError, Preset
from cope.answers.kinds.base import AnswerKind
from cope.answers.kinds.math import MATH
from cope.eval import Replay, replay_results
from cope.programs import CONFIDENCES, Confidence, Sample, Verdict
from cope.programs.confidence.vectorized import RoundSamples, VerdictArrays, verdict_arrays
from cope.programs.preset import parse_preset
from cope.report import RoundView
from cope.report.decisions import explain_decision


@dataclass
class LargestTally:
    """The samples of a round, of which the one with the largest answer leads."""

    order: Sequence[int]
    kind: str = "largest"
    samples: dict[int, Sample] = field(default_factory=dict)

    async def evaluate(self, sample: Sample) -> None:
        pass

    async def add(self, sample: Sample) -> None:
        self.samples[sample.index] = sample

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        return len(self.samples) == len(self.order)

    def verdict(self) -> Verdict:
        answered = [i for i in self.order if self.samples[i].answer is not None]
        if not answered:
            return Verdict(None, 0.0, (), {})
        leader = max(answered, key=lambda index: float(self.samples[index].answer or 0))
        answer = str(self.samples[leader].answer)
        return Verdict(answer, min(1.0, float(answer) / 4), (leader,), {answer: 1})


class Largest(Confidence):
    """Trusts the largest answer, the more the larger it is."""

    kind = "largest"

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Any:
        return LargestTally(order)

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        return {} if leading is None else {leading: 1}

    def decide(self, samples: RoundSamples) -> VerdictArrays:
        answers = samples.in_order(samples.column("answer"))
        values = np.array([[-1.0 if a is None else float(a) for a in row] for row in answers])
        lead = values.argmax(axis=1)
        largest = values.max(axis=1)
        lead = np.where(largest < 0, -1, lead)
        supporters = np.arange(values.shape[1]) == lead[:, None]
        confidence = np.clip(largest / 4, 0.0, 1.0)
        return verdict_arrays(samples, lead, confidence, supporters)


@pytest.fixture
def largest() -> Iterator[None]:
    CONFIDENCES.register("largest", Largest)
    yield
    CONFIDENCES.unregister("largest")


def mixed() -> Preset:
    """Three rounds: by another package's confidence, by votes, and a last one."""
    drawn = {"reasoner": "small", "samples": 4, "temperature": 0.8}
    rounds = [
        {**drawn, "threshold": 0.75, "confidence": "largest"},
        {**drawn, "threshold": 0.5},
        {"reasoner": "large"},
    ]
    return parse_preset({"name": "mixed", "rounds": rounds}, "mixed")


@pytest.mark.usefixtures("largest")
def test_it_answers_live_and_is_replayed_with_the_same_decisions(
    tmp_path: Path, scripted: Callable[..., Any]
):
    team, asked = scripted(unsure).team, examples(8)
    record = recording(recorder(team, mixed()), tmp_path, asked)
    assert [set(round_.kind) for round_ in record.rounds] == [{"largest"}, {"votes"}, {"votes"}]
    cascade = Cascade(mixed(), team, early_stop="none")
    replayed = {record.id: record for record in replay_results(Replay(record)).results}
    ended = set()
    for example in asked:
        live, again = cascade(**example.inputs()), replayed[example.id]
        ended.add(live.round)
        assert (again.answer, again.round, again.votes) == (live.answer, live.round, live.votes)
        assert again.confidence == pytest.approx(live.confidence)
        for one, other in zip(again.rounds, live.rounds, strict=True):
            for name in ("kind", "accepted", "answer", "votes", "supporters"):
                assert one.get(name, one) == other.get(name)
    assert len(ended) > 1, "some questions are decided by it, and some escalate"


@pytest.mark.usefixtures("largest")
def test_a_program_file_and_a_report_keep_it(tmp_path: Path, scripted: Callable[..., Any]):
    team = scripted(lambda ask: "So.\nAnswer: 4").team
    Cascade(mixed(), team).save(tmp_path / "mixed.json")
    loaded = Cascade.from_file(tmp_path / "mixed.json", team)
    assert [round_.confidence for round_ in loaded.preset.rounds] == ["largest", None, None]
    (told,) = loaded(question="What is 3 + 1?").rounds
    assert told["kind"] == "largest"
    said = explain_decision(told, RoundView(1, "small", samples=4, threshold=0.75), False)
    assert said == "The answer has a confidence of 100%, and 75% are enough: accepted."


def test_a_round_without_its_own_confidence_has_the_fingerprint_of_earlier_versions():
    first, second, _ = [
        Preset(name="p", rounds=[{"reasoner": "small", "confidence": name}]).rounds[0]
        for name in ("votes", None, None)
    ]
    assert first.identity()["confidence"] == "votes"
    assert "confidence" not in second.identity()
    assert "samples" not in second.identity(left_out=["samples"])


def test_a_confidence_that_nobody_registered_is_an_error_with_the_nearest_name():
    with pytest.raises(
        CopeError, match="rounds.1.confidence: no confidence is named 'vote'.*votes"
    ):
        parse_preset({"name": "p", "rounds": [{"reasoner": "small", "confidence": "vote"}]}, "p")


def test_a_record_by_another_confidence_is_not_replayed(
    tmp_path: Path, scripted: Callable[..., Any]
):
    drawn = {"reasoner": "small", "samples": 4, "temperature": 0.8, "threshold": 0.5}
    team = scripted(unsure).team
    votes, outputs = (
        parse_preset({"name": "p", "rounds": [{**drawn, **more}, {"reasoner": "large"}]}, "p")
        for more in ({}, {"confidence": "outputs"})
    )
    record = recording(recorder(team, votes), tmp_path, 2)
    named = parse_preset(
        {"name": "p", "rounds": [{**drawn, "confidence": "votes"}, {"reasoner": "large"}]}, "p"
    )
    assert all(round_.known.all() for round_ in Replay(record, named).rounds)
    other = Replay(record, outputs).rounds[0]
    assert not other.known.any() and "its confidence is another" in other.missing_reason


def test_a_registered_name_is_the_confidences_own():
    from cope.programs.confidence.registry import confidence_by_name

    CONFIDENCES.register("misnamed", Largest)
    try:
        with pytest.raises(CopeError, match="'misnamed' has the kind 'largest'"):
            confidence_by_name("misnamed")
    finally:
        CONFIDENCES.unregister("misnamed")

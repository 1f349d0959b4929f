"""A record that a judge scores: losses count, calibration and fits read them, the rest is unknown."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.recordings import recorder, recording
from support.sweeps import sweep

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Recording, Replay
from cope.eval.judging.recording import (
    judged_recording,
    last_tier_answers,
    pairs_of_recording,
    scores_of,
)
from cope.eval.judging.session import judge_in_folder
from cope.eval.replay.ranks import rank_among_record
from cope.models import ScriptedEngine
from cope.optimize.calibration import CalibrationTarget, calibrate
from cope.optimize.fit_confidence import fit_confidence
from cope.programs.confidence.fitted import read_fitted
from cope.programs.sampling import derive_seed

PRESET = Preset.model_validate(
    {
        "name": "p",
        "rounds": [
            {"reasoner": "small", "samples": 3, "temperature": 1, "threshold": 0.4},
            {"reasoner": "large", "temperature": 0.5},
        ],
    }
)


def team() -> Team:
    """Small replies are long where they are unsure; the judge of the tests prefers short ones."""

    def reply(messages: Any, request: Any) -> str:
        return "x" * (1 + derive_seed(messages[-1]["content"], request.config.seed) % 40)

    def sure(text: str) -> list[float]:
        return [-0.02 * len(text)] * 20

    large = ScriptedEngine(lambda messages, request: "y" * 12, logprobs=sure)
    return Team(ScriptedEngine(reply, logprobs=sure), large, cache=False)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    programs = recorder(team(), PRESET, "large", domain="open")
    return recording(programs, tmp_path_factory.mktemp("judged"), 40)


def shorter(prompt: str) -> str:
    first, second = prompt.partition("First: ")[2].split("\n\nSecond: ")
    return "first" if len(first) < len(second) else "second"


@pytest.mark.slow
def test_every_answer_that_a_replay_can_give_is_judged_once(record: Recording) -> None:
    pairs = pairs_of_recording(record, last_tier_answers(record))
    assert len({(pair.key, pair.answer) for pair in pairs}) == len(pairs)
    judged = {(pair.key, pair.answer) for pair in pairs}
    for samples in (1, 2, 3):
        outcomes = Replay(record, samples=samples).outcomes()
        for key, answer in zip(record.keys, outcomes.answer, strict=True):
            assert (key, answer) in judged
    assert all(pair.values.keys() == {"perplexity"} for pair in pairs)
    assert all(0 < pair.values["perplexity"] <= 1 for pair in pairs)


@pytest.mark.slow
def test_a_loss_that_survives_the_swap_is_harm(
    record: Recording, judge: Any, tmp_path: Path
) -> None:
    answers = last_tier_answers(record)
    judgement = judge_in_folder(judge(shorter), pairs_of_recording(record, answers), tmp_path)
    made = judged_recording(record, answers, scores_of(judgement.pairs), "m")
    scores = made.rounds[0].scores
    lengths = np.array([[len(text) for text in row] for row in made.rounds[0].answers])
    known = ~np.isnan(scores)
    assert known.sum() >= len(record) and (scores[known] == (lengths[known] <= 12)).all()
    assert (made.programs["large"][0].scores == 1.0).all(), "the last tier is not worse than itself"
    assert made.gold == list(answers.values()) and made.manifest.settings["judged_by"] == "m"
    calibration = calibrate(made, CalibrationTarget(harm=0.3, delta=0.5, loss="judged-worse"))
    assert calibration.baseline.scores.mean() == 1.0
    assert not np.isnan(Replay(made).outcomes().score).any()


@sweep(
    ("reply", "score"),
    [(lambda prompt: "first", 1.0), (lambda prompt: "?", 0.0), (lambda prompt: "tie", 1.0)],
    every=3,
)
def test_flips_are_no_losses_and_unread_verdicts_are(
    record: Recording, judge: Any, tmp_path: Path, reply: Any, score: float
) -> None:
    pairs = pairs_of_recording(record, last_tier_answers(record))
    different = [pair for pair in pairs if pair.answer != pair.reference][:5]
    scores = scores_of(judge_in_folder(judge(reply), different, tmp_path).pairs)
    assert set(scores.values()) == {score}


def test_a_fit_on_a_judged_record_is_a_confidence_by_name(
    record: Recording, judge: Any, tmp_path: Path
) -> None:
    answers = last_tier_answers(record)
    judgement = judge_in_folder(judge(shorter), pairs_of_recording(record, answers), tmp_path)
    made = judged_recording(record, answers, scores_of(judgement.pairs), "m")
    fit = fit_confidence(made)
    assert fit.aucs["mean_logprob"] == 1.0 and (fit.aucs["logistic"] or 0) > 0.9
    fit.fitted.save(tmp_path / "fitted.json")
    assert read_fitted(tmp_path / "fitted.json").weights == pytest.approx(fit.fitted.weights)
    with pytest.raises(CopeError, match="0 scored answers"):
        fit_confidence(judged_recording(record, answers, {}, "m"))


def test_a_record_without_the_last_tier_alone_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(CopeError, match="--also large"):
        last_tier_answers(recording(recorder(team(), PRESET, domain="open"), tmp_path, 2))


def test_ranks_of_a_live_run_are_read_off_a_record(record: Recording) -> None:
    cascade = Cascade(PRESET, team(), early_stop="none", domain="open")
    rank_among_record(cascade, record)
    assert cascade.settings()["ranks"].startswith("r.parquet (")
    outcomes = Replay(record).outcomes()
    for index in range(10):
        assert cascade(question=record.questions[index]).round == outcomes.round[index]
    alone = Cascade("small", team(), domain="open")
    with pytest.raises(CopeError, match="no round of small compares ranks"):
        rank_among_record(alone, record)
    more = PRESET.with_overrides(samples=5)
    with pytest.raises(CopeError, match="cannot rank the answers: round 1"):
        rank_among_record(Cascade(more, team(), domain="open"), record)

"""A logistic combination: read from its file, alike live and in replays, never from a damaged file."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.recordings import recorder, recording
from support.sweeps import sweep

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Replay
from cope.models import ScriptedEngine
from cope.programs.confidence.fitted import FEATURES, FittedConfidence, read_fitted
from cope.programs.confidence.registry import confidence_by_name
from cope.programs.sampling import derive_seed

WEIGHTS = {"mean_logprob": 2.0, "window_logprob": 0.1, "log_tokens": 0.0, "agreement": 1.0}


def preset(file: Path, samples: int = 4) -> Preset:
    gated = {
        "reasoner": "small",
        "samples": samples,
        "temperature": 1,
        "threshold": 0.5,
        "confidence": f"logistic:{file}",
    }
    return Preset.model_validate({"name": "p", "rounds": [gated, {"reasoner": "large"}]})


def team() -> Team:
    def reply(messages: Any, request: Any) -> str:
        draw = derive_seed(messages[-1]["content"], request.config.seed)
        return [f"Answer: {draw % 3}", f"Answer: {draw}", " "][draw % 7 % 3]

    def sure(text: str) -> list[float]:
        return [-(derive_seed(text) % 100) / 100] * 20

    small = ScriptedEngine(reply, logprobs=sure)
    return Team(small, ScriptedEngine(lambda m, r: "Answer: 7", logprobs=sure), cache=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "fitted.json"
    FittedConfidence(0.3, WEIGHTS).save(path)
    return path


@sweep("domain", ["open", "short-answer"], every=2)
def test_a_replay_decides_as_the_live_run(tmp_path: Path, file: Path, domain: str) -> None:
    models = team()
    programs = recorder(models, preset(file), domain=domain)
    replay = Replay(recording(programs, tmp_path, 20))
    outcomes = replay.outcomes()
    live = Cascade(preset(file), models, early_stop="none", domain=domain)
    for index, question in enumerate(replay.recording.questions):
        made = live(question=question)
        assert (made.round, made.answer) == (outcomes.round[index], outcomes.answer[index])
        confidence = replay.rounds[0].verdict.confidence[index]
        assert made.rounds[0]["confidence"] == pytest.approx(confidence)
    assert {1, 2} == set(outcomes.round)


def test_the_coefficients_are_part_of_the_identity_of_a_run(file: Path) -> None:
    before = Cascade(preset(file), team(), domain="open").settings()
    FittedConfidence(0.4, WEIGHTS).save(file)
    after = Cascade(preset(file), team(), domain="open").settings()
    assert before != after and before["fitted"].keys() == after["fitted"].keys()
    assert "fitted" not in Cascade("cope", team(), domain="open").settings()


@pytest.mark.parametrize(
    "change",
    [
        "no json",
        "[]",
        {"confidence": "other"},
        {"weights": {}},
        {"weights": {**WEIGHTS, "mean_logprob": "2"}},
        {"weights": {**WEIGHTS, "mean_logprob": True}},
        {"weights": {**WEIGHTS, "more": 1.0}},
        {"intercept": None},
        {"intercept": float("nan")},
        {"intercept": float("inf")},
    ],
)
def test_a_damaged_file_is_refused_in_a_line(file: Path, change: Any) -> None:
    text = change
    if isinstance(change, dict):
        text = json.dumps(json.loads(file.read_text()) | change)
    file.write_text(text)
    with pytest.raises(CopeError, match="cope fit-confidence"):
        read_fitted(file)
    with pytest.raises(CopeError, match="cope fit-confidence"):
        Cascade(preset(file), team(), domain="open")


def test_a_missing_file_and_a_missing_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CopeError, match="cannot read the confidence"):
        confidence_by_name(f"logistic:{tmp_path / 'none.json'}")
    for name in ("logistic:", "logistic"):
        with pytest.raises(CopeError, match="no confidence is named"):
            confidence_by_name(name)


def test_the_value_follows_the_formula_and_is_0_where_a_feature_is_unknown(file: Path) -> None:
    fitted = read_fitted(file)
    found = fitted.probability(dict.fromkeys(FEATURES, 0.0))
    assert found == pytest.approx(1 / (1 + 2.718281828 ** (-0.3)))
    confidence: Any = confidence_by_name(f"logistic:{file}")
    assert confidence.value({**dict.fromkeys(FEATURES, 0.0), "log_tokens": float("nan")}) == 0
    assert fitted.probability(dict.fromkeys(FEATURES, 1e9)) == 1.0

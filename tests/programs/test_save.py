"""Programs as files: what is saved comes back, and what is no program is told in one line."""

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.cascade_replies import PRESETS

from cope import Cascade, CopeError, Team, load_preset
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.engines.ollama import OllamaEngine
from cope.models.lm import TierLM


def agreement(ask: Any) -> str:
    return "A plan." if ask.role == "plan" else "So.\nAnswer: 3"


@pytest.fixture
def team(scripted) -> Team:
    return scripted(agreement).team


@pytest.mark.parametrize("preset", PRESETS)
def test_a_program_comes_back(team: Team, tmp_path: Path, preset: str):
    program = Cascade(preset, team)
    program.save(tmp_path / "program.json")
    back = Cascade.from_file(tmp_path / "program.json", team)
    assert back.preset == program.preset and back.dump_state() == program.dump_state()
    assert back(question="1 + 2?").answer == "3"


def test_changed_instructions_and_demonstrations_come_back_and_are_used(scripted, tmp_path: Path):
    s = scripted(agreement)
    program = Cascade(load_preset("cope").with_overrides(samples=3, thresholds=(0.9,)), s.team)
    reasoner = program.round_1.reasoner.predict
    reasoner.signature = reasoner.signature.with_instructions(
        "Work it out, Schritt f\u00fcr Schritt."
    )
    demo = dspy.Example(
        question="1 + 1?", goal="Add.", reasoning="One more.", answer="2", augmented=True
    )
    reasoner.demos = [demo]
    program.save(tmp_path / "program.json")
    back = Cascade.from_file(tmp_path / "program.json", s.team, early_stop="none")
    assert back.preset.rounds == program.preset.rounds and back.early_stop == "none"
    assert back.round_1.reasoner.predict.signature.instructions.startswith(
        "Work it out, Schritt f\u00fcr"
    )
    assert back(question="1 + 2?").answer == "3"
    asked = [request for request in s.small.requests if "Work it out" in str(request.system)]
    assert len(asked) == 3 and asked[0].messages[1].parts[0].text == "One more.\nAnswer: 2"


def test_the_file_names_no_model_and_no_key(team: Team, tmp_path: Path):
    Cascade("cope", team).save(tmp_path / "program.json")
    state = json.loads((tmp_path / "program.json").read_text())
    assert state["preset"]["name"] == "cope"
    assert all(part["lm"] is None for name, part in state.items() if name.startswith("round_"))


def test_dspys_own_load(team: Team, tmp_path: Path):
    program = Cascade("cope", team)
    program.round_2.planner.predict.demos = [dspy.Example(question="?", guideline="Think.")]
    program.save(tmp_path / "program.json")
    other = Cascade("cope", team)
    other.load(tmp_path / "program.json")
    assert other.round_2.planner.predict.demos[0]["guideline"] == "Think."


def test_a_program_for_other_rounds(team: Team, tmp_path: Path):
    Cascade("cope", team).save(tmp_path / "program.json")
    with pytest.raises(
        CopeError,
        match=r"saved for preset 'cope' with other rounds: load it with Cascade\.from_file",
    ):
        Cascade("small", team).load(tmp_path / "program.json")


def test_a_state_without_a_preset(team: Team):
    with pytest.raises(CopeError, match="names no preset"):
        Cascade("small", team).load_state({"round_1.reasoner.predict": {}})


def broken(tmp_path: Path, team: Team) -> dict[str, bytes]:
    Cascade("cope", team).save(tmp_path / "good.json")
    good = json.loads((tmp_path / "good.json").read_text())
    without = {name: part for name, part in good.items() if not name.startswith("round_2")}
    bad_preset = good | {
        "preset": good["preset"] | {"rounds": [{"reasoner": "small", "samples": 0}]}
    }
    return {
        "no JSON": b"{",
        "not text": b"\xff\xfe\x00",
        "empty": b"",
        "a list": b"[1, 2]",
        "a number": b"7",
        "null": b"null",
        "another object": b'{"question": "?"}',
        "another program": json.dumps({"predict": good["round_1.planner.predict"]}).encode(),
        "a preset that is none": json.dumps(good | {"preset": 5}).encode(),
        "a bad preset": json.dumps(bad_preset).encode(),
        "a predictor missing": json.dumps(without).encode(),
        "a predictor that is none": json.dumps(good | {"round_1.planner.predict": 3}).encode(),
        "a tier missing": json.dumps(
            good | {"preset": {"name": "x", "rounds": [{"reasoner": "huge"}]}}
        ).encode(),
    }


KINDS = [
    "no JSON",
    "not text",
    "empty",
    "a list",
    "a number",
    "null",
    "another object",
    "another program",
    "a preset that is none",
    "a bad preset",
    "a predictor missing",
    "a predictor that is none",
    "a tier missing",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_no_program_is_one_line(tmp_path: Path, team: Team, kind: str):
    files = broken(tmp_path, team)
    assert list(files) == KINDS
    path = tmp_path / "bad.json"
    path.write_bytes(files[kind])
    with pytest.raises(CopeError) as caught:
        Cascade.from_file(path, team)
    assert "\n" not in str(caught.value)
    assert "bad.json" in str(caught.value) or "no tier is named 'huge'" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"), [("none.json", "No such file or directory"), ("", "Is a directory")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, team: Team, name: str, reason: str):
    with pytest.raises(CopeError, match=f"cannot read the program .*: {reason}"):
        Cascade.from_file(tmp_path / name, team)


# Programs that hold a model: a predictor of the user's own


def ollama_lm(kind: type[dspy.LM]) -> dspy.LM:
    engine = OllamaEngine("qwen2.5:3b", "http://10.0.0.2:11434", context=512, think=False)
    return kind(
        "ollama/qwen2.5:3b", engine=engine, async_engine=AsyncEngineAdapter(engine), max_tokens=64
    )


@pytest.mark.parametrize("kind", [dspy.LM, TierLM])
def test_a_predictor_with_an_ollama_model_is_saved_copied_and_pickled(
    tmp_path: Path, kind: type[dspy.LM]
):
    program = dspy.Predict("question -> answer")
    program.lm = ollama_lm(kind)
    program.save(tmp_path / "program.json")
    loaded = dspy.Predict("question -> answer")
    loaded.load(tmp_path / "program.json", allow_unsafe_lm_state=True)
    program.save(tmp_path / "whole", save_program=True)
    whole = dspy.load(tmp_path / "whole", allow_pickle=True)
    for lm in (
        loaded.lm,
        whole.lm,
        copy.deepcopy(program).lm,
        pickle.loads(pickle.dumps(program.lm)),
    ):
        assert type(lm) is kind and lm is not program.lm
        assert lm.dump_state() == program.lm.dump_state()
        assert lm.engine.dump_state() == program.lm.engine.dump_state()
        assert lm._async_engine_spec.engine.model == "qwen2.5:3b"
    assert copy.deepcopy(program).lm.engine is program.lm.engine


def test_a_model_in_a_file_is_not_loaded_unless_the_user_trusts_it(tmp_path: Path):
    program = dspy.Predict("question -> answer")
    program.lm = ollama_lm(TierLM)
    program.save(tmp_path / "program.json")
    with pytest.raises(ValueError, match="Refusing to import custom serialized"):
        dspy.Predict("question -> answer").load(tmp_path / "program.json")


def test_a_whole_cascade_is_pickled_with_its_team(tmp_path: Path):
    team = Team(
        "ollama/qwen2.5:3b@http://10.0.0.2:11434", "local/smollm2-135m", limits={"small": 3}
    )
    Cascade("cope", team, seed=7).save(tmp_path / "whole", save_program=True)
    back = dspy.load(tmp_path / "whole", allow_pickle=True)
    assert isinstance(back, Cascade) and back.seed == 7 and back.preset == load_preset("cope")
    assert back.team["small"].lm.engine.dump_state() == team["small"].lm.engine.dump_state()
    assert back.team["small"].lm.runtime.semaphore.size == 3

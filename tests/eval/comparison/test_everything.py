"""`--presets all`: every preset and system that can run, and what the others lack."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, give_team
from support.compare_command import COMPARE, told, write_inputs
from support.pictures import write_empty_pictures
from support.thought_programs import ReadingSandbox, is_program_request

from cope import CopeError, Team
from cope.eval.comparison.everything import all_presets, decisions_digest
from cope.models import ScriptedEngine
from cope.programs import SYSTEMS, Cascade, preset_names
from cope.report.sources.open import open_source


def small(messages: list[dict[str, str]], request: Any) -> str:
    """Answer 3, in the form that is asked for."""
    if is_program_request(messages):
        return "```python\ndef solution():\n    return 3\n```"
    if "correct" in messages[0]["content"]:
        return "Hm.\nCorrect: True"
    return "A step.\nAnswer: 3"


def pair(logprobs: Any) -> dict[str, ScriptedEngine]:
    return {name: ScriptedEngine(small, logprobs=logprobs) for name in ("small", "large")}


def even(text: str) -> list[float]:
    return [-0.1] * 3


ALL = (*COMPARE, "--limit", "2", "--early-stop", "none", "--presets", "all")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    write_empty_pictures(monkeypatch)


@dataclass
class Everything:
    """One comparison of everything.

    Attributes:
        folder: where the command ran.
        made: its document.
        engines: the models by tier, with what they were asked.
    """

    folder: Path
    made: Any
    engines: dict[str, ScriptedEngine]


def compared(folder: Path, engines: dict[str, ScriptedEngine], sandbox: Any) -> Everything:
    """Compare everything on two questions, with a stand-in for the sandbox."""
    team = Team(**engines, cache=False)
    words = [f"--tier={name}=echo/any" for name in engines if name not in ("small", "large")]
    write_inputs(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_empty_pictures(patch)
        for place in ("resolve", "systems.make_cascade"):
            patch.setattr(f"cope.programs.{place}.open_sandbox", sandbox)
        give_team(patch, lambda options: team)
        return Everything(folder, told(*ALL, *words), engines)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """A pair that gives log-probabilities, and a sandbox."""
    folder = tmp_path_factory.mktemp("whole")
    return compared(folder, pair(even), lambda unsafe_code: ReadingSandbox())


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """Three models without log-probabilities, and no sandbox."""

    def no_sandbox(unsafe_code: bool) -> Any:
        raise CopeError("no sandbox is available here")

    engines = pair(None) | {"tiny": ScriptedEngine(small)}
    return compared(tmp_path_factory.mktemp("poor"), engines, no_sandbox)


@pytest.mark.slow
def test_everything_that_can_run_is_compared_and_the_rest_is_named(whole: Everything):
    made = whole.made
    compared, left_out = set(made["systems"]), made["left_out"]
    assert compared | set(left_out) == {*preset_names(), *SYSTEMS}, "nothing is skipped silently"
    assert not compared & set(left_out)
    assert {"cope", "cisc", "deepconf", "mot-vote", "mot-verify", "self-consistency"} <= compared
    assert {"program-of-thought", "program-of-thought-large"} <= compared
    assert "several small models" in left_out["abc"]
    assert "runs programs" in left_out["best-of-tests"]
    assert "cope train knn-router" in left_out["knn-router"]
    assert list(made["systems"])[:4] == ["cope", "answer-cascade", "small", "large"]


@pytest.mark.slow
def test_each_distinct_call_is_made_once(whole: Everything):
    for engine in whole.engines.values():
        asked = Counter(
            (str(r.system), r.messages[-1].parts[0].text, r.config.seed, r.config.temperature)
            for r in engine.requests
        )
        assert set(asked.values()) == {1}, "with log-probabilities or without"


@pytest.mark.slow
def test_a_model_without_log_probabilities_is_said(
    poor: Everything, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(poor.folder)
    made = poor.made
    assert "no log-probabilities" in made["left_out"]["cisc"]
    assert "no log-probabilities" in made["left_out"]["deepconf"]
    assert "self-consistency" in made["systems"] and "cisc" not in made["folders"]
    source = open_source(Path(made["folder"]))
    assert {system.name for system in source.systems} == set(made["systems"])
    assert source.skipped_presets == made["left_out"], "the report says so too"


@pytest.mark.slow
def test_more_small_tiers_are_compared_alone_and_by_abc(poor: Everything):
    assert {"abc", "tiny"} <= set(poor.made["systems"])
    assert poor.made["systems"]["abc"]["n"] == 2


@pytest.mark.slow
def test_a_missing_sandbox_is_said(poor: Everything):
    for name in ("mot-vote", "program-of-thought"):
        assert poor.made["left_out"][name] == "no sandbox is available here"


def test_a_named_system_that_cannot_run_is_an_error(here: None, monkeypatch: pytest.MonkeyPatch):
    team = Team(**pair(None), cache=False)
    give_team(monkeypatch, lambda options: team)
    result = cope(*COMPARE, "--limit", "2", "--presets", "all", "--systems", "abc")
    assert result.exit_code == 1 and "several small models" in result.stderr


def test_the_document_of_named_systems_has_no_new_key(here: None, monkeypatch: pytest.MonkeyPatch):
    team = Team(**pair(None), cache=False)
    give_team(monkeypatch, lambda options: team)
    made = told(*COMPARE, "--limit", "2", "--presets", "small,large")
    assert "left_out" not in made


def test_of_two_names_for_one_thing_the_one_that_says_how_comes_first():
    names = all_presets(Team(**pair(None)))
    assert names.index("best-of-tests") < names.index("self-consistency")


def test_two_names_for_the_same_calls_and_decisions_are_found():
    team = Team(**pair(None))

    def digest_of(name: str, domain: str) -> str:
        return decisions_digest(Cascade(name, team, domain=domain))

    assert digest_of("best-of-tests", "code") == digest_of("self-consistency", "code")
    assert digest_of("cisc", "short-answer") != digest_of("self-consistency", "short-answer")
    assert digest_of("large", "code") != digest_of("large-short", "code")

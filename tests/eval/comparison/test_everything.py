"""`--presets all`: every preset and system that can run, and what the others lack."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.commands import done, give_team
from support.compare_command import COMPARE, told, write_inputs
from support.pictures import write_empty_pictures
from support.thought_programs import ReadingSandbox, is_program_request

from cope import Team
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


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_inputs(tmp_path)
    write_empty_pictures(monkeypatch)
    place = "cope.programs.systems.mixture_of_thought.open_sandbox"
    monkeypatch.setattr(place, lambda unsafe_code: ReadingSandbox())
    return tmp_path


def compare_all(monkeypatch: pytest.MonkeyPatch, engines: dict[str, Any], *words: str) -> Any:
    team = Team(**engines, cache=False)
    give_team(monkeypatch, lambda options: team)
    command = (*COMPARE, "--limit", "2", "--early-stop", "none", "--presets", "all", *words)
    return told(*command)


def test_everything_that_can_run_is_compared_and_the_rest_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    made = compare_all(monkeypatch, pair(even))
    compared, left_out = set(made["systems"]), made["left_out"]
    assert compared | set(left_out) == {*preset_names(), *SYSTEMS}, "nothing is skipped silently"
    assert not compared & set(left_out)
    assert {"cope", "cisc", "deepconf", "mot-vote", "mot-verify", "self-consistency"} <= compared
    assert "several small models" in left_out["abc"]
    assert "runs programs" in left_out["best-of-tests"]
    assert "cope train knn-router" in left_out["knn-router"]
    assert list(made["systems"])[:4] == ["cope", "answer-cascade", "small", "large"]
    text = done(*COMPARE, "--limit", "2", "--early-stop", "none", "--presets", "all").stdout
    for name in left_out:
        assert f"left out: {name}: " in text
    source = open_source(Path(made["folder"]))
    assert source.skipped_presets == left_out, "the report says so too"


def test_each_distinct_call_is_made_once(here: Path, monkeypatch: pytest.MonkeyPatch):
    engines = pair(even)
    compare_all(monkeypatch, engines)
    for engine in engines.values():
        asked = Counter(
            (str(r.system), r.messages[-1].parts[0].text, r.config.seed, r.config.temperature)
            for r in engine.requests
        )
        assert set(asked.values()) == {1}, "with log-probabilities or without"


def test_a_model_without_log_probabilities_is_said(here: Path, monkeypatch: pytest.MonkeyPatch):
    made = compare_all(monkeypatch, pair(None))
    assert "no log-probabilities" in made["left_out"]["cisc"]
    assert "no log-probabilities" in made["left_out"]["deepconf"]
    assert "self-consistency" in made["systems"] and "cisc" not in made["folders"]
    source = open_source(Path(made["folder"]))
    assert {system.name for system in source.systems} == set(made["systems"])


def test_more_small_tiers_are_compared_alone_and_by_abc(
    here: Path, monkeypatch: pytest.MonkeyPatch
):
    engines = pair(even) | {"tiny": ScriptedEngine(small)}
    made = compare_all(monkeypatch, engines, "--tier", "tiny=echo/any")
    assert {"abc", "tiny"} <= set(made["systems"]) and made["systems"]["abc"]["n"] == 2


def test_a_missing_sandbox_is_said(here: Path, monkeypatch: pytest.MonkeyPatch):
    from cope import CopeError

    def none(unsafe_code: bool) -> Any:
        raise CopeError("no sandbox is available here")

    place = "cope.programs.systems.mixture_of_thought.open_sandbox"
    monkeypatch.setattr(place, none)
    made = compare_all(monkeypatch, pair(even))
    assert made["left_out"]["mot-vote"] == "no sandbox is available here"


def test_a_named_system_that_cannot_run_is_an_error(here: Path, monkeypatch: pytest.MonkeyPatch):
    from support.commands import cope

    team = Team(**pair(None), cache=False)
    give_team(monkeypatch, lambda options: team)
    result = cope(*COMPARE, "--limit", "2", "--presets", "all", "--systems", "abc")
    assert result.exit_code == 1 and "several small models" in result.stderr


def test_the_document_of_named_systems_has_no_new_key(here: Path, monkeypatch: pytest.MonkeyPatch):
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

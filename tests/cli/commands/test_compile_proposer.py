"""The model that proposes, as a user of `cope compile` meets it: its price, its memory, and what happens when it is not there."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.commands import give_team
from support.compile_command import USUAL, World, cope, error, made
from support.sweeps import mostly_slow

from cope import Cascade, CopeError, Team
from cope.cli import loading
from cope.models import Price
from cope.models.engines.embedded import EmbeddedEngine
from cope.optimize.compiler.proposer import make_proposer
from cope.optimize.compiler.text import _memory


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


@pytest.mark.parametrize("optimizer", ["copro", *mostly_slow(["gepa"])])
def test_a_proposer_that_is_not_there_is_one_line_and_no_gain_is_claimed(
    world: World, optimizer: str
) -> None:
    line = error("--optimizer", optimizer, "--reflection-lm", "local/nonsense")
    assert (
        "error: the proposer local/nonsense cannot be asked (" in line
        and "name another with --reflection-lm" in line
    )
    assert world.asked == 0 and not Path("jsonl-small.json").exists()
    script = world.engines[1].script

    def gone(messages: list[dict[str, str]], request: Any) -> str:
        if len(world.engines[1].requests) > 1:
            raise CopeError("the server went away")
        return str(script(messages, request))

    world.engines[1].script = gone
    result = cope(*USUAL, "--yes", "--optimizer", optimizer)
    assert (
        result.exit_code == 1
        and result.stdout == ""
        and "with --resume resumes it" in result.stderr
    )
    assert (
        result.stderr.count("error: ") == 1
        and "cannot be asked (the server went away)" in result.stderr
    )
    world.engines[1].script = script
    assert "after   " in made("--optimizer", optimizer, "--resume").stdout


@pytest.mark.slow
def test_the_proposer_has_a_price_of_its_own(world: World) -> None:
    world.settings["prices"] = {"small": Price(1, 2)}
    words = ("--optimizer", "copro", "--budget-usd", "1", "--price", "small=1/2")
    line = error(*words)
    assert (
        "needs prices: give --price proposer=IN/OUT, in USD per million tokens" in line
        and world.asked == 0
    )
    result = made(*words, "--price", "proposer=3/4")
    assert "money unknown" not in result.output and " of $1.00\n" in result.stderr
    assert "money unknown" in made("--optimizer", "copro", "--dry-run").stderr, (
        "the proposals have no price there"
    )
    tiers = ("--tier", "proposer=local/qwen2.5-coder-0.5b", "--price", "proposer=1/2")
    assert made(*tiers, "--dry-run").exit_code == 0, "a tier may have the name"


def test_an_embedded_proposer_is_brought_with_the_tiers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[list[str]] = []

    def load(team: Any, tiers: Any, extra_lms: Any) -> None:
        brought.append([*tiers, *(lm.model for lm in extra_lms)])
        raise CopeError("so far")

    give_team(monkeypatch, world.team, load_models=load)
    for words in (
        (),
        ("--optimizer", "gepa"),
        ("--optimizer", "gepa", "--reflection-lm", "local/qwen2.5-coder-1.5b"),
    ):
        assert error(*words) == "error: so far"
    assert brought[0] == ["small"] and brought[1] == ["small", "engine/ScriptedEngine-small"]
    assert brought[2] == ["small", "local/qwen2.5-coder-1.5b"]


@pytest.mark.parametrize(
    ("proposer", "preset", "context", "words"),
    [
        ("local/qwen2.5-coder-1.5b", "small", 2048, ", one more model in memory"),
        (
            "local/qwen2.5-coder-1.5b",
            "large",
            2048,
            ", in memory a second time for its long requests; with --context 8192 once",
        ),
        ("local/qwen2.5-coder-1.5b", "large", 8192, ""),
        (None, "cope", 8192, ""),
        ("openai/gpt-4o-mini", "small", 2048, ""),
    ],
)
def test_the_plan_says_what_the_proposer_takes(
    proposer: Any, preset: str, context: int, words: str
) -> None:
    program = Cascade(preset, Team(context=context))
    view: Any = SimpleNamespace(program=program, proposer=make_proposer(program.team, proposer))
    assert _memory(view) == words


def test_it_is_loaded_with_the_tiers_and_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A proposer with the engine of a tier is loaded with it; one that no engine of this process serves is not."""
    brought: list[str | None] = []

    def bring(engines: list[EmbeddedEngine], callbacks: object) -> dict[str, int]:
        brought.extend(engine.weights for engine in engines)
        return {}

    monkeypatch.setattr("cope.models.loading.download_weights", bring)
    monkeypatch.setattr(EmbeddedEngine, "load", lambda self: None)
    for context, models in ((2048, ["0.5b", "1.5b", "1.5b"]), (8192, ["0.5b", "1.5b"])):
        brought.clear()
        team = Team(context=context)
        loading.load_models(team, ["small", "large"], extra_lms=[make_proposer(team)])
        assert brought == [f"qwen2.5-coder-{model}" for model in models]
        assert capsys.readouterr().err.count("loading ") == len(models)
    team = Team()
    loading.load_models(team, ["small"], extra_lms=[make_proposer(team, "openai/gpt-4o-mini")])
    assert capsys.readouterr().err.count("loading ") == 1

"""An engine of another package, by the prefix of a model's name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dspy.lm15 import Request, Response

from cope import CopeError, Team
from cope.cli.main import app
from cope.models import team as team_module
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.engines.base import LocalEngine, response
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.model_list import ListedModel, ModelList
from cope.models.engines.registry import (
    ENGINES,
    EngineFactory,
    EngineSettings,
    default_concurrency,
    error_is_ours,
    is_local,
    name_forms,
)
from cope.models.team import DEFAULT_LARGE
from cope.models.weights.verify import Progress
from cope.optimize.compiler.proposer import make_proposer
from cope.util.check import Check


class ToyEngine(LocalEngine):
    """Answers every request with 42 once it is loaded."""

    in_process = True

    def __init__(self, model: str, slots: int = 1, context: int = 99) -> None:
        self.model, self.slots, self.context = model, slots, context
        self.loads = 0

    @property
    def name(self) -> str:
        return f"toy/{self.model}"

    def dump_state(self) -> dict[str, Any]:
        return {"model": self.model}

    def load(self) -> None:
        self.loads += 1

    async def agenerate(self, request: Request) -> Response:
        return response(request, "Answer: 42", finish="stop", prompt=3, completion=2)


class ToyFactory(EngineFactory):
    engine_path = f"{__name__}:ToyEngine"
    can_download = True

    def __init__(self) -> None:
        self.made: list[ToyEngine] = []

    def make(self, name: str, settings: EngineSettings) -> ToyEngine:
        engine = ToyEngine(name, settings.concurrency, settings.context)
        engine.host = self.cpu_shared_host(name)
        self.made.append(engine)
        return engine

    def default_concurrency(self, name: str) -> int:
        return 3

    def cpu_shared_host(self, name: str) -> str | None:
        return "http://127.0.0.1:5" if name.startswith("served") else None

    def download(self, name: str, progress: Progress) -> str:
        return f"/toys/{name}"

    def list_models(self) -> ModelList:
        return ModelList((ListedModel("toy/x", 1_000, "/toys/x"),), ["toy/x"], "one toy")

    def check(self, timeout: float) -> Check:
        return Check("toys", "ok", f"answers within {timeout:g} s")


@pytest.fixture
def toy() -> Iterator[ToyFactory]:
    factory = ToyFactory()
    ENGINES.register("toy", factory)
    yield factory
    ENGINES.unregister("toy")


def test_the_projects_own_engines_come_by_entry_points():
    assert list(ENGINES)[:2] == ["local", "ollama"]
    assert all(isinstance(ENGINES[prefix], EngineFactory) for prefix in ENGINES)


def test_a_tier_of_a_registered_engine(toy: ToyFactory):
    team = Team(small="toy/x", context=777)
    tier = team["small"]
    assert isinstance(tier.engine, ToyEngine)
    assert (tier.engine.model, tier.engine.slots, tier.engine.context) == ("x", 3, 777)
    assert (tier.model, tier.lm.model, tier.seeded, tier.context_tokens) == (
        "toy/x",
        "toy/x",
        True,
        777,
    )
    assert tier.lm.runtime.semaphore.size == 3
    assert Team(small="toy/x", limits={"small": 5})["small"].lm.runtime.semaphore.size == 5
    assert Team(large="openai/gpt-4o-mini")["large"].engine is None


def test_models_of_one_server_take_turns(toy: ToyFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(team_module, "has_gpu", lambda: False)
    shared, alone = Team("toy/served-1", "toy/served-2"), Team("toy/served-1", "toy/b")
    small, large = (shared[name].lm.runtime.scheduler for name in ("small", "large"))
    assert small is not None and small is large
    assert alone["small"].lm.runtime.scheduler is None


def test_the_registry_is_asked_by_whoever_knows_prefixes(toy: ToyFactory):
    assert is_local("toy/x") and not is_local("toys/x") and not is_local(ToyEngine("x"))
    assert error_is_ours("toy/x") and error_is_ours("engine/ScriptedEngine-small")
    assert not error_is_ours("openai/gpt-4o-mini")
    assert [default_concurrency(name) for name in ("toy/x", "ollama/m", "openai/m")] == [3, 8, 16]
    assert default_concurrency(DEFAULT_LARGE) == 4
    assert "toy/NAME" in name_forms()
    with pytest.raises(CopeError, match="as in local/x, ollama/x, toy/x or openai/x"):
        Team("x")


def test_a_proposer_of_a_registered_engine_is_local(toy: ToyFactory):
    proposer = make_proposer(Team("toy/x", "toy/y"), "toy/z")
    assert proposer.kwargs["max_tokens"] == 400
    assert toy.made[-1].context == 8192


def test_ask_with_a_registered_engine(toy: ToyFactory):
    command = ["ask", "What is 6 times 7?", "--preset", "small", "--small", "toy/x", "--no-cache"]
    result = CliRunner().invoke(app, [*command, "--large", "toy/y"])
    assert result.stdout == "42\n", result.stderr
    assert [(engine.model, engine.loads) for engine in toy.made] == [("x", 1), ("y", 0)]
    assert result.stderr.startswith("loading toy/x ... ")


def test_pull_with_a_registered_engine(toy: ToyFactory):
    result = CliRunner().invoke(app, ["models", "pull", "toy/x"])
    assert result.stdout == "toy/x: /toys/x\n", result.stderr
    refused = CliRunner().invoke(app, ["models", "pull", "openai/x"])
    assert "pull takes local/NAME and ollama/NAME and toy/NAME" in refused.stderr


def test_models_list_shows_a_registered_engine(toy: ToyFactory):
    result = CliRunner().invoke(app, ["models", "list"])
    assert result.exit_code == 0, result.stderr
    assert "toy/x" in result.stdout and "/toys/x\n" in result.stdout
    assert result.stderr.endswith("one toy\n")
    document = json.loads(CliRunner().invoke(app, ["models", "list", "--json"]).stdout)
    assert list(document) == ["local", "ollama", "toy", "pairs"] and document["toy"] == ["toy/x"]


def test_models_list_survives_an_engine_that_fails(
    toy: ToyFactory, monkeypatch: pytest.MonkeyPatch
):
    def fail() -> ModelList:
        raise CopeError("no toys today")

    monkeypatch.setattr(toy, "list_models", fail)
    result = CliRunner().invoke(app, ["models", "list"])
    assert result.exit_code == 0 and "local/smollm2-135m" in result.stdout
    assert "no toys today\n" in result.stderr


def test_doctor_checks_a_registered_engine(toy: ToyFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    document = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    found = {check["name"]: check for check in document["checks"]}
    assert found["toys"]["found"] == "answers within 1 s"
    assert list(found).index("toys") == list(found).index("ollama") + 1


def test_an_engine_without_a_download_says_so(toy: ToyFactory):
    toy.can_download = False
    result = CliRunner().invoke(app, ["models", "pull", "toy/x"])
    assert result.exit_code == 1
    assert "does not run on this machine: pull takes local/NAME and ollama/NAME" in result.stderr


def test_a_saved_engine_of_the_registry_is_imported(
    toy: ToyFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "their_toys.py").write_text(
        "from cope.models.engines.ollama import OllamaEngine\n\nclass Theirs(OllamaEngine): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    toy.engine_path = "their_toys:Theirs"
    state = {"module": "their_toys", "class": "Theirs", "model": "m"}
    assert type(AsyncEngineAdapter.load_state(state).engine).__name__ == "Theirs"


def test_what_is_no_factory_is_refused():
    with pytest.raises(TypeError, match="is no EngineFactory"):
        ENGINES._check(EmbeddedEngine)  # type: ignore[misc]

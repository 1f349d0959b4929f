"""`cope models` beside a stub of an Ollama server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.commands import done, give_team
from support.servers import LocalServer, serving

from cope import Team
from cope.cli.main import app
from cope.errors import Unavailable
from cope.models import ScriptedEngine
from cope.models.engines import ollama_server
from cope.models.weights.catalog import catalog
from cope.programs.options import TeamOptions


class Stub(BaseHTTPRequestHandler):
    """Has one model, can bring `new`, and loses the connection over `broken`."""

    def do_GET(self) -> None:
        answers = {
            "/api/version": {"version": "0.24.0"},
            "/api/tags": {"models": [{"name": "qwen2.5:3b", "size": 1_929_912_432}]},
        }
        self._send([answers[self.path]])

    def do_POST(self) -> None:
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        if name == "broken":
            self._send(
                [{"status": "pulling a", "digest": "a", "total": 100, "completed": 10}], cut=True
            )
        elif name != "new":
            self._send(
                [
                    {"status": "pulling manifest"},
                    {"error": "pull model manifest: file does not exist"},
                ]
            )
        else:
            done = [
                {"status": "pulling a", "digest": "a", "total": 3_000_000, "completed": n * 500_000}
                for n in range(7)
            ]
            more = [
                {"status": "pulling b", "digest": "b", "total": 1_000_000, "completed": n}
                for n in (0, 1_000_000)
            ]
            self._send([{"status": "pulling manifest"}, *done, *more, {"status": "success"}])

    def _send(self, lines: list[dict[str, object]], cut: bool = False) -> None:
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Content-Length", str(len(body) + 100 * cut))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with serving(LocalServer(("127.0.0.1", 0), Stub)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        monkeypatch.setenv("OLLAMA_HOST", address)
        yield address


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COPE_CACHE", str(tmp_path))
    monkeypatch.delenv("COPE_WEIGHTS", raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")  # nothing listens there
    return tmp_path


def test_list_shows_weights_and_the_server_s_models(host: str, cache: Path) -> None:
    entry = catalog()["smollm2-135m"]
    with (cache / entry.file).open("wb") as file:
        file.truncate(entry.size)
    result = CliRunner().invoke(app, ["models", "list"])
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert result.exit_code == 0 and result.stderr == ""
    assert (
        rows["local/smollm2-135m"].endswith(str(cache / entry.file))
        and "98.4 MB" in rows["local/smollm2-135m"]
    )
    assert rows["local/qwen2.5-coder-0.5b"].endswith(
        "no: cope models pull local/qwen2.5-coder-0.5b"
    )
    assert "1.9 GB" in rows["ollama/qwen2.5:3b"] and rows["ollama/qwen2.5:3b"].endswith(host)


def test_list_without_a_server_says_so_on_stderr_alone() -> None:
    result = CliRunner().invoke(app, ["models", "list"])
    models, _, _ = result.stdout.partition("pairs,")
    assert result.exit_code == 0 and "ollama/" not in models
    assert result.stderr == "no Ollama server answers at http://127.0.0.1:9\n"


def test_list_as_json_is_one_document(host: str) -> None:
    document = json.loads(CliRunner().invoke(app, ["models", "list", "--json"]).stdout)
    assert document["ollama"] == {
        "host": host,
        "models": [{"name": "ollama/qwen2.5:3b", "size": 1_929_912_432}],
    }
    assert {w["name"]: w["file"] for w in document["local"]}["local/smollm2-135m"] is None


def test_pull_makes_the_server_fetch_a_model_and_shows_all_layers_as_one(host: str) -> None:
    seen: list[tuple[int, int, str]] = []
    ollama_server.pull("new", host, lambda *step: seen.append(step))
    assert seen[0] == (0, 3_000_000, "Ollama, layer 1") and seen[-1] == (
        4_000_000,
        4_000_000,
        "Ollama, layer 2",
    )
    result = CliRunner().invoke(app, ["models", "pull", "ollama/new"])
    assert (result.exit_code, result.stdout) == (0, f"ollama/new: on the server at {host}\n")
    assert (
        "new: 0% of 3.0 MB, Ollama, layer 1" in result.stderr and "100% of 4.0 MB" in result.stderr
    )


def test_pull_brings_weights_by_name_alias_or_the_default_pair(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def bring(name: str, progress: object) -> Path:
        asked.append(name)
        return Path("/cache", name)

    monkeypatch.setattr("cope.models.engines.factories.resolve_weights", bring)
    result = CliRunner().invoke(app, ["models", "pull", "local/tiny", "smollm2-135m"])
    assert (result.exit_code, asked) == (0, ["tiny", "smollm2-135m"])
    assert result.stdout == "local/tiny: /cache/tiny\nsmollm2-135m: /cache/smollm2-135m\n"
    assert CliRunner().invoke(app, ["models", "pull"]).exit_code == 0
    assert asked[2:] == ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("local/qwen9", "no weights are called 'qwen9'"),
        ("openai/gpt-4o", "does not run on this machine"),
        ("ollama/", "needs a model's name"),
        ("ollama/x@nowhere", "write NAME@http://host:port"),
        ("ollama/x", "no answer from Ollama at http://127.0.0.1:9: start it with `ollama serve`"),
        ("nothing.gguf", "there is no file"),
    ],
)
def test_what_a_user_can_get_wrong(name: str, said: str) -> None:
    result = CliRunner().invoke(app, ["models", "pull", name])
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        said in result.stderr
        and result.stderr.startswith("error: ")
        and result.stderr.count("\n") == 1
    )


def test_a_name_that_ollama_s_library_has_not_is_one_line(host: str) -> None:
    result = CliRunner().invoke(app, ["models", "pull", f"ollama/nothing@{host}"])
    assert result.exit_code == 1
    assert (
        result.stderr.startswith("error: Ollama's library has no model 'nothing'")
        and result.stderr.count("\n") == 1
    )


def test_a_connection_that_breaks_can_go_on(host: str) -> None:
    with pytest.raises(Unavailable, match="the same command resumes the download"):
        ollama_server.pull("broken", host, lambda *_: None)


@pytest.mark.parametrize(
    ("words", "models"),
    [
        (["--pair", "general"], ("local/qwen2.5-0.5b", "local/qwen2.5-1.5b")),
        (["--pair", "general", "--large", "openai/x"], ("local/qwen2.5-0.5b", "openai/x")),
        ([], ("local/qwen2.5-coder-0.5b", "local/qwen2.5-coder-1.5b")),
    ],
)
def test_a_pair_sets_both_tiers_unless_one_is_named(
    words: list[str], models: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[TeamOptions] = []

    def make_team(options: TeamOptions) -> Team:
        given.append(options)
        return Team(*(ScriptedEngine(lambda *_: "Answer: 42") for _ in models), cache=False)

    give_team(monkeypatch, make_team)
    done("ask", "What is 6 times 7?", "--preset", "small", *words)
    assert [(options.small, options.large) for options in given] == [models]


def test_an_unknown_pair_names_the_nearest() -> None:
    result = CliRunner().invoke(app, ["ask", "What?", "--pair", "genral"])
    assert result.exit_code == 1
    assert "no pair is named 'genral': did you mean general?" in result.stderr

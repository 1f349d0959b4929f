"""Every command and every snippet of the README runs, with scripted models in place of real ones."""

import contextlib
import glob
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import commands
from support.commands import give_team
from support.hub_datasets import give_dataset
from support.pictures import leave_pages_without_pictures

from cope.cli import loading
from cope.models import Price
from cope.models.engines import ollama_server
from cope.models.weights import resolve
from cope.programs import Cascade
from cope.programs.options import TeamOptions
from cope.tracking import server

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.strip()
]
SETUP = "pip install uv && uv run "
DATA = {
    "google-research-datasets/mbpp": [
        {
            "task_id": 1,
            "text": "Is it even?",
            "code": "def is_even(n): return n % 2 == 0",
            "test_setup_code": "",
            "test_list": [
                "assert is_even(4) == True",
                "assert is_even(3) == False",
                "assert is_even(0) == True",
            ],
        }
    ],
    "openai/openai_humaneval": [
        {
            "task_id": "H/0",
            "prompt": 'def is_even(n):\n    """Is it even?"""\n',
            "canonical_solution": "    return n % 2 == 0\n",
            "entry_point": "is_even",
            "test": "def check(candidate):\n    assert candidate(4) and not candidate(3)",
        }
    ],
}
CODE = {"code", "mbpp", "humaneval"}
DATA["SaylorTwift/bbh"] = [{"input": "What is 6 times 7?", "target": "42"}]
SHORT = [
    {"question": "What is 6 times 7?", "problem": "What is 6 times 7?", "answer": "42", "level": 1}
]
TRAINING = [{"question": f"What is 6 times 7? Ask {n}.", "answer": "42"} for n in range(16)]
PROGRAM = "def is_even(n):\n    return n % 2 == 0"


class Served:
    """Stands for MLflow's server, ended by Ctrl-C at once."""

    address = "http://127.0.0.1:5000"

    def wait_until_ready(self) -> None: ...

    def run_until_interrupted(self) -> None: ...


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Path:
    """A folder with the files that the README names, and scripted models behind every model's name."""
    made: list[Any] = []

    def make_team(given: TeamOptions) -> Any:
        made.append(given)
        prices = {"small": Price(1, 1), "large": Price(1, 1)}
        return scripted(reply, prices=prices).team

    def reply(ask: Any) -> str:
        if ask.role == "plan":
            return "multiply"
        return f"```python\n{PROGRAM}\n```" if "Python program" in ask.system else "so\nAnswer: 42"

    def load_dataset(name: str, config: str | None, split: str) -> list[dict[str, Any]]:
        return TRAINING if split == "train" else DATA.get(name, SHORT)

    give_team(monkeypatch, make_team, load_models=loading.load_models)
    monkeypatch.setattr("cope.models.loading.download_weights", lambda engines, callbacks: [])
    monkeypatch.setattr(ollama_server, "pull", lambda name, host, bar: None)
    monkeypatch.setattr(resolve, "resolve_weights", lambda name, progress: Path("model.gguf"))
    give_dataset(monkeypatch, load_dataset)
    leave_pages_without_pictures(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.toml").write_text(next(text for kind, text in BLOCKS if kind == "toml"))
    (tmp_path / "my.jsonl").write_text('{"question": "What is 6 times 7?", "answer": "42"}\n')
    Cascade("small", scripted(reply).team).save(tmp_path / "mine.json")
    return tmp_path


def run(command: str) -> Any:
    words = shlex.split(command.removeprefix(SETUP))
    assert words[0] == "cope", f"the README has a command that no test runs: {command}"
    if CODE.intersection(words):  # the tests of the sandbox have one; this machine may not
        words.append("--unsafe-code")
    return commands.cope(*words[1:])


def test_the_two_commands_come_first():
    assert COMMANDS[0].startswith(f"{SETUP}cope ask ")
    assert COMMANDS[1] == "uv run pytest"


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if " ask " in c or c.startswith("cope models")]
)
def test_commands_that_ask_and_list(command: str, here: Path):
    result = run(command)
    assert result.exit_code == 0, result.output
    if " ask " in command:
        assert result.stdout.strip() == (PROGRAM if "--task code" in command else "42")


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("cope eval")])
def test_commands_that_measure(command: str, here: Path):
    if "--replay" in command:
        for first in (c for c in COMMANDS if c.startswith("cope record")):
            assert run(first).exit_code == 0
    result = run(f"{command} --no-track")
    assert result.exit_code == 0, result.output
    assert "accuracy 100.0%" in result.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("cope compare")])
def test_commands_that_compare(command: str, here: Path):
    if "--replay" in command:
        for first in (c for c in COMMANDS if c.startswith("cope record")):
            assert run(first).exit_code == 0
    result = run(f"{command} --no-track")
    assert result.exit_code == 0, result.output
    assert "cope and large: open, 0.0 points" in result.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("cope report")])
def test_commands_that_report(command: str, here: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("click.launch", lambda address: 0)
    first = (
        "cope eval gsm8k --limit 40 --preset cope"
        if ".cope/eval" in command
        else "cope record gsm8k"
    )
    # MLflow keeps one store for a relative address, so an evaluation tracks nothing here.
    untracked = " --no-track" if first.startswith("cope eval") else ""
    made = run(next(c for c in COMMANDS if c.startswith(first)) + untracked)
    assert made.exit_code == 0, made.output
    words = [
        found for word in command.split() for found in (glob.glob(word) or [word])
    ]  # as a shell would
    result = run(shlex.join([*words, "--no-track"]))
    assert result.exit_code == 0, result.output
    pages = [path for path in here.rglob("*.html") if "<!doctype html>" in path.read_text().lower()]
    assert len(pages) == 1


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("cope compile")])
def test_commands_that_compile(command: str, here: Path):
    (here / "mine.json").unlink()  # a first compile
    result = run(f"{command} --no-track --train 8 --val 8")  # the last one counts
    assert result.exit_code == 0, result.output
    assert "estimate" in result.stderr
    if "--dry-run" not in command:
        assert (
            "after   100.0%" in result.stdout and '"compiled"' in (here / "mine.json").read_text()
        )
        assert "--force" in run(f"{command} --seed 1 --no-track --train 8 --val 8").stderr, (
            "another compile keeps off"
        )


@pytest.mark.parametrize(
    "command", [c for c in COMMANDS if c.startswith(("cope show", "cope diff"))]
)
def test_commands_that_read_programs(command: str, here: Path):
    result = run(command)
    assert result.exit_code == 0, result.output
    assert "goal" in result.stdout


def test_the_page_on_the_runs(here: Path, monkeypatch: pytest.MonkeyPatch):
    @contextlib.contextmanager
    def start_server(uri: str, port: int) -> Iterator[Served]:
        assert (uri, port) == ("sqlite:///mlflow.db", 5000)
        yield Served()

    monkeypatch.setattr(server, "start_server", start_server)
    (here / "mlflow.db").write_text("")
    result = run("cope ui")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == "http://127.0.0.1:5000"


def test_the_doctor_answers(here: Path):
    result = run("cope doctor")
    assert result.exit_code in (0, 1), "1 says that something for the default pair is missing here"
    assert "Ollama" in result.output


def test_no_command_is_left_out():
    covered = [
        c
        for c in COMMANDS
        if " ask " in c
        or c.startswith(
            (
                "cope models",
                "cope eval",
                "cope compile",
                "cope record",
                "cope compare",
                "cope report",
                "cope show",
                "cope diff",
            )
        )
    ]
    assert set(COMMANDS) - set(covered) == {"uv run pytest", "cope ui", "cope doctor"}


@pytest.mark.parametrize("snippet", [text for kind, text in BLOCKS if kind == "python"])
def test_snippets_run(
    snippet: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    scripted: Any,
):
    import cope

    real = cope.Team

    def team(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        solution = "so\nTeam: billing" if "signature=" in snippet else "so\nAnswer: 3"
        return scripted(lambda ask: "add" if ask.role == "plan" else solution).team

    monkeypatch.setattr(cope, "Team", team, raising=False)
    exec(compile(snippet, "README.md", "exec"), {})
    if "signature=" in snippet:
        assert capsys.readouterr().out == "billing\n"
        return
    # A round stops as soon as its votes are decided, so that the last ones may not be counted.
    assert re.match(r"3 (0\.75|0\.875|1\.0) 1 add", capsys.readouterr().out)
    assert (here / "program.json").exists()


def test_the_users_own_rounds_are_a_valid_preset(here: Path):
    from cope import load_preset

    assert [r.reasoner for r in load_preset("my.toml").rounds] == ["small", "large"]

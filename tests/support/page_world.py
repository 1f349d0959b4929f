"""A folder where the commands and the Python of a page run, with scripted models in place of real ones."""

import contextlib
import glob
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import cope
from cope.cli import loading
from cope.models import Price, ScriptedEngine
from cope.models.engines import ollama_server
from cope.models.weights import resolve
from cope.programs import Cascade
from support import commands
from support.commands import give_team
from support.documentation import DOCS
from support.every_test import Ask
from support.hub_datasets import give_dataset
from support.pages import Snippet, check_options, shows_a_form, words_of
from support.pictures import leave_pages_without_pictures

KEEP_RUNNING = {"mcp", "serve", "ui"}
CODE = {"code", "mbpp", "humaneval"}
TRACKED = {"eval", "compare", "compile", "report"}
PROGRAM = "def is_even(n):\n    return n % 2 == 0"
MBPP = {
    "task_id": 1,
    "text": "Is it even?",
    "code": "def is_even(n): return n % 2 == 0",
    "test_setup_code": "",
    "test_list": [f"assert is_even({n}) == {n % 2 == 0}" for n in (4, 3, 0)],
}
HUMANEVAL = {
    "task_id": "H/0",
    "prompt": 'def is_even(n):\n    """Is it even?"""\n',
    "canonical_solution": "    return n % 2 == 0\n",
    "entry_point": "is_even",
    "test": "def check(candidate):\n    assert candidate(4) and not candidate(3)",
}
HUB = {
    "google-research-datasets/mbpp": [MBPP],
    "openai/openai_humaneval": [HUMANEVAL],
    "SaylorTwift/bbh": [{"input": "What is 6 times 7?", "target": "42"}],
    "HuggingFaceH4/mt_bench_prompts": [
        {"prompt_id": n, "prompt": [f"Write line {n}.", "Again."], "category": "writing"}
        for n in range(12)
    ],
    "cais/mmlu": [{"question": "What is 6 times 7?", "choices": ["42", "43"], "answer": 0}],
}
SUM = {"question": "What is 6 times 7?", "answer": "42"}
SUMS = [SUM | {"question": f"What is 6 times 7? Ask {n}.", "document": n % 2} for n in range(40)]
TICKETS = [{"text": "I was charged twice.", "customer": "a", "team": "billing"}]
REQUESTS = [{"id": str(n), "turns": [f"Write line {n}.", "Again."]} for n in range(3)]
LABELS = [{"question": "q", "answer": f"a{n}", "label": "yes no".split()[n % 2]} for n in range(20)]
SAMPLES = [
    {
        "id": str(n),
        "question": f"What is 6 times 7? Ask {n}.",
        "gold": "42",
        "samples": {
            "gpt-3.5-turbo-0613": [{"answer": "42" if n % 3 else str(i)} for i in range(4)],
            "gpt-4-1106-preview": [{"answer": "42"}],
        },
    }
    for n in range(30)
]
TABLES = {
    "my.jsonl": [SUM],
    "mine.jsonl": SUMS[:8],
    "questions.jsonl": SUMS[:3],
    "requests.jsonl": REQUESTS,
    "labels.jsonl": LABELS,
    "gsm8k.jsonl": SAMPLES,
}
"""Files of a reader of the pages, which the pages only name."""


def reply(ask: Ask) -> str:
    """Return what a scripted model says."""
    if ask.role == "plan":
        return "multiply"
    if "one code block" in ask.system:
        return f"```python\n{PROGRAM}\n```"
    if "Team:" in ask.system:
        return "so\nTeam: billing"
    numbers = re.findall(r"\b\d{5}\b", ask.user)
    if numbers:  # the large model reads the message, the small one takes any number
        number = numbers[0] if len(set(numbers)) == 1 else numbers[(ask.seed or 0) % len(numbers)]
        return f"so\nAnswer: {number}"
    if "Write line" in ask.user:
        return f"Line {(ask.seed or 3) % 7}."
    return "so\nAnswer: A" if "A. " in ask.user else "so\nAnswer: 42"


def verdict(messages: Any, request: Any) -> str:
    """Return what the judge says: the greater reply is better, and every answer is right."""
    shown = messages[-1]["content"]
    if "First: " not in shown:
        return "yes"
    first, second = shown.partition("First: ")[2].split("\n\nSecond: ")
    if first == second:
        return "tie"
    return "first" if first > second else "second"


def make_team(*args: Any, **kwargs: Any) -> Any:
    """Return a team of scripted models, whatever their names."""

    def engine(tier: str) -> ScriptedEngine:
        return ScriptedEngine(
            lambda messages, request: reply(Ask.of(tier, request)), logprobs=lambda _: [-0.5] * 3
        )

    prices = {tier: Price(1, 1) for tier in ("small", "large", "judge")}
    models = {"small": engine("small"), "large": engine("large"), "judge": ScriptedEngine(verdict)}
    return cope.models.Team(**models, cache=False, prices=prices)


class PageWorld:
    """Runs the snippets of a page in order, in the working folder."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def run(self, snippet: Snippet) -> None:
        """Write a snippet that has a file's name, and run commands and other Python."""
        if snippet.file:
            Path(snippet.file).write_text(snippet.text, encoding="utf-8")
        if snippet.language == "python" and snippet.runs and ">>>" not in snippet.text:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(snippet.text, "a page", "exec"), self.names)
        for command in snippet.commands:
            runs = snippet.runs and not shows_a_form(command)
            if runs and words_of(command)[0] not in KEEP_RUNNING:
                result = self.command(command)
                first = words_of(command)[0]
                assert result.exit_code == 0 or first == "doctor", f"{command}\n{result.output}"

    def command(self, command: str) -> Result:
        """Run a command as a shell would, without tracking."""
        check_options(command)
        words = []
        for word in words_of(command):
            words += glob.glob(word) or [word]
        first = words[0]
        if CODE.intersection(words):  # the tests of the sandbox have one; this machine may not
            words.append("--unsafe-code")
        if first in TRACKED and "--no-track" not in words:
            words.append("--no-track")
        if first == "compile":
            words += ["--train", "8", "--val", "8"]
            Path("mine.json").unlink(missing_ok=True)  # a first compile
        typed = Path("questions.txt").read_text() if "-" in words else None
        return commands.cope(*words, typed=typed)


def enter_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> PageWorld:
    """Make the folder with its files, let all models be scripted, and go there."""

    def load_dataset(name: str, config: str | None, split: str) -> list[dict[str, Any]]:
        rows = [row | {"problem": row["question"], "level": 1} for row in SUMS]
        return HUB.get(name, rows if split == "train" else rows[:6])

    give_team(monkeypatch, lambda options: make_team(), load_models=loading.load_models)
    monkeypatch.setattr("cope.models.loading.download_weights", lambda engines, callbacks: {})
    monkeypatch.setattr(ollama_server, "pull", lambda name, host, bar: None)
    monkeypatch.setattr(resolve, "resolve_weights", lambda name, progress: Path("model.gguf"))
    monkeypatch.setattr("cope.serve.access.user_data_dir", lambda name: str(folder))
    monkeypatch.setattr("click.launch", lambda address: 0)
    monkeypatch.setattr(cope, "Team", make_team, raising=False)
    give_dataset(monkeypatch, load_dataset)
    leave_pages_without_pictures(monkeypatch)
    monkeypatch.chdir(folder)
    shutil.copytree(DOCS / "tutorial", folder / "docs" / "tutorial")
    for name, rows in TABLES.items():
        Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    theirs = Path("gsm8k.jsonl").read_text().replace("gpt-3.5-turbo-0613", "model-a")
    Path("theirs.jsonl").write_text(theirs.replace("gpt-4-1106-preview", "model-b"))
    lines = [",".join(row.values()) for row in TICKETS]
    Path("tickets.csv").write_text("\n".join([",".join(TICKETS[0]), *lines, ""]))
    Path("questions.txt").write_text("What is 6 times 7?\n")
    Path("criteria.txt").write_text("Be brief.")
    for name in ("mine.json", "theirs.json"):
        Cascade("small", make_team()).save(name)
    return PageWorld()

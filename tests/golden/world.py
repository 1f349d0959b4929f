"""Hold a working folder in which every command of `cope` runs with scripted models.

This is the only file of the golden tests that knows the package's insides: where the command line
is, and where its commands take their models from. The tests beside compare files and documents.
"""

import hashlib
import json
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from support.pictures import leave_pages_without_pictures

from cope import Team
from cope.cli.context import AppContext
from cope.cli.main import app
from cope.models import Price, ScriptedEngine
from cope.programs.options import TeamOptions
from cope.programs.resolve import resolve_team

FILES = Path(__file__).parent / "files"
HERE = FILES / "here"
"""The working folder as yesterday's commands left it; the state that they keep is in `state`."""
DOCUMENTS = FILES / "documents"
"""What each command printed, by the name of its step."""
INPUTS = ("q.jsonl", "many.jsonl", "parts.jsonl", "samples.jsonl", "my.toml")
NOT_KEPT = ("*.png", "*.svg", "*.html", "lock", "optimizer.log", "left", "cache")
STATE = ".cope"

PROPOSAL = "Double it, carefully.\nProposed prefix for output field: Answer"
OF_THE_USER = ("COPE_WEIGHTS", "OLLAMA_API_KEY", "OPENAI_API_KEY", "MLFLOW_TRACKING_URI")
NOBODY = "127.0.0.1:9"
"""No server of Ollama's answers there."""

ON_Q = "--data q.jsonl --no-track"
WHOLE = f"{ON_Q} --early-stop none"
"""All samples are asked: which ones a stop leaves out, the clock decides."""
COMPILE = "compile jsonl --data parts.jsonl --no-track --yes --resume --preset small --optimizer"
LEFT = "--runs left"
"""A folder of runs that is not among the golden files."""
STOPPED = "eval-stopped"
"""Some of its calls are stopped on their way; which ones, the clock decides."""
RESUMED = {
    "eval-large": f"eval jsonl {WHOLE} --preset large",
    STOPPED: f"eval jsonl {ON_Q} --preset answer-cascade --samples 2",
    "eval": f"eval jsonl {WHOLE} --preset cope --samples 2 --limit 3",
    "compare": f"compare jsonl {WHOLE} --presets answer-cascade,large --samples 2 --group book",
    "record": "record jsonl --data q.jsonl --limit 2 --samples 2 --group book",
    "eval-chosen": f"eval jsonl {ON_Q} --preset my.toml --calibration chosen.json",
    "compile": f"{COMPILE} bootstrap-few-shot -o shots.json",
    "compile-copro": f"{COMPILE} copro --objective pareto -o words.json",
    "eval-program": f"eval jsonl {WHOLE} --program shots.json",
}
"""Commands that keep what they do in a folder, and go on from there."""
ASKED = {
    "ask": "ask 'What is 3 + 3?' --samples 3 --early-stop none",
    "ask-voting": "ask 'What is 3 + 3?' --early-stop none --program voting.json",
    "eval-my": f"eval jsonl {WHOLE} {LEFT} --preset my.toml",
    "record-many": f"record jsonl --data many.jsonl {LEFT} --preset my.toml -o many.parquet",
    "compile-knn": f"{COMPILE} knn-few-shot {LEFT} -o knn.json",
    "compile-ensemble": f"{COMPILE} ensemble --demos 1 {LEFT} -o voting.json",
    "compile-dry": f"{COMPILE} labeled-few-shot --dry-run {LEFT}",
    "eval-knn": f"eval jsonl {WHOLE} {LEFT} --program knn.json",
    "eval-voting": f"eval jsonl {WHOLE} {LEFT} --program voting.json",
}
"""Commands that ask models, and of which no folder is kept here."""
READ = {
    "replay": "eval --replay jsonl-cope.parquet --no-track",
    "replay-set": "eval --replay jsonl-cope.parquet --thresholds 0.4,0.4 --no-track",
    "replay-imported": "eval --replay samples.parquet --no-track",
    "replay-chosen": "eval --replay many.parquet --calibration chosen.json --no-track",
    "compare-replay": "compare --replay jsonl-cope.parquet --no-track",
    "report-record": "report jsonl-cope.parquet -o page.html --no-track",
    "report-run": "report RUN -o page.html --no-track",
    "report-comparison": "report COMPARISON -o page.html --no-track",
    "import": "import samples.jsonl --small s --large l --group topic",
    "calibrate": "calibrate many.parquet --harm 0.3 --delta 0.4 -o chosen.json",
    "calibrate-imported": "calibrate samples.parquet --harm 0.2 --sequence split --risk-report "
    "--stop-report",
    "show": "show shots.json",
    "show-knn": "show knn.json",
    "show-voting": "show voting.json",
    "show-preset": "show cope",
    "show-own": "show my.toml",
    "diff": "diff shots.json knn.json",
    "diff-preset": "diff small words.json",
    "models": "models list",
    "doctor": "doctor",
}
"""Commands that ask no model."""
STEPS = {**RESUMED, **ASKED, **READ}
MAKERS = ("record-many", "calibrate", "import", "compile-knn", "compile-ensemble")
FIRST = (*MAKERS, *RESUMED)
"""What writes the files that other steps read, in an order that works."""
ORDER = tuple(dict.fromkeys((*FIRST, *STEPS)))


def write_inputs(folder: Path) -> None:
    """Write the questions, the published samples and the preset that the commands read."""
    rows = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(60)]
    books = [{**row, "book": number // 2} for number, row in enumerate(rows[:4])]
    parts = [{**row, "split": _split(number)} for number, row in enumerate(rows[:12])]
    samples = [_published(number) for number in range(24)]
    _write_lines(folder / "q.jsonl", books)
    _write_lines(folder / "many.jsonl", rows[:20])
    _write_lines(folder / "parts.jsonl", parts)
    _write_lines(folder / "samples.jsonl", samples)
    first = '[[rounds]]\nreasoner = "small"\nsamples = 2\ntemperature = 0.8\nthreshold = 0.75\n'
    (folder / "my.toml").write_text(f'name = "my"\n\n{first}\n[[rounds]]\nreasoner = "large"\n')


def _split(number: int) -> str:
    if number < 4:
        return "train"
    return "validation" if number < 8 else "test"


def _published(number: int) -> dict[str, Any]:
    """Make a question as others publish it: three samples of one model, one of another."""
    small = [{"answer": str(7 + _drawn("s", number, k) % 3 // 2), "tokens": 20} for k in range(3)]
    large = [{"answer": "7" if _drawn("l", number) % 10 else "0", "tokens": 30}]
    samples = {"s": small, "l": large}
    question = f"Question {number}?"
    topic = f"t{number // 2}"
    return {
        "id": f"q{number}",
        "question": question,
        "gold": "7",
        "topic": topic,
        "samples": samples,
    }


def _write_lines(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _drawn(*parts: Any) -> int:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16)


def misled(messages: list[dict[str, str]]) -> str:
    """Be wrong on one question in four, and by the demonstration on which: only votes are right."""
    numbers = [int(found) for found in re.findall(r"What is (\d+) \+", str(messages))]
    wrong = numbers[0] % 4 == numbers[-1] % 4 and numbers[-1] >= 4
    return f"Doubling.\nAnswer: {2 * numbers[-1] + wrong}"


def said(tier: str, messages: list[dict[str, str]], seed: int | None) -> str:
    """Say what a tier's model says: right with care or demonstrations, else often enough."""
    system, last = messages[0]["content"], messages[-1]["content"]
    found = re.search(r"What is (\d+) \+", last.split("\n")[0])
    if found is None:
        return PROPOSAL
    number = int(found[1])
    drawn = _drawn(tier, number, seed)
    if "Answer:" not in system:
        return f"Plan {drawn % 3}."
    helped = "carefully" in system or any(message["role"] == "assistant" for message in messages)
    right = helped or (drawn % 5 > 0 if tier == "large" else drawn % 2 > 0)
    return f"Doubling.\nAnswer: {2 * number if right else number + 1 + drawn % 2}"


class Model(ScriptedEngine):
    """A scripted model with a name that no file of the package's decides."""

    def __init__(self, script: Any, tier: str, delay: Any) -> None:
        super().__init__(script, delay)
        self.tier = tier

    @property
    def name(self) -> str:
        """The name that files and documents have of it."""
        return f"golden/{self.tier}"


class World:
    """The scripted models of one test.

    Args:
        answering: whether they answer; else a request to them fails.

    Attributes:
        loaded: the tiers whose models commands loaded.
    """

    def __init__(self, answering: bool) -> None:
        self.answering = answering
        self.slow = self.misled = False
        self.loaded: list[str] = []
        self.engines = [self._engine("small"), self._engine("large")]

    def _engine(self, tier: str) -> ScriptedEngine:
        def script(messages: list[dict[str, str]], request: Any) -> str:
            if not self.answering:
                raise AssertionError(f"{tier} is asked what yesterday's files answer")
            if self.misled:
                return misled(messages)
            return said(tier, messages, request.config.seed)

        return Model(script, tier, self._delay)

    def _delay(self, request: Any) -> float:
        """Let every second reply come late, where some are to be stopped on their way."""
        return 0.1 if self.slow and self.asked % 2 == 0 else 0.0

    def team(self, given: TeamOptions) -> Team:
        """Make the team; the options must be understood all the same."""
        resolve_team(given)
        return Team(*self.engines, cache=False, prices={"large": Price(1, 2)})

    @property
    def asked(self) -> int:
        """Count the requests that reached a model."""
        return sum(len(engine.requests) for engine in self.engines)

    def load(self, team: Team, tiers: Iterable[str], **options: Any) -> None:
        """Note the tiers whose models a command loads."""
        self.loaded += tiers

    def run(self, step: str) -> dict[str, Any]:
        """Run a step's command, and read the document that it prints."""
        self.slow = step == STOPPED
        self.misled = step == "compile-ensemble"
        words = [_found(word) for word in shlex.split(STEPS[step])]
        context = AppContext(make_team=self.team, load_models=self.load)
        result = CliRunner().invoke(app, [*words, "--json"], obj=context)
        fine = (0, 1) if step == "doctor" else (0,)
        assert result.exit_code in fine, f"{step}: {result.output} {result.exception!r}"
        return json.loads(result.stdout)


def _found(word: str) -> str:
    """Put a kept folder's path, which ends in a digest, for the word that stands for it."""
    places = {"RUN": "eval/jsonl-cope-*", "COMPARISON": "compare/jsonl-*"}
    if word not in places:
        return word
    (folder,) = Path(STATE).glob(places[word])
    return str(folder)


@contextmanager
def opened(folder: Path, answering: bool = True) -> Iterator[World]:
    """Work in a folder, with scripted models behind every name and nothing of the user's."""
    world = World(answering)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COPE_CACHE", str(folder / "cache"))
        patch.setenv("OLLAMA_HOST", NOBODY)
        for name in OF_THE_USER:
            patch.delenv(name, raising=False)
        leave_pages_without_pictures(patch)
        yield world


def copy_yesterday(folder: Path) -> None:
    """Copy the working folder that yesterday's commands left."""
    shutil.copytree(HERE, folder, dirs_exist_ok=True)
    (folder / "state").rename(folder / STATE)


def golden(step: str) -> dict[str, Any]:
    """Read what a step's command printed yesterday; a comparison's is in its folder."""
    if step == "compare":
        (file,) = HERE.glob("state/compare/*/comparison.json")
        return json.loads(file.read_text(encoding="utf-8"))
    return json.loads((DOCUMENTS / f"{step}.json").read_text(encoding="utf-8"))


def write_document(step: str, document: dict[str, Any]) -> None:
    """Keep what a step's command printed, without what `cope doctor` says of this machine."""
    if step == "doctor":
        for check in document["checks"]:
            check.update(status="ok", found="", advice="")
    lines = []
    for name, value in document.items():
        lines.append(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (DOCUMENTS / f"{step}.json").write_text(text, encoding="utf-8")


def keep(folder: Path) -> None:
    """Copy what a folder holds to the golden files."""
    shutil.copytree(folder, HERE, ignore=shutil.ignore_patterns(*NOT_KEPT))
    (HERE / STATE).rename(HERE / "state")

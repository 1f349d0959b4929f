"""A folder with questions and scripted models, in which the whole command `cope compile` runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cope import Team
from cope.models import ScriptedEngine
from support.commands import cope as cope, give_team
from support.compile_world import LIMITS

PROPOSAL = "Double it, carefully.\nProposed prefix for output field: Answer"
USUAL = tuple(
    "compile jsonl --data q.jsonl --preset small --optimizer bootstrap-few-shot --no-track".split()
)


def double(tier: str) -> Callable[..., str]:
    """Right where there are demonstrations or care, else on every third number; the careful large tier writes more."""

    def reply(messages: list[dict[str, str]], request: Any) -> str:
        system, last = messages[0]["content"], messages[-1]["content"]
        if "What is " not in last.split("\n")[0]:
            return PROPOSAL
        number = int(last.split("What is ")[1].split()[0])
        careful = "carefully" in system
        right = careful or number % 3 == 0 or any(m["role"] == "assistant" for m in messages)
        steps = "One by one, and then once more. " * 5 if careful else "Doubling."
        return f"{steps}\nAnswer: {2 * number if right else number + 1}"

    return reply


class World:
    """A folder with questions, and scripted models behind every name.

    `q.jsonl` has 16 questions; those of `parts.jsonl` name their splits: 6 for training, 5 for validation, 5 for a test.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engines = [ScriptedEngine(double(tier)) for tier in ("small", "large")]
        self.settings: dict[str, Any] = {"cache": False, "limits": LIMITS}
        monkeypatch.chdir(folder)
        give_team(monkeypatch, self.team)
        rows = [{"question": f"What is {n} + {n}?", "answer": str(2 * n)} for n in range(16)]
        write("q.jsonl", rows)
        for number, row in enumerate(rows):
            row["split"] = "train" if number < 6 else "validation" if number < 11 else "test"
        write("parts.jsonl", rows)

    def team(self, given: Any) -> Team:
        return Team(*self.engines, **self.settings)

    @property
    def asked(self) -> int:
        return sum(len(engine.requests) for engine in self.engines)

    def questions(self) -> set[int]:
        """The numbers that models were asked about."""
        texts = [
            str(message)
            for engine in self.engines
            for r in engine.requests
            for message in r.messages
        ]
        return {
            number for number in range(24) if any(f"What is {number} +" in text for text in texts)
        }


def write(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def made(*words: str) -> Result:
    """A compile that goes well."""
    result = cope(*USUAL, "--yes", *words)
    assert result.exit_code == 0, result.output
    return result


def error(*words: str) -> str:
    """The line of a compile that cannot work."""
    result = cope(*USUAL, "--yes", *words)
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert (result.exit_code, len(lines)) == (1, 1), result.output
    return lines[0]

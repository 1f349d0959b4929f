"""Models of runs over tables."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dspy.lm15 import ContextLengthError

from cope import Cascade, Team
from cope.batch.job import TableJob, TableReport, answer_table
from cope.batch.options import TableOptions
from cope.batch.tables import file_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price, ScriptedEngine
from cope.util.table_files import read_rows

PRICE = Price(1, 2)


class Answering:
    """A cascade whose answer to `What is N?` is N; it fails on the numbers in `failing`.

    Attributes:
        asked: the questions in order.
    """

    def __init__(self, preset: str = "small", price: Price | None = PRICE, **options: Any) -> None:
        self.asked: list[str] = []
        self.failing: set[str] = set()
        self.reply: Callable[[str], str] = lambda question: question.split()[2].rstrip("?")
        engine = ScriptedEngine(self._answer)
        prices = {"large": Price(10, 20)}
        if price:
            prices["small"] = price
        team = Team(engine, engine, cache=False, prices=prices)
        self.cascade = Cascade(preset, team, answer_kind="text", **options)

    def _answer(self, messages: list[dict[str, str]], request: Any) -> str:
        question = messages[-1]["content"].splitlines()[0].removeprefix("Question:").strip()
        self.asked.append(question)
        if any(f"What is {number}?" in question for number in self.failing):
            raise ContextLengthError("the prompt does not fit")
        return f"so\nAnswer: {self.reply(question)}"


TEXT = ColumnMapping(question="text")


class World:
    """A table in a folder, and the runs over it.

    Attributes:
        models: the cascade and what it was asked.
        output: the file of the answers.
    """

    def __init__(self, folder: Path, models: Any, rows: list[dict[str, str]]) -> None:
        self.models, self.input, self.output = models, folder / "in.jsonl", folder / "out.jsonl"
        self.write(rows)

    def write(self, rows: list[dict[str, str]]) -> None:
        self.input.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def job(self, **options: Any) -> TableJob:
        options = {"output": self.output, "mapping": TEXT} | options
        kind = options.pop("kind", "text")
        return TableJob(file_table(self.input), self.models.cascade, TableOptions(**options), kind)

    def run(self, **options: Any) -> TableReport:
        return answer_table(self.job(**options))

    def column(self, name: str) -> list[Any]:
        return [row.get(name) for _, row in read_rows(self.output)]

    def asked(self) -> list[str]:
        """Return what was asked since the last time."""
        asked, self.models.asked = self.models.asked, []
        return asked

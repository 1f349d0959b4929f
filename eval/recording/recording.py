"""A record in memory: questions, rounds, and arrays by question and sample."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import CopeError, known_names
from ...programs.preset import Preset, parse_preset
from ...util.arrays import Array
from .round import RecordedRound
from .sample_table import SampleTable
from .schema import SHARED_PLAN, RecordingManifest, read_recording


class Recording:
    """All samples of every round of some programs on some questions.

    Args:
        manifest: what they come from.
        table: the rows, in the columns of `record_schema.COLUMNS`.
        name: what messages call it.

    Attributes:
        preset: the record's own program's rounds.
        rounds: its rounds.

    Raises:
        CopeError: when it is empty, or a question has not all its rows.

    >>> record = Recording.open("gsm8k-cope.parquet")  # doctest: +SKIP
    >>> record.rounds[0].right.mean(axis=0)  # how often each sample of round 1 is right  # doctest: +SKIP
    """

    def __init__(
        self, manifest: RecordingManifest, table: pa.Table, name: str = "the record"
    ) -> None:
        self.manifest, self.table, self.name = manifest, table, name
        if not table.num_rows:
            raise CopeError(f"{name} has no questions: record some with `cope record`")
        self._samples = SampleTable(table, manifest.seed)
        self.keys = self._samples.keys
        self._programs = {
            entry["name"]: self._read(entry["name"], entry["preset"]) for entry in manifest.programs
        }
        self.preset: Preset = parse_preset(manifest.programs[0]["preset"], name)
        self.rounds: tuple[RecordedRound, ...] = self._programs[manifest.programs[0]["name"]]

    @classmethod
    def open(cls, path: str | Path) -> "Recording":
        """Read a file that `cope record` or `cope import` wrote.

        Raises:
            CopeError: when there is none, or it is no whole record.
        """
        manifest, table = read_recording(path)
        return cls(manifest, table, str(path))

    def with_primary(self, name: str) -> "Recording":
        """The same record with another of its programs as its own: what a calibration sets, what a report puts first.

        Raises:
            CopeError: when it holds no program of this name.
        """
        if name not in self._programs:
            raise CopeError(
                f"{self.name} holds no rounds of {name!r}: {known_names(name, self._programs)}"
            )
        ranked = sorted(self.manifest.programs, key=lambda entry: entry["name"] != name)
        return Recording(replace(self.manifest, programs=ranked), self.table, self.name)

    def __len__(self) -> int:
        """How many questions."""
        return len(self.keys)

    @property
    def seed(self) -> int:
        return self.manifest.seed

    @property
    def domain(self) -> str:
        return self.manifest.domain

    @property
    def models(self) -> dict[str, str]:
        """Each tier's model."""
        return self.manifest.models

    @property
    def is_imported(self) -> bool:
        """Whether the samples are somebody else's, whose prompts are not known."""
        return self.manifest.source == "imported"

    @property
    def programs(self) -> dict[str, tuple[RecordedRound, ...]]:
        """The rounds of every program that was recorded, by name, the record's own first."""
        return self._programs

    @cached_property
    def ids(self) -> list[str]:
        return list(self._samples.of_questions("id"))

    @property
    def questions(self) -> list[str]:
        return self._samples.questions

    @cached_property
    def gold(self) -> list[str | None]:
        """The right answers; None where none is known."""
        return list(self._samples.of_questions("gold"))

    @cached_property
    def has_answer(self) -> Array:
        """(questions,) of bool: a right answer is known; the scores of the others are NaN."""
        return self._samples.of_questions("gold") != None  # noqa: E711

    def require_answers(self, what: str, instead: str) -> None:
        """Refuse what needs right answers on a record that lacks some.

        Args:
            what: needs them, in words.
            instead: what the user can do.

        Raises:
            CopeError: when some question has none.
        """
        if lacking := int((~self.has_answer).sum()):
            raise CopeError(
                f"{lacking} of {len(self)} questions of {self.name} have no right answer, which {what} needs: {instead}"
            )

    @cached_property
    def groups(self) -> list[str | None]:
        """Questions with the same value belong together; None where none were named."""
        return list(self._samples.of_questions("group"))

    @property
    def group_by_key(self) -> dict[str, str] | None:
        """By a question's key its group, one of its own where none was named; None where no question has a group."""
        if all(group is None for group in self.groups):
            return None
        pairs = zip(self.keys, self.groups, strict=True)
        return {
            key: f"question {key}" if group is None else f"group {group}" for key, group in pairs
        }

    @cached_property
    def ambiguous_votes(self) -> Array:
        """(questions,) of bool: votes there are equal to a third one and not to each other, so that a live run may count
        them in another way, by which comes in first."""
        return self._samples.of_questions("vote_doubtful") == 1

    def column(self, name: str) -> Array:
        """Return a column of the table: text as objects, numbers as floats with NaN where there is none."""
        return self._samples.column(name)

    def rows(self, question: int) -> list[dict[str, Any]]:
        """Return all rows of the question at a position, as plain data."""
        return self._samples.rows(question)

    def _read(self, program: str, preset: dict[str, Any]) -> tuple[RecordedRound, ...]:
        return tuple(self._rounds(program, parse_preset(preset, self.name)))

    def _rounds(self, program: str, preset: Preset) -> Iterator[RecordedRound]:
        mine = self.column("preset") == program
        rounds, samples = self.column("round"), self.column("sample")
        for number, spec in enumerate(preset.rounds, 1):
            here = mine & (rounds == number)
            alone = spec.planner is not None and spec.plans == 1
            rows = np.full((len(self), spec.samples + alone), -1)
            places = np.flatnonzero(here)
            columns = samples[places].astype(int) - (
                SHARED_PLAN if alone else 0
            )  # the shared plan comes first
            if columns.size and not 0 <= columns.min() <= columns.max() < rows.shape[1]:
                raise CopeError(
                    f"{self.name} is damaged: round {number} of {program} has samples that it cannot have"
                )
            rows[self._samples.question[places], columns] = places
            if lacking := np.flatnonzero((rows < 0).any(axis=1)).size:
                raise CopeError(
                    f"{self.name} is damaged: {lacking} questions lack samples of round {number} of {program}"
                )
            shared = rows[:, 0] if alone else None
            yield RecordedRound(self._samples, program, number, spec, rows[:, int(alone) :], shared)

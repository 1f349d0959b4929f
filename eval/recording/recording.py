"""A recording in memory: questions, rounds, and arrays by question and sample."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import CopeError, suggest_names
from ...programs.preset import Preset, parse_preset
from ...programs.preset_round import Round
from ...util.arguments import check_argument
from ...util.arrays import Array
from ...util.json_text import parse_json
from ...util.validate import check_type
from .parquet_file import read_recording
from .right_wrong import NO_QUESTIONS, OUTCOMES_ONLY
from .round import RecordedRound
from .sample_table import SampleTable
from .schema import SHARED_PLAN, RecordingManifest


class Recording:
    """All samples of every round of some programs on some questions.

    Args:
        manifest: where the rows come from.
        table: the rows, in the columns of `schema.COLUMNS`.
        name: the recording's name in messages.

    Attributes:
        preset: the preset of the recording's own program.
        rounds: the rounds of that program.

    Raises:
        CopeError: when the recording is empty, or rows of a question are missing.

    >>> recording = Recording.open("gsm8k-cope.parquet")  # doctest: +SKIP
    >>> recording.rounds[0].right.mean(axis=0)  # accuracy of each sample  # doctest: +SKIP
    """

    def __init__(
        self, manifest: RecordingManifest, table: pa.Table, name: str = "the record"
    ) -> None:
        self.manifest, self.table, self.name = manifest, table, name
        if not table.num_rows:
            raise CopeError(f"{name} has no questions: record some with `cope record`")
        self._samples = SampleTable(table, manifest.seed)
        self.keys = self._samples.keys
        self._programs: dict[str, tuple[RecordedRound, ...]] = {}
        for entry in manifest.programs:
            preset = parse_preset(entry["preset"], name)
            self._programs[entry["name"]] = self._rounds(entry["name"], preset)
        self.preset: Preset = parse_preset(manifest.programs[0]["preset"], name)
        self.rounds: tuple[RecordedRound, ...] = self._programs[manifest.programs[0]["name"]]

    @classmethod
    def open(cls, path: str | Path) -> "Recording":
        """Read a file that `cope record` or `cope import` wrote.

        Raises:
            CopeError: when there is no such file, or it is not a complete recording.
        """
        check_argument("a recording", path, (str, Path), "the path of a file of `cope record`")
        manifest, table = read_recording(path)
        return cls(manifest, table, str(path))

    def with_primary(self, name: str) -> "Recording":
        """Return the same recording with another of its programs as its own.

        A calibration sets the thresholds of the recording's own program, and a report shows that
        program first.

        Raises:
            CopeError: when the recording holds no program of this name.
        """
        if name not in self._programs:
            raise CopeError(
                f"{self.name} holds no rounds of {name!r}: {suggest_names(name, self._programs)}"
            )
        programs = sorted(self.manifest.programs, key=lambda entry: entry["name"] != name)
        return Recording(replace(self.manifest, programs=programs), self.table, self.name)

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.keys)

    @property
    def seed(self) -> int:
        """The seed of the order of samples."""
        return self.manifest.seed

    @property
    def domain(self) -> str:
        """The domain of the questions."""
        return self.manifest.domain

    @property
    def models(self) -> dict[str, str]:
        """The model of each tier."""
        return self.manifest.models

    @property
    def is_imported(self) -> bool:
        """Whether the samples come from another source, whose prompts are unknown."""
        return self.manifest.source == "imported"

    @property
    def tells_outcomes_only(self) -> bool:
        """Whether only right or wrong is known of each answer, see `right_wrong`."""
        return bool(self.manifest.settings.get(OUTCOMES_ONLY))

    @property
    def has_question_texts(self) -> bool:
        """Whether the texts of the questions are known."""
        return not self.manifest.settings.get(NO_QUESTIONS)

    @property
    def programs(self) -> dict[str, tuple[RecordedRound, ...]]:
        """The rounds of every recorded program by name, the recording's own program first."""
        return self._programs

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the questions."""
        return list(self._samples.of_questions("id"))

    @property
    def questions(self) -> list[str]:
        """The texts of the questions."""
        return self._samples.questions

    @cached_property
    def gold(self) -> list[str | None]:
        """The right answers; None is unknown."""
        return list(self._samples.of_questions("gold"))

    @cached_property
    def has_answer(self) -> Array:
        """(questions,) of bool: whether a right answer is known; other questions have score NaN."""
        return self._samples.of_questions("gold") != None  # noqa: E711

    def require_answers(self, what: str, instead: str) -> None:
        """Raise an error when a question has no right answer.

        Args:
            what: needs right answers, as the message names it.
            instead: what the user can do.

        Raises:
            CopeError: when a question has no right answer.
        """
        missing = int((~self.has_answer).sum())
        if missing:
            raise CopeError(
                f"{missing} of {len(self)} questions of {self.name} have no right answer, "
                f"which {what} needs: {instead}"
            )

    @cached_property
    def groups(self) -> list[str | None]:
        """The group of each question; None for a question without one."""
        return list(self._samples.of_questions("group"))

    @cached_property
    def fields(self) -> list[dict[str, str]]:
        """The short fields of each question's row; empty where the record keeps none.

        Raises:
            CopeError: when they are damaged.
        """
        return [self._parse_fields(text) for text in self._samples.of_questions("fields")]

    def _parse_fields(self, text: str | None) -> dict[str, str]:
        if text is None:
            return {}
        try:
            fields: dict[str, str] = parse_json(text)
            check_type(dict[str, str], fields)
        except ValueError as error:
            raise CopeError(
                f"{self.name} is damaged: the fields of a question are no JSON object of texts: "
                f"{error}"
            ) from None
        return fields

    @property
    def group_by_key(self) -> dict[str, str] | None:
        """The group of each question by its key; None where no question has a group.

        A question without a group is a group of its own.
        """
        if all(group is None for group in self.groups):
            return None
        groups = {}
        for key, group in zip(self.keys, self.groups, strict=True):
            groups[key] = f"question {key}" if group is None else f"group {group}"
        return groups

    @cached_property
    def ambiguous_votes(self) -> Array:
        """(questions,) of bool: whether equality of the votes is not transitive.

        Some votes are equal to a third one and not to each other, so a live run may group them
        differently depending on which arrives first.
        """
        return self._samples.of_questions("vote_doubtful") == 1

    def column(self, name: str) -> Array:
        """Return a column of the table: text as objects, numbers as floats; NaN is unknown."""
        return self._samples.column(name)

    def rows(self, question: int) -> list[dict[str, Any]]:
        """Return all rows of the question at a position, as plain data."""
        return self._samples.rows(question)

    def _rounds(self, program: str, preset: Preset) -> tuple[RecordedRound, ...]:
        rounds = []
        for number, spec in enumerate(preset.rounds, 1):
            rounds.append(self._round(program, number, spec))
        return tuple(rounds)

    def _round(self, program: str, number: int, spec: Round) -> RecordedRound:
        """Return the positions of a round's rows, as arrays by question and sample.

        Raises:
            CopeError: when rows are missing, or there are rows of other samples.
        """
        is_shared = spec.planner is not None and spec.plans == 1
        in_round = (self.column("preset") == program) & (self.column("round") == number)
        positions = np.flatnonzero(in_round)
        columns = self.column("sample")[positions].astype(int)
        width = spec.samples
        if is_shared:  # the row of the shared plan comes first
            columns = columns - SHARED_PLAN
            width += 1
        if columns.size and not 0 <= columns.min() <= columns.max() < width:
            raise CopeError(
                f"{self.name} is damaged: round {number} of {program} has samples that it "
                "cannot have"
            )
        rows = np.full((len(self), width), -1)
        rows[self._samples.question[positions], columns] = positions
        incomplete = np.flatnonzero((rows < 0).any(axis=1)).size
        if incomplete:
            raise CopeError(
                f"{self.name} is damaged: {incomplete} questions lack samples of round {number} "
                f"of {program}"
            )
        if is_shared:
            return RecordedRound(self._samples, program, number, spec, rows[:, 1:], rows[:, 0])
        return RecordedRound(self._samples, program, number, spec, rows, None)

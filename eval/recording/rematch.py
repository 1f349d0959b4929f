"""Compare the answers of a recording by another kind: its votes and scores are found again."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import dspy
import pyarrow as pa

from ...answers.kinds.registry import ANSWER_KINDS
from ...errors import CopeError
from ...programs.domains.registry import domain_by_name
from ..tasks.base import ShortAnswerTask
from .question_rows import Row, number_votes, score_answers
from .recording import Recording


def open_recording(
    path: str | Path, match: str | None = None, task: str | None = None
) -> Recording:
    """Read a recording, and compare its answers by the kind that the user names.

    Args:
        path: the file.
        match: a name in `ANSWER_KINDS`; None keeps the kind of the recording.
        task: the task that it must be of; None for any.

    Raises:
        CopeError: when there is no such file or kind, the answers are programs, or the recording is
            of another task.
    """
    recording = Recording.open(path)
    if task not in (None, recording.manifest.task):
        raise CopeError(f"{recording.name} is a record of {recording.manifest.task}, not of {task}")
    if match is None or match == recording.manifest.kind_of_answers:
        return recording
    return with_answer_kind(recording, match)


def with_answer_kind(recording: Recording, name: str) -> Recording:
    """Return a recording whose votes and scores are those of another kind of answers.

    The replies are not kept, so the kind reads the answers that the recording's own kind read.

    Raises:
        CopeError: when there is no such kind, or the answers are programs.
    """
    _ = domain_by_name(recording.domain).with_answer_kind(name)
    task = ShortAnswerTask(recording.manifest.task, answer_kind=name)
    rows = asyncio.run(_compared_anew(recording.table.to_pylist(), task, name))
    table = pa.Table.from_pylist(rows, recording.table.schema)
    manifest = replace(recording.manifest, answer_kind=name)
    return Recording(manifest, table, recording.name)


async def _compared_anew(rows: Iterable[Row], task: ShortAnswerTask, name: str) -> list[Row]:
    answers = ANSWER_KINDS.by_name(name)
    compared: list[Row] = []
    for _, of_question in groupby(rows, key=lambda row: row["key"]):
        members = list(of_question)
        for row in members:
            if row["answer"] is not None:
                row["answer"] = answers.parse(row["answer"])
        await number_votes(members, answers)
        example = dspy.Example(question=members[0]["question"], answer=members[0]["gold"])
        await score_answers(task, example, members)
        compared += members
    return compared

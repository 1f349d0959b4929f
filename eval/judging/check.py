"""Measure a judge against human labels, before anybody trusts it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import CopeError
from ...programs.judge import Judge
from ...stats.agreement import Agreement, agreement
from ...util.text import plural, shorten
from ..tasks.data import load_rows
from .session import judging_ledger

MIN_LABELS = 20
"""Fewest labels for which an agreement is reported."""

_YES = frozenset({"yes", "y", "true", "1", "1.0", "good", "correct", "pass"})
_NO = frozenset({"no", "n", "false", "0", "0.0", "bad", "incorrect", "wrong", "fail"})
_FIELDS = (("question",), ("answer",), ("label",))


@dataclass(frozen=True)
class LabeledAnswer:
    """An answer that a person has judged."""

    question: str
    answer: str
    label: bool
    reference: str | None = None


@dataclass(frozen=True)
class JudgeCheck:
    """A judge measured against labels.

    Attributes:
        labels: number of labels.
        unread: verdicts that could not be read; they count in no other number.
        agreement: agreement with the labels.
        yes_labels: share of the labels that are yes.
        yes_verdicts: share of the verdicts that are yes.
    """

    labels: int
    unread: int
    agreement: Agreement
    yes_labels: float
    yes_verdicts: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "labels": self.labels,
            "unread": self.unread,
            "agreement": self.agreement.as_dict(),
            "yes_labels": self.yes_labels,
            "yes_verdicts": self.yes_verdicts,
        }

    def lines(self) -> list[str]:
        """Return the check as lines of text."""
        share, kappa = self.agreement.share, self.agreement.kappa
        lines = [
            f"agreement {share.value:.0%} (95% interval {share.low:.0%} to {share.high:.0%}) on "
            f"{plural(self.agreement.items, 'verdict')}; {self.unread} unread"
        ]
        if np.isfinite(kappa.value):
            lines.append(
                f"Cohen's kappa {kappa.value:.2f} (95% interval {kappa.low:.2f} to "
                f"{kappa.high:.2f}); 0 is the agreement of chance"
            )
        else:
            lines.append("Cohen's kappa is not defined, because all labels and verdicts are equal")
        lines.append(
            f"yes: {self.yes_labels:.0%} of the labels, {self.yes_verdicts:.0%} of the judge"
        )
        return lines


def read_labels(data: str) -> list[LabeledAnswer]:
    """Return the labeled answers of a table with question, answer, label and maybe reference.

    Raises:
        CopeError: when it cannot be read, a label is neither yes nor no, or there are too few.
    """
    rows = load_rows(data, "test", _FIELDS, _label_error)
    if len(rows) < MIN_LABELS:
        raise CopeError(
            f"{data} has {plural(len(rows), 'label')}, and a judge is measured against at least "
            f"{MIN_LABELS}: label more answers"
        )
    labeled: list[LabeledAnswer] = []
    for row in rows:
        reference = row.get("reference")
        labeled.append(
            LabeledAnswer(
                str(row["question"]),
                str(row["answer"]),
                bool(_read_label(row["label"])),
                None if reference is None else str(reference),
            )
        )
    return labeled


def _label_error(row: Mapping[str, Any]) -> str | None:
    if _read_label(row["label"]) is None:
        return f"its label {shorten(str(row['label']), 40)!r} is neither yes nor no"
    return None


def _read_label(value: object) -> bool | None:
    text = str(value).strip().lower()
    if text in _YES:
        return True
    return False if text in _NO else None


def check_judge(judge: Judge, labeled: Sequence[LabeledAnswer], folder: Path) -> JudgeCheck:
    """Judge labeled answers, with the calls in a folder, and compare verdicts and labels.

    Raises:
        CopeError: when no verdict could be read.
    """

    async def verdicts() -> list[bool | None]:
        return await asyncio.gather(
            *(judge.meets(one.question, one.reference, one.answer) for one in labeled)
        )

    with judging_ledger(folder):
        found = asyncio.run(verdicts())
    read = [index for index, verdict in enumerate(found) if verdict is not None]
    if not read:
        raise CopeError(f"none of {len(found)} verdicts of {judge.model} could be read")
    said = np.array([bool(found[index]) for index in read])
    labels = np.array([labeled[index].label for index in read])
    return JudgeCheck(
        labels=len(labeled),
        unread=len(found) - len(read),
        agreement=agreement(labels, said),
        yes_labels=float(labels.mean()),
        yes_verdicts=float(said.mean()),
    )

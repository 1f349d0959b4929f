"""What a report is made of: systems, each with its rounds and a record for each question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ...eval.run.store import Record
from ...eval.run.summary import Summary, summarise
from ...programs.domains.registry import domain_by_name
from ...programs.preset import Round
from ...stats.measures import LARGE, largest_tier

Sample = dict[str, Any]
SamplesByPool = dict[int, list[Sample]]
"""A question's samples by pool: what a round drew, which several systems may share."""


@dataclass(frozen=True)
class RoundView:
    """One round of a system, as far as it is known.

    Attributes:
        number: from 1.
        reasoner: the tier that solves; None where nothing tells.
        planner: the tier that plans; None in a round without a plan.
        samples: how many solutions are drawn.
        threshold: the confidence that is enough; None in a round whose answer is returned.
        pool: under which number `Source.drawn` gives the round's samples; None where no source has them.
        plan: what the planner writes.
        plans: how many plans.
    """

    number: int
    reasoner: str | None
    planner: str | None = None
    samples: int = 1
    threshold: float | None = None
    pool: int | None = None
    plan: str | None = None
    plans: int = 1

    @classmethod
    def from_spec(cls, number: int, spec: Round, pool: int | None) -> "RoundView":
        return cls(
            number,
            spec.reasoner,
            spec.planner,
            spec.samples,
            spec.threshold,
            pool,
            spec.plan,
            spec.plans,
        )

    @property
    def description(self) -> str:
        """Who does what, in a line.

        >>> RoundView(1, "small", samples=8).description
        'small solves 8 times'
        """
        if self.reasoner is None:
            return "nobody was asked"
        times = "once" if self.samples == 1 else f"{self.samples} times"
        solves = f"{self.reasoner} solves {times}"
        if self.planner is None:
            return solves
        kind = f"{self.plan} plan" if self.plan else "plan"
        return f"{self.planner} writes {f'{self.plans} {kind}s' if self.plans > 1 else f'a {kind}'}, {solves}"


@dataclass(frozen=True)
class ReportSystem:
    """A preset, program or run on some questions.

    Attributes:
        name: what it is called.
        rounds: its rounds.
        records: of the questions whose outcome is known, and of those on which a model failed.
        right: by question and round, whether the round's own answer is right; None where nothing tells.
        unknown: how many questions need calls that a record does not hold, by what is lacking.
        unreplayable_at: by question, the round whose calls are lacking.
        stopped_early: whether sampling stopped when a vote was decided, so that shares of votes are what was counted until then.
        is_primary: whether it is what the source was made with, rather than what stands beside it.
    """

    name: str
    rounds: tuple[RoundView, ...]
    records: list[Record]
    right: Mapping[tuple[str, int], bool | None]
    unknown: Mapping[str, int] = field(default_factory=dict)
    unreplayable_at: Mapping[str, int] = field(default_factory=dict)
    stopped_early: bool = False
    is_primary: bool = True

    @cached_property
    def summary(self) -> Summary:
        """The figures of `cope eval`'s table."""
        return summarise(self.records, len(self.rounds))

    @cached_property
    def by_key(self) -> dict[str, Record]:
        return {record.key: record for record in self.records}


@dataclass(frozen=True)
class SweepPoint:
    """The record's own program with other thresholds.

    Attributes:
        thresholds: for the gates in order.
        accuracy: mean score.
        costs: mean over the questions by measure, None where it is not known.
    """

    thresholds: tuple[float, ...]
    accuracy: float
    costs: Mapping[str, float | None]


@dataclass(frozen=True)
class ReportSource:
    """A run, a record or a comparison, read.

    Attributes:
        kind: which of them.
        path: the file or folder.
        task: the task's name.
        domain: the kind of questions: `short-answer` or `code`.
        answer_kind: how answers are compared; None is the domain's kind.
        models: each tier's model.
        systems: what is compared, the source's own first.
        samples_of: every sample of a question, by its key.
        metadata: what else is worth telling, by label.
        sweep: the own program at other thresholds.
        swept_system: its name.
        skipped_presets: presets that cannot be replayed, with the reason.
        groups: by a question's key, what it belongs to; None where questions stand alone.
        mlflow_run: the run under which the source was tracked.
        mlflow_store: the store that holds it, where the source tells.
    """

    kind: Literal["run", "record", "comparison"]
    path: Path
    task: str
    domain: str
    models: Mapping[str, str]
    systems: tuple[ReportSystem, ...]
    samples_of: Callable[[str], SamplesByPool]
    metadata: Mapping[str, str] = field(default_factory=dict)
    sweep: tuple[SweepPoint, ...] = ()
    swept_system: str = ""
    skipped_presets: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] | None = None
    mlflow_run: str | None = None
    mlflow_store: str | None = None
    answer_kind: str | None = None

    @property
    def same_answer(self) -> Callable[[str, str], bool | None] | None:
        """What compares two answers at once, see `Domain.same_answer`."""
        return domain_by_name(self.domain).with_answer_kind(self.answer_kind).same_answer

    @cached_property
    def questions(self) -> dict[str, Record]:
        """Every question by its key, in the order of the systems' records."""
        found: dict[str, Record] = {}
        for system in self.systems:
            for record in system.records:
                found.setdefault(record.key, record)
        return found

    @property
    def top(self) -> str:
        """The tier that counts as the large one."""
        asked = [r.reasoner for system in self.systems for r in system.rounds if r.reasoner]
        return largest_tier([*self.models, *asked])

    @cached_property
    def large(self) -> ReportSystem | None:
        """The large model alone, where it is among the systems."""
        return next((system for system in self.systems if system.name == LARGE), None)

"""The content of a report: systems with their rounds and a record for each question."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any, Literal

from ...eval.comparison.compare import DEFAULT_MARGIN
from ...eval.run.repeats import Repeats
from ...eval.run.store import QuestionResult
from ...eval.run.summary import Summary, summarize
from ...models import Call
from ...models.exchange import Exchange
from ...programs.domains.registry import domain_by_name
from ...programs.preset_round import Round
from ...programs.systems.stage import Stage
from ...stats.tiers import last_tier_of, tier_order

Sample = dict[str, Any]
SamplesByPool = dict[int, list[Sample]]
"""A question's samples by pool. A pool holds the samples of one round, which systems may share."""
Calls = Sequence[tuple[Call, Exchange]]
"""Calls with what was sent and replied."""


def is_right(score: float | None) -> bool | None:
    """Return whether an answer with this score is right; None if the score is unknown or NaN."""
    if score is None or isnan(score):
        return None
    return bool(score >= 1.0)


def run_facts(settings: Mapping[str, Any], programs: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return facts on the data and the programs of runs or of a recording, by label.

    Args:
        settings: of the first run, or of the recording.
        programs: metadata of runs or programs; `program_file` names a program's file.
    """
    facts: dict[str, str] = {}
    for label, name in (("split", "split"), ("data", "data"), ("tests", "shown")):
        if settings.get(name):
            facts[label] = str(settings[name])
    files = [str(program["program_file"]) for program in programs if program.get("program_file")]
    if files:
        facts["program"] = ", ".join(dict.fromkeys(files))
    return facts


@dataclass(frozen=True)
class RoundView:
    """One round of a system, as far as it is known.

    Attributes:
        number: from 1.
        reasoner: the tier that solves; None if unknown.
        planner: the tier that plans; None in a round without a plan.
        samples: how many solutions are drawn.
        threshold: the confidence that is enough; None if the answer is always accepted.
        pool: the key of the round's samples in the result of `ReportSource.samples_of`; None if no
            source has them.
        plan: the kind of plan that the planner writes.
        plans: the number of plans.
        label: which tier does what, in the words of a system that is no cascade.
    """

    number: int
    reasoner: str | None
    planner: str | None = None
    samples: int = 1
    threshold: float | None = None
    pool: int | None = None
    plan: str | None = None
    plans: int = 1
    label: str = ""

    @classmethod
    def from_spec(cls, number: int, spec: Round, pool: int | None) -> "RoundView":
        """Return a round of a preset."""
        return cls(
            number=number,
            reasoner=spec.reasoner,
            planner=spec.planner,
            samples=spec.samples,
            threshold=spec.threshold,
            pool=pool,
            plan=spec.plan,
            plans=spec.plans,
        )

    @classmethod
    def from_stage(cls, stage: Stage, pool: int | None) -> "RoundView":
        """Return a stage of a system that is no cascade; its last tier is taken as the reasoner."""
        return cls(
            stage.number,
            next(reversed(stage.tiers), None),
            samples=stage.samples,
            threshold=stage.threshold,
            pool=pool,
            label=stage.label,
        )

    @property
    def description(self) -> str:
        """A line about which tier does what.

        >>> RoundView(1, "small", samples=8).description
        'small solves 8 times'
        """
        if self.label:
            return self.label
        if self.reasoner is None:
            return "nobody was asked"
        solves = f"{self.reasoner} solves once"
        if self.samples != 1:
            solves = f"{self.reasoner} solves {self.samples} times"
        if self.planner is None:
            return solves
        kind = f"{self.plan or ''} plan".strip()
        plans = f"a {kind}"
        if self.plans > 1:
            plans = f"{self.plans} {kind}s"
        return f"{self.planner} writes {plans}, {solves}"


@dataclass(frozen=True)
class ReportSystem:
    """A preset, program or run on some questions.

    Attributes:
        name: its name in the report.
        rounds: its rounds.
        records: those of the questions whose outcome is known or on which a model failed.
        is_right: by question and round, whether the round's answer is right; None if unknown.
        unknown: the number of questions that need calls missing from a recording, by reason.
        unreplayable_at: by question, the round whose calls are missing.
        stopped_early: whether sampling stopped when a vote was decided. Shares of votes are then
            those counted until that moment.
        is_primary: whether the source was made with this system; False for a system added for
            comparison.
        exchanges: the calls of each question, by its key, with messages, settings and reply; empty
            where the source has none.
    """

    name: str
    rounds: tuple[RoundView, ...]
    records: list[QuestionResult]
    is_right: Mapping[tuple[str, int], bool | None]
    unknown: Mapping[str, int] = field(default_factory=dict)
    unreplayable_at: Mapping[str, int] = field(default_factory=dict)
    stopped_early: bool = False
    is_primary: bool = True
    exchanges: Mapping[str, Calls] = field(default_factory=dict)

    def calls_of(self, key: str) -> Calls:
        """Return the calls of a question.

        The calls of a question that a run has twice are those of the first copy.
        """
        return self.exchanges.get(key) or self.exchanges.get(key.partition("-")[0], ())

    @cached_property
    def summary(self) -> Summary:
        """The figures of `cope eval`'s table."""
        return summarize(self.records, len(self.rounds))

    @cached_property
    def records_by_key(self) -> dict[str, QuestionResult]:
        """The record of each question by its key."""
        return {record.key: record for record in self.records}


def last_tier_in(systems: Sequence[ReportSystem], models: Collection[str]) -> str:
    """Return the last tier of some systems.

    A tier that no question reached is the last one, because its round comes after the known ones.

    Args:
        systems: with the rounds that are known.
        models: the tiers that have a model.
    """
    orders: list[tuple[str, ...]] = []
    reached: set[str] = set()
    for system in systems:
        order = tier_order((r.planner, r.reasoner) for r in system.rounds)
        orders.append(order)
        reached.update(order)
    unreached = [tier for tier in models if tier not in reached]
    if unreached:
        return unreached[-1]
    return last_tier_of(orders)


@dataclass(frozen=True)
class SweepPoint:
    """The program of a recording with other thresholds.

    Attributes:
        thresholds: one for each round that has a threshold, in order.
        accuracy: mean score.
        costs: mean cost of a question by measure; None if unknown.
    """

    thresholds: tuple[float, ...]
    accuracy: float
    costs: Mapping[str, float | None]


@dataclass(frozen=True)
class ReportSource:
    """The content of a run, a recording or a comparison.

    Attributes:
        kind: the kind of source.
        path: the file or folder.
        task: the name of the task.
        domain: the kind of questions: `short-answer` or `code`.
        answer_kind: how answers are compared; None is the domain's kind.
        models: the model of each tier.
        systems: the systems, the primary ones first.
        samples_of: returns all samples of a question, given its key.
        metadata: further facts, by label.
        sweep: the first system at other thresholds.
        swept_system: the name of that system.
        skipped_presets: presets and systems that cannot be compared or replayed, with the reason.
        groups: the group of a question, by its key; None if the questions are independent.
        margin: the difference in accuracy, as a share, within which two systems count as equally
            accurate.
        repeats: what several seeds say together, by the name of a system.
        mlflow_run: the MLflow run in which the source was tracked.
        mlflow_store: the URI of its store, if the source contains it.
        values_by_field: the value of each question by its key, for each field of `cope eval --by`.
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
    margin: float = DEFAULT_MARGIN
    repeats: Mapping[str, Repeats] = field(default_factory=dict)
    mlflow_run: str | None = None
    mlflow_store: str | None = None
    answer_kind: str | None = None
    values_by_field: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def same_answer(self) -> Callable[[str, str], bool | None] | None:
        """The domain's function that compares two answers, see `Domain.same_answer`."""
        return domain_by_name(self.domain).with_answer_kind(self.answer_kind).same_answer

    @cached_property
    def questions(self) -> dict[str, QuestionResult]:
        """The record of each question by its key, in the order of the systems' records."""
        records: dict[str, QuestionResult] = {}
        for system in self.systems:
            for record in system.records:
                records.setdefault(record.key, record)
        return records

    @property
    def last_tier(self) -> str:
        """The last tier of the systems."""
        return last_tier_in(self.systems, self.models)

    @cached_property
    def last_tier_alone(self) -> ReportSystem | None:
        """The last tier alone; None if it is not among the systems."""
        last_tier = self.last_tier
        for system in self.systems:
            if system.name == last_tier:
                return system
        return None

"""What a preset, its thresholds and its number of samples would have come to, from a record and without a model."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import CopeError
from ...models import Price
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset
from ...util.arrays import Array
from ..recording.recording import Recording
from ..recording.round import RecordedRound, pick_sample
from .match import match_rounds, recorded_identity
from .results import TIER_USAGE_FIELDS, ReplayOutcomes, Sweep
from .round import ReplayedRound, missing_round, replay_round
from .sweep import RoundArrays, Totals, answering_round, sweep


class Replay:
    """A preset or program on the questions of a record.

    Equal to a live run with `early_stop="none"` in answers, rounds, calls and tokens: tests compare them. A live run with `exact`
    stops early: same answers and rounds, calls and tokens at most these.

    Args:
        recording: the record, or its file.
        program: a preset, a preset's or tier's name, a preset's or program's file; None is what was recorded.
        samples: samples in the rounds that draw several, up to the recorded number.
        thresholds: for the first gates, in order.
        prices: the user's price of a tier; else what was recorded.

    Attributes:
        preset: with the samples and thresholds that are replayed.
        rounds: each round's decisions; `known` says on which questions the record holds its calls.

    Raises:
        CopeError: for a record or program that cannot be read, or thresholds that do not fit.

    >>> Replay("mbpp-cope.parquet", thresholds=(0.5,)).outcomes().score.mean()  # doctest: +SKIP
    """

    def __init__(
        self,
        record: Recording | str | Path,
        program: ProgramIdentity | Preset | str | Path | None = None,
        *,
        samples: int | None = None,
        thresholds: tuple[float, ...] = (),
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.recording = record if isinstance(record, Recording) else Recording.open(record)
        asked = self._resolve_program(program)
        self.preset = (
            asked.preset.with_overrides(samples, thresholds)
            if samples or thresholds
            else asked.preset
        )
        self.program = ProgramIdentity(self.preset, asked.domain, asked.prompts)
        self._prices = prices or {}
        self.rounds: list[ReplayedRound] = []
        for number, found in enumerate(match_rounds(self.program, self.recording), 1):
            self.rounds.append(self._replay_round(number, found))

    def __len__(self) -> int:
        """How many questions."""
        return len(self.recording)

    def _resolve_program(
        self, program: ProgramIdentity | Preset | str | Path | None
    ) -> ProgramIdentity:
        if isinstance(program, ProgramIdentity):
            return program
        if program is None:
            return recorded_identity(self.recording, next(iter(self.recording.programs)))
        if isinstance(program, Preset):
            return ProgramIdentity.of_preset(program, self.recording.domain)
        return ProgramIdentity.named(program, self.recording.domain, self.recording.models)

    def _replay_round(self, number: int, found: RecordedRound | str) -> ReplayedRound:
        spec = self.preset.rounds[number - 1]
        if isinstance(found, str):
            return missing_round(number, spec, f"round {number}: {found}", len(self))
        known = np.ones(len(self), dtype=bool)
        there = self.recording.programs[found.program]
        for seen, recorded in zip(spec.sees, found.spec.sees, strict=False):
            if seen != number:
                known &= (
                    self.rounds[seen - 1].forwarded_plans == there[recorded - 1].forwarded_plans
                )
        return replay_round(
            number,
            spec,
            found,
            known,
            f"round {number}: another plan is handed on to it",
            self._prices,
        )

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The preset's, for the gates in order."""
        return tuple(r.threshold for r in self.preset.rounds if r.threshold is not None)

    @property
    def last_tier(self) -> str:
        """The last tier of the preset."""
        return self.preset.last_tier

    @property
    def tiers(self) -> tuple[str, ...]:
        return self.preset.tiers

    @cached_property
    def known(self) -> Array:
        """(questions, rounds) of bool: whether the record holds the round's calls."""
        return np.stack([r.known for r in self.rounds], axis=1)

    @cached_property
    def scores(self) -> Array:
        """(questions, rounds): the score if the round answers; NaN where it is not known."""
        return np.stack([np.where(r.known, r.scores, np.nan) for r in self.rounds], axis=1)

    @cached_property
    def confidence(self) -> Array:
        """(questions, rounds): -inf where there is no answer; NaN where it is not known."""
        return np.stack([np.where(r.known, r.confidence, np.nan) for r in self.rounds], axis=1)

    def usage(self, field: str, tier: str) -> Array:
        """(questions, rounds): one of `SPENT`, of a tier's calls in each round that is asked; NaN where it is not known."""
        return np.stack(
            [np.where(r.known, _tier_usage(r, field, tier), np.nan) for r in self.rounds], axis=1
        )

    def outcomes(self, thresholds: Sequence[float] | None = None) -> ReplayOutcomes:
        """One setting, question by question; with the preset's own thresholds when None.

        Raises:
            CopeError: for thresholds that do not fit the preset.
        """
        (row,) = self._check_thresholds(self.thresholds if thresholds is None else thresholds)
        ladder = self._round_arrays(np.arange(len(self)), {})
        at, known = answering_round(ladder, row)
        places = np.arange(len(self))
        score = np.where(known, self.scores[places, at], np.nan)
        confidence = np.where(known, self.confidence[places, at], np.nan)
        answer = np.full(len(self), None, dtype=object)
        for number, round_ in enumerate(self.rounds):
            here = known & (at == number)
            if round_.recorded and round_.verdict:
                answer[here] = pick_sample(round_.recorded.answers, round_.verdict.leader)[here]
        asked = np.arange(len(self.rounds)) <= at[:, None]
        spent = {
            (tier, what): np.where(
                known, np.where(asked, self.usage(what, tier), 0.0).sum(axis=1), np.nan
            )
            for tier in self.tiers
            for what in TIER_USAGE_FIELDS
        }
        return ReplayOutcomes(
            at + 1, known, score, answer, np.where(np.isinf(confidence), np.nan, confidence), spent
        )

    def sweep(
        self,
        thresholds: Any,
        *,
        rows: Any = None,
        values: Mapping[str, Array] | None = None,
        partial: bool = False,
    ) -> Sweep:
        """Many settings at once.

        Args:
            thresholds: (settings, gates), or one setting; each above 0 and up to 1.
            rows: the questions to count, as a mask or as places; all when None.
            values: more to add up, (questions, rounds) each: what counts when the round answers, such as a loss.
            partial: leave out questions whose calls the record does not hold, instead of giving NaN.

        Raises:
            CopeError: for thresholds that do not fit the preset.
        """
        settings = self._check_thresholds(thresholds)
        chosen = np.arange(len(self)) if rows is None else np.arange(len(self))[rows]
        more = dict(values or {})
        totals = sweep(self._round_arrays(chosen, more), settings)
        return self._to_sweep(settings, len(chosen), totals, tuple(more), partial)

    def _to_sweep(
        self, settings: Array, questions: int, totals: Totals, names: tuple[str, ...], partial: bool
    ) -> Sweep:
        unknown = totals.unknown.sum(axis=1)
        hidden = np.where((unknown > 0) & (not partial), np.nan, 0.0)
        counted = questions - unknown
        score, *values = (column + hidden for column in totals.at_answer.T)
        accuracy = np.divide(score, counted, out=np.full(len(settings), np.nan), where=counted > 0)
        spent = {
            key: column + hidden
            for key, column in zip(self._usage_columns, totals.over_asked_rounds.T, strict=True)
        }
        return Sweep(
            settings,
            questions,
            unknown,
            totals.answered,
            accuracy,
            spent,
            dict(zip(names, values, strict=True)),
        )

    @cached_property
    def _usage_columns(self) -> list[tuple[str, str]]:
        return [(tier, what) for tier in self.tiers for what in TIER_USAGE_FIELDS]

    @cached_property
    def _usage_arrays(self) -> Array:
        columns = [
            [_tier_usage(r, what, tier) for tier, what in self._usage_columns] for r in self.rounds
        ]
        return (
            np.array(columns, dtype=float)
            .reshape(len(self.rounds), len(self._usage_columns), len(self))
            .transpose(0, 2, 1)
        )

    def _round_arrays(self, rows: Array, values: Mapping[str, Array]) -> RoundArrays:
        final = np.stack(
            [np.stack([r.scores for r in self.rounds], axis=1), *values.values()], axis=2
        )
        return RoundArrays(
            np.stack([r.known for r in self.rounds])[:, rows],
            np.stack([r.confidence for r in self.rounds])[:, rows],
            final.transpose(1, 0, 2)[:, rows],
            self._usage_arrays[:, rows],
        )

    def _check_thresholds(self, thresholds: Any) -> Array:
        gates = len(self.preset.rounds) - 1
        rows = np.asarray(thresholds, dtype=float)
        rows = rows.reshape(1, gates) if rows.ndim < 2 and rows.size == gates else rows
        if rows.ndim != 2 or rows.shape[1] != gates:
            raise CopeError(
                f"preset {self.preset.name!r} has {gates} thresholds: give that many for each setting"
            )
        if not ((rows > 0) & (rows <= 1)).all():
            raise CopeError("thresholds are above 0 and up to 1")
        return rows


def _tier_usage(round_: ReplayedRound, field: str, tier: str) -> Array:
    """What a tier's calls of a round used, by question."""
    role = {"plan_tokens": "plan", "answer_tokens": "reason"}.get(field)
    name = {
        "plan_tokens": "completion_tokens",
        "answer_tokens": "completion_tokens",
        "seconds": "machine_seconds",
    }
    parts = [
        used[name.get(field, field)]
        for (of, by), used in round_.usage.items()
        if of == tier and (role is None or role == by)
    ]
    return np.sum(parts, axis=0) if parts else np.zeros(len(round_.known))

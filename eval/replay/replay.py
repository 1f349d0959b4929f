"""Replay a program on a recording with other thresholds or sample counts, without a model."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from ...models import Price
from ...programs.give_up import GiveUp
from ...programs.identity import ProgramIdentity
from ...programs.pregate import preset_router
from ...programs.preset import Preset
from ...programs.preset_checks import check_domain
from ...util.arrays import Array
from ..recording.recording import Recording
from ..recording.round import RecordedRound, pick_sample
from .match import confidence_name, match_rounds, recorded_identity
from .results import TIER_USAGE_FIELDS, ReplayOutcomes, Sweep
from .round import ReplayedRound, missing_round, replay_round
from .sweep import RoundArrays, Totals, answering_round, sweep
from .thresholds import threshold_settings
from .tier_usage import tier_usage, usage_of_rounds


class Replay:
    """A preset or program on the questions of a recording.

    Answers, rounds, calls and tokens are those of a live run with `early_stop="none"`; tests
    compare both. A live run with `exact` stops early: its answers and rounds are the same, and its
    calls and tokens are at most these.

    Args:
        recording: the recording, or its file.
        program: a preset, the name of a preset or tier, or the file of a preset or program; None
            for the recording's own program.
        samples: number of samples in the rounds that draw several, up to the recorded number.
        thresholds: for the first gates, in order.
        prices: the user's price of a tier; without one the recorded cost counts.
        give_up: when rounds are left that name a measure in `give_up`; None for never.

    Attributes:
        recording: the recording.
        preset: the preset, with the replayed samples and thresholds.
        program: the preset with its prompts.
        prices: the user's price of a tier.
        rounds: the decisions of each round, and for which questions the recording holds its calls.

    Raises:
        CopeError: if the recording or program cannot be read, or the thresholds do not fit.

    >>> Replay("mbpp-cope.parquet", thresholds=(0.5,)).outcomes().score.mean()  # doctest: +SKIP
    """

    def __init__(
        self,
        recording: Recording | str | Path,
        program: ProgramIdentity | Preset | str | Path | None = None,
        *,
        samples: int | None = None,
        thresholds: tuple[float, ...] = (),
        prices: Mapping[str, Price] | None = None,
        give_up: GiveUp | None = None,
    ) -> None:
        if not isinstance(recording, Recording):
            recording = Recording.open(recording)
        self.recording = recording
        requested = self._resolve_program(program)
        self.preset = requested.preset
        if samples or thresholds:
            self.preset = requested.preset.with_overrides(samples, thresholds)
        check_domain(self.preset, requested.domain)
        self.program = ProgramIdentity(self.preset, requested.domain, requested.prompts)
        self.prices, self._give_up = prices or {}, give_up
        self.rounds: list[ReplayedRound] = []
        router = preset_router(self.preset, recording.models)
        first = None if router is None else router.first_rounds(recording.questions)
        for number, match in enumerate(match_rounds(self.program, recording), 1):
            self.rounds.append(self._replay_round(number, match))
        if first is not None:
            self.skip_rounds(first)

    def skip_rounds(self, first: Array) -> None:
        """Let questions skip their first rounds, as a gate before the rounds does.

        Args:
            first: (questions,) of int: the number of the first round that each question runs.
        """
        for place, round_ in enumerate(self.rounds):
            self.rounds[place] = round_.skip(round_.number < first)

    def __len__(self) -> int:
        """Return the number of questions."""
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

    def _replay_round(self, number: int, match: RecordedRound | str) -> ReplayedRound:
        """Replay a round from the recorded round that matches, or the reason that none does."""
        spec = self.preset.rounds[number - 1]
        if isinstance(match, str):
            return missing_round(number, spec, f"round {number}: {match}", len(self))
        known = np.ones(len(self), dtype=bool)
        recorded_rounds = self.recording.programs[match.program]
        for seen, recorded in zip(spec.sees, match.spec.sees, strict=False):
            if seen != number:
                plans = self.rounds[seen - 1].forwarded_plans
                known &= plans == recorded_rounds[recorded - 1].forwarded_plans
        reason = f"round {number}: another plan is forwarded to it"
        kind = confidence_name(spec, self.program.domain)
        if kind == confidence_name(match.spec, self.program.domain):
            kind = None
        return replay_round(number, spec, match, known, reason, self.prices, kind, self._give_up)

    @property
    def thresholds(self) -> tuple[float, ...]:
        """The thresholds of the preset, for the gates in order."""
        thresholds = [round_.threshold for round_ in self.preset.rounds]
        return tuple(threshold for threshold in thresholds if threshold is not None)

    @property
    def identity(self) -> list[tuple[str, int, int, float | None, str]]:
        """The calls, thresholds and confidences: replays with equal ones are the same system."""
        identity = []
        for round_ in self.rounds:
            recorded, spec = round_.recorded, round_.spec
            if recorded and round_.kinds is not None:
                kinds = ",".join(sorted({str(kind) for kind in round_.kinds}))
                draws = recorded.program, recorded.number, spec.samples
                identity.append((*draws, spec.threshold, kinds))
        return identity

    @property
    def last_tier(self) -> str:
        """The last tier of the preset."""
        return self.preset.last_tier

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers of the preset."""
        return self.preset.tiers

    @cached_property
    def known(self) -> Array:
        """(questions, rounds) of bool: whether the recording holds the calls of the round."""
        return np.stack([round_.known for round_ in self.rounds], axis=1)

    @cached_property
    def scores(self) -> Array:
        """(questions, rounds): the score if the round answers; NaN if unknown."""
        return self._if_known([round_.scores for round_ in self.rounds])

    @cached_property
    def confidence(self) -> Array:
        """(questions, rounds): -inf without an answer; NaN if unknown."""
        return self._if_known([round_.confidence for round_ in self.rounds])

    def usage(self, field: str, tier: str) -> Array:
        """Return the usage of a tier's calls in each round, if the round is asked.

        Args:
            field: one of `TIER_USAGE_FIELDS`.
            tier: the tier.

        Returns:
            (questions, rounds) of float; NaN if unknown.
        """
        return self._if_known([tier_usage(round_, field, tier) for round_ in self.rounds])

    def _if_known(self, columns: Sequence[Array]) -> Array:
        """Return the columns of the rounds as (questions, rounds), NaN for unknown calls."""
        return np.where(self.known, np.stack(columns, axis=1), np.nan)

    def outcomes(self, thresholds: Sequence[float] | None = None) -> ReplayOutcomes:
        """Return the outcomes of one setting, question by question.

        Args:
            thresholds: one for each gate; None for those of the preset.

        Raises:
            CopeError: if the thresholds do not fit the preset.
        """
        if thresholds is None:
            thresholds = self.thresholds
        (setting,) = threshold_settings(thresholds, self.preset)
        questions = np.arange(len(self))
        answering, known = answering_round(self._round_arrays(questions, {}), setting)
        score = np.where(known, self.scores[questions, answering], np.nan)
        confidence = np.where(known, self.confidence[questions, answering], np.nan)
        confidence[np.isinf(confidence)] = np.nan
        answer = np.full(len(self), None, dtype=object)
        for index, round_ in enumerate(self.rounds):
            answered = known & (answering == index)
            if round_.recorded and round_.verdict:
                answers = pick_sample(round_.recorded.answers, round_.verdict.leader)
                answer[answered] = answers[answered]
        asked = np.arange(len(self.rounds)) <= answering[:, None]
        usage: dict[tuple[str, str], Array] = {}
        for tier, field in self._usage_columns:
            total = np.where(asked, self.usage(field, tier), 0.0).sum(axis=1)
            usage[tier, field] = np.where(known, total, np.nan)
        return ReplayOutcomes(answering + 1, known, score, answer, confidence, usage)

    def sweep(
        self,
        thresholds: Any,
        *,
        rows: Any = None,
        values: Mapping[str, Array] | None = None,
        partial: bool = False,
    ) -> Sweep:
        """Return the totals of many settings.

        Args:
            thresholds: (settings, gates), or one setting; each above 0 and up to 1.
            rows: the questions to count, as a mask or as positions; None for all.
            values: further values to sum, (questions, rounds) each. A value counts if the round
                answers, such as a loss.
            partial: whether questions whose calls are not in the recording are left out; otherwise
                the totals are NaN.

        Raises:
            CopeError: if the thresholds do not fit the preset.
        """
        settings = threshold_settings(thresholds, self.preset)
        positions = np.arange(len(self))
        if rows is not None:
            positions = positions[rows]
        values = dict(values or {})
        totals = sweep(self._round_arrays(positions, values), settings)
        return self._to_sweep(settings, len(positions), totals, tuple(values), partial)

    def _to_sweep(
        self, settings: Array, questions: int, totals: Totals, names: tuple[str, ...], partial: bool
    ) -> Sweep:
        unknown = totals.unknown.sum(axis=1)
        counted = questions - unknown
        # Added to a total: NaN where questions are unknown, else 0.
        nan_if_unknown = np.zeros(len(settings))
        if not partial:
            nan_if_unknown[unknown > 0] = np.nan
        score, *values = totals.at_answer.T + nan_if_unknown
        accuracy = np.divide(score, counted, out=np.full(len(settings), np.nan), where=counted > 0)
        usage = totals.over_asked_rounds.T + nan_if_unknown
        return Sweep(
            thresholds=settings,
            questions=questions,
            unknown=unknown,
            answered=totals.answered,
            accuracy=accuracy,
            usage=dict(zip(self._usage_columns, usage, strict=True)),
            values=dict(zip(names, values, strict=True)),
        )

    @cached_property
    def _usage_columns(self) -> list[tuple[str, str]]:
        """The tier and the field of each column of `_usage_arrays`."""
        return list(product(self.tiers, TIER_USAGE_FIELDS))

    @cached_property
    def _usage_arrays(self) -> Array:
        """(rounds, questions, columns) of float."""
        return usage_of_rounds(self.rounds, self._usage_columns)

    def _round_arrays(self, positions: Array, values: Mapping[str, Array]) -> RoundArrays:
        """Return the rounds on the questions at some positions, with values that count once."""
        scores = np.stack([round_.scores for round_ in self.rounds], axis=1)
        confidence = np.stack([round_.confidence for round_ in self.rounds])
        at_answer = np.stack([scores, *values.values()], axis=2).transpose(1, 0, 2)
        return RoundArrays(
            known=self.known.T[:, positions],
            confidence=confidence[:, positions],
            at_answer=at_answer[:, positions],
            over_asked_rounds=self._usage_arrays[:, positions],
        )

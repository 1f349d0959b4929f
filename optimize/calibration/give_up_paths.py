"""The states that the rounds of a record go through, sample by sample, for the rule `give-up`."""

from dataclasses import dataclass, replace

import numpy as np

from ...eval import Replay
from ...eval.replay.give_up import open_states, suited
from ...eval.replay.round import ReplayedRound
from ...eval.replay.tier_usage import tier_usage
from ...programs.confidence.early_stopping import EXACT, RULES
from ...programs.confidence.vectorized import RoundSamples
from ...stats.measures import MEASURES, Measure
from ...stats.tolerance import FLOAT_TOLERANCE
from ...util.arrays import Array
from .early_stop_replay import replay_early_stop


@dataclass(frozen=True)
class RoundPaths:
    """One round of some questions, whose samples are drawn one by one in the seeded order.

    Attributes:
        number: the round, from 1.
        leading: (samples, questions): the second number of the state after each sample.
        stop: (questions,): samples that the exact rule draws.
        end: (questions,): samples after which the round can no more be left, because an answer is
            accepted so far or the exact rule stops; 0 where the rule is not for the round.
        accepted: (questions,) of bool: whether the round accepts an answer in the end.
        shared_use: by measure, (questions,): the use of the calls that all samples share.
        sample_use: by measure, (questions,): the mean use of a sample.
    """

    number: int
    leading: Array
    stop: Array
    end: Array
    accepted: Array
    shared_use: dict[str, Array]
    sample_use: dict[str, Array]

    def use(self, measure: str, drawn: Array) -> Array:
        """Return (questions,): the use of a round that draws so many samples."""
        return self.shared_use[measure] + drawn * self.sample_use[measure]


def round_paths(replay: Replay, rows: Array) -> list[RoundPaths]:
    """Return the paths of all rounds.

    Args:
        replay: the cascade with its thresholds and samples, of which no round is left.
        rows: indices of questions whose calls are known in all rounds.
    """
    return [_paths(replay, round_, rows) for round_ in replay.rounds]


def _paths(replay: Replay, round_: ReplayedRound, rows: Array) -> RoundPaths:
    assert round_.samples is not None and round_.kinds is not None
    samples, kinds, spec = round_.samples.take(rows), round_.kinds[rows], round_.spec
    leading = np.zeros((spec.samples, len(rows)), dtype=int)
    first = np.full(len(rows), spec.samples)  # after which an answer is accepted so far
    for drawn, values, accepted in open_states(kinds, samples, spec.threshold):
        leading[drawn - 1] = values
        first = np.where(accepted, np.minimum(first, drawn), first)
    accepted = np.ones(len(rows), dtype=bool)
    end, stop = np.zeros(len(rows), dtype=int), np.full(len(rows), spec.samples)
    if spec.threshold is not None:
        confidence = replay.confidence[rows, round_.number - 1]
        accepted = confidence >= spec.threshold - FLOAT_TOLERANCE
        stop = _exact_stop(replay, round_, samples, first)
        end = np.where(suited(kinds), np.minimum(first, stop), 0)
    shared, by_sample = _use(replay, round_, rows)
    return RoundPaths(round_.number, leading, stop, end, accepted, shared, by_sample)


def _exact_stop(
    replay: Replay, round_: ReplayedRound, samples: RoundSamples, first: Array
) -> Array:
    """Return (questions,): samples that the exact rule draws; `first` where tests decide."""
    assert round_.recorded is not None
    if not all(confidence.counts_votes for confidence in round_.recorded.confidences):
        return first
    forwards = replay.preset.forwards_plan(round_.number) and round_.spec.plans > 1
    votes, planned = samples.in_order(samples.votes), samples.in_order(samples.planned)
    threshold = round_.spec.threshold
    return replay_early_stop(RULES[EXACT], votes, threshold, planned, forwards).num_samples


def _use(
    replay: Replay, round_: ReplayedRound, rows: Array
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the use of shared calls, and the mean use of a sample, by measure."""
    shared, of_samples = {}, {}
    for call, fields in round_.usage.items():
        is_shared = call[1] == "plan" and round_.spec.plans == 1
        (shared if is_shared else of_samples)[call] = fields
    shared_use, sample_use = {}, {}
    for name, measure in MEASURES.items():
        shared_use[name] = _total(measure, replay, replace(round_, usage=shared))[rows]
        whole = _total(measure, replay, replace(round_, usage=of_samples))[rows]
        sample_use[name] = whole / round_.spec.samples
    return shared_use, sample_use


def _total(measure: Measure, replay: Replay, round_: ReplayedRound) -> Array:
    def usage(field: str, tier: str) -> Array:
        return tier_usage(round_, field, tier)

    return measure.total(usage, replay.tiers, replay.last_tier)

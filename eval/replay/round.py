"""One round of a replay: the decision on every question, and the usage of its calls."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...models import Price
from ...programs.confidence.decide import decide_round, rank_verdicts
from ...programs.confidence.vectorized import RoundSamples, VerdictArrays
from ...programs.give_up import GiveUp
from ...programs.preset_round import Round
from ...util.arrays import Array
from ..recording.round import CallArrays, RecordedRound, pick_sample
from ..recording.schema import USAGE_FIELDS
from .give_up import mask_of_drawn, samples_drawn


@dataclass(frozen=True)
class ReplayedRound:
    """A round of the replayed preset.

    Attributes:
        number: from 1.
        spec: the preset's round.
        recorded: the recorded round that holds its calls; None without one.
        known: (questions,) of bool: whether the recording holds the calls of this round.
        missing_reason: why it does not hold the others.
        verdict: the decisions on the samples; None without a recorded round.
        order: (questions, samples): the seeded order of the samples; None without a recorded round.
        scores: (questions,): the score of the round's answer; 0 for an unreadable answer, NaN
            without a right answer.
        forwarded_plans: (questions,) of str or None: the plan for later rounds.
        usage: by tier and role (`plan`, `reason`) and by field, (questions,); NaN is unknown.
        raw_confidence: (questions,): the value whose rank is the confidence, see
            `Confidence.ranks`; NaN where it is not ranked; None without a recorded round.
        samples: what it was decided on; None without a recorded round.
        kinds: (questions,) of str: the name of the confidence that decides; None without a recorded
            round.
        skipped: (questions,) of bool: whether a gate before the rounds skips it; None if on none.
        drawn: (questions,): samples drawn until the round was left, see `cope.programs.give_up`;
            None where all are drawn.
    """

    number: int
    spec: Round
    recorded: RecordedRound | None
    known: Array
    missing_reason: str
    verdict: VerdictArrays | None
    order: Array | None
    scores: Array
    forwarded_plans: Array
    usage: dict[tuple[str, str], dict[str, Array]]
    raw_confidence: Array | None = None
    samples: RoundSamples | None = None
    kinds: Array | None = None
    skipped: Array | None = None
    drawn: Array | None = None

    def skip(self, questions: Array) -> "ReplayedRound":
        """Return the round without some questions, which do not run it and make no call.

        Args:
            questions: (questions,) of bool.
        """
        if not questions.any():
            return self
        verdict = self.verdict
        if verdict is not None:
            verdict = replace(verdict, leader=np.where(questions, -1, verdict.leader))
        usage = {}
        for call, fields in self.usage.items():
            usage[call] = {name: np.where(questions, 0.0, array) for name, array in fields.items()}
        plans = self.forwarded_plans.copy()
        plans[questions] = None
        return replace(
            self,
            known=self.known | questions,
            verdict=verdict,
            forwarded_plans=plans,
            usage=usage,
            skipped=questions,
        )

    @property
    def confidence(self) -> Array:
        """(questions,) of float; -inf without an answer, which no threshold accepts."""
        if self.verdict is None:
            return np.full(len(self.known), -np.inf)
        return np.where(self.verdict.leader >= 0, self.verdict.confidence, -np.inf)


def missing_round(number: int, spec: Round, reason: str, questions: int) -> ReplayedRound:
    """Return a round whose calls are not in the recording."""
    return ReplayedRound(
        number=number,
        spec=spec,
        recorded=None,
        known=np.zeros(questions, dtype=bool),
        missing_reason=reason,
        verdict=None,
        order=None,
        scores=np.zeros(questions),
        forwarded_plans=np.full(questions, None, dtype=object),
        usage={},
    )


def replay_round(
    number: int,
    spec: Round,
    recorded: RecordedRound,
    known: Array,
    missing_reason: str,
    prices: Mapping[str, Price],
    kind: str | None = None,
    give_up: GiveUp | None = None,
) -> ReplayedRound:
    """Decide a round from its first `spec.samples` recorded samples.

    A live run with so many samples draws the same ones, because a sample's seed and its rank in the
    order depend on its index and not on the number of samples.

    Args:
        number: from 1.
        spec: the preset's round.
        recorded: holds the samples.
        known: (questions,) of bool: whether they are those of this round.
        missing_reason: why they are not, for the other questions.
        prices: the user's price of a tier; without one the recorded cost counts.
        kind: the confidence that decides; None is the recorded one.
        give_up: when the round is left, where the preset asks for it; None for never.
    """
    count = spec.samples
    plans, order = recorded.plans[:, :count], recorded.order(count, number)
    samples = RoundSamples(
        votes=recorded.votes[:, :count],
        passed=recorded.tests_passed[:, :count],
        total=recorded.tests_total,
        answered=recorded.answers[:, :count] != None,  # noqa: E711 (elementwise)
        planned=plans.astype(bool),
        order=order,
        column=lambda name: recorded.column(name)[:, :count],
    )
    kinds = recorded.kind
    if kind is not None:
        kinds = np.full(len(known), kind)
    drawn, mask = None, None
    if give_up is not None and spec.give_up is not None:
        drawn = samples_drawn(give_up, number, spec, kinds, samples)
        mask = mask_of_drawn(order, drawn)
        samples = samples.only(mask)
    verdict, raw = rank_verdicts(kinds, decide_round(kinds, samples))
    scores = np.where(
        verdict.leader >= 0, recorded.scores[np.arange(len(known)), verdict.leader], 0.0
    )
    scores[np.isnan(recorded.scores).all(axis=1)] = np.nan  # the right answer is unknown
    return ReplayedRound(
        number=number,
        spec=spec,
        recorded=recorded,
        known=known,
        missing_reason=missing_reason,
        verdict=verdict,
        order=order,
        scores=scores,
        forwarded_plans=_forwarded_plans(spec, plans, verdict),
        usage=_usage(spec, recorded, prices, mask),
        raw_confidence=raw,
        samples=samples,
        kinds=kinds,
        drawn=drawn,
    )


def _forwarded_plans(spec: Round, plans: Array, verdict: VerdictArrays) -> Array:
    """Return the plan that later rounds see, (questions,) of str or None.

    A plan that all samples share is forwarded whatever they answer. Else it is the plan of the
    sample that the verdict names.
    """
    if not spec.plan:
        return np.full(len(plans), None, dtype=object)
    if spec.plans == 1:
        return pick_sample(plans, np.zeros_like(verdict.forwarded))
    return pick_sample(plans, verdict.forwarded)


def _usage(
    spec: Round, recorded: RecordedRound, prices: Mapping[str, Price], drawn: Array | None
) -> dict[tuple[str, str], dict[str, Array]]:
    """Return the usage of the first calls of a round, by tier and role.

    Args:
        spec: the preset's round.
        recorded: holds the calls.
        prices: by tier.
        drawn: (questions, samples) of bool: the samples that count; None for all.
    """
    usage: dict[tuple[str, str], dict[str, Array]] = {}
    if spec.planner and recorded.plan_calls:
        of_samples = drawn if spec.plans > 1 else None
        calls = _first_calls(recorded.plan_calls, spec.planner, spec.plans, of_samples)
        usage[spec.planner, "plan"] = _usage_sums(calls, prices.get(spec.planner))
    calls = _first_calls(recorded.reason_calls, spec.reasoner, spec.samples, drawn)
    usage[spec.reasoner, "reason"] = _usage_sums(calls, prices.get(spec.reasoner))
    return usage


def _first_calls(calls: CallArrays, tier: str, count: int, drawn: Array | None) -> CallArrays:
    arrays = {name: array[:, :count] for name, array in vars(calls).items() if name != "tier"}
    if drawn is not None:
        arrays = {name: np.where(drawn, array, 0) for name, array in arrays.items()}
    return CallArrays(tier, **arrays)


def _usage_sums(calls: CallArrays, price: Price | None) -> dict[str, Array]:
    """Return totals by question; a sum with an unknown part is NaN."""
    sums = {name: getattr(calls, name).sum(axis=1) for name in USAGE_FIELDS}
    if price:
        sums["usd"] = _cost_by_price(sums, price)
    return sums


def _cost_by_price(usage: Mapping[str, Array], price: Price) -> Any:
    """Return the cost by the user's price; a count that the price does not need may be unknown."""
    none = np.zeros(len(usage["calls"]))
    seconds = usage["machine_seconds"] if price.per_hour else none
    if not price.is_per_token:
        return price.cost(none, none, none, seconds)  # type: ignore[arg-type]
    prompt, completion = usage["prompt_tokens"], usage["completion_tokens"]
    cached = usage["cached_tokens"] if price.cached_per_million is not None else none
    return price.cost(prompt, completion, cached, seconds)  # type: ignore[arg-type]

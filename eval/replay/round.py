"""One round of a replay: what its samples decide on every question, and what its calls used."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models import Price
from ...programs.confidence.vectorized import RoundSamples, VerdictArrays, decide_round
from ...programs.preset import Round
from ..recording.round import Array, CallArrays, RecordedRound, pick_sample

USAGE_FIELDS = (
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "usd",
    "seconds",
    "machine_seconds",
)


@dataclass(frozen=True)
class ReplayedRound:
    """A round of the replayed preset.

    Attributes:
        number: from 1.
        spec: the preset's round.
        recorded: the recorded round that holds its calls; None where there is none.
        known: (questions,) whether the record holds this round's calls on the question.
        missing_reason: what is lacking where it does not, in words.
        verdict: what the samples decide; None without a recorded round.
        order: (questions, samples): the seeded order of the samples; None without a recorded round.
        scores: (questions,) the score of the round's answer; 0 where none could be read, NaN without a right answer.
        forwarded_plans: (questions,) the plan for later rounds, None where there is none.
        usage: by tier and role (`plan`, `reason`) and by what is counted, (questions,), NaN where it is not known.
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

    @property
    def confidence(self) -> Array:
        """(questions,) of float; -inf where there is no answer, which no threshold accepts."""
        if self.verdict is None:
            return np.full(len(self.known), -np.inf)
        return np.where(self.verdict.leader >= 0, self.verdict.confidence, -np.inf)


def missing_round(number: int, spec: Round, why: str, questions: int) -> ReplayedRound:
    """A round of which the record holds nothing."""
    unknown = np.zeros(questions)
    return ReplayedRound(
        number,
        spec,
        None,
        unknown > 0,
        why,
        None,
        None,
        unknown,
        np.full(questions, None, dtype=object),
        {},
    )


def replay_round(
    number: int,
    spec: Round,
    recorded: RecordedRound,
    known: Array,
    why: str,
    prices: Mapping[str, Price],
) -> ReplayedRound:
    """Decide a round from the first `spec.samples` recorded samples: those that a run with so many asks.

    A sample's seed, and its rank in the order, depend on its index and not on how many there are.
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
    verdict = decide_round(recorded.kind, samples)
    rows = np.arange(len(known))
    scores = np.where(verdict.leader >= 0, recorded.scores[rows, verdict.leader], 0.0)
    scores[np.isnan(recorded.scores).all(axis=1)] = np.nan  # no right answer is known
    handed = np.full(len(known), None, dtype=object)
    if spec.planner:
        # A plan that all samples share is handed on whatever they answer; a lone sample shares its own.
        handed = pick_sample(
            plans, np.zeros_like(verdict.survivor) if spec.plans == 1 else verdict.survivor
        )
    used = {}
    if spec.planner and recorded.plan_calls:
        asked = _first(recorded.plan_calls, spec.planner, spec.plans)
        used[spec.planner, "plan"] = _sums(asked, prices.get(spec.planner))
    asked = _first(recorded.reason_calls, spec.reasoner, count)
    used[spec.reasoner, "reason"] = _sums(asked, prices.get(spec.reasoner))
    return ReplayedRound(number, spec, recorded, known, why, verdict, order, scores, handed, used)


def _first(calls: CallArrays, tier: str, count: int) -> CallArrays:
    arrays = {name: array[:, :count] for name, array in vars(calls).items() if name != "tier"}
    return CallArrays(tier, **arrays)


def _sums(calls: CallArrays, price: Price | None) -> dict[str, Array]:
    """Totals by question; a sum with an unknown part is not known."""
    sums = {name: getattr(calls, name).sum(axis=1) for name in USAGE_FIELDS}
    if price:
        sums["usd"] = _priced(sums, price)
    return sums


def _priced(used: Mapping[str, Array], price: Price) -> Any:
    """What calls cost by the user's price; what the price does not ask for need not be known."""
    none = np.zeros(len(used["calls"]))
    seconds = used["machine_seconds"] if price.per_hour else none
    if not price.by_token:
        return price.usd(none, none, none, seconds)  # type: ignore[arg-type]
    cached = used["cached_tokens"] if price.cached_per_million is not None else none
    return price.usd(used["prompt_tokens"], used["completion_tokens"], cached, seconds)  # type: ignore[arg-type]

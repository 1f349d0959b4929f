"""Estimate what a compile will use, from a pilot of a few real questions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import Budget, Usage
from ...models.usage_row import UsageRow
from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import NONE
from ...programs.ensemble import members_of

_NEW_WORK_SHARE = 0.5  # of the questions; optimizers repeat the others
_SHORT_ANSWER_SHARE = 0.02  # of the written tokens that remain with demonstrations
"""Labeled rows took a small model from 212 tokens an answer to 4."""
_COMPLETION_COST_RATIO = 8  # cost of a written token, in tokens read: in time and in money
_PROPOSAL_TOKENS = (800, 4000)  # of one call of the proposer, prompt and reply
_PROPOSAL_COMPLETION_SHARE = 0.25  # of these, the reply


@dataclass(frozen=True)
class CostEstimate:
    """The range of what a whole compile uses.

    Attributes:
        low: the usage when many questions repeat and cached rounds cost nothing; with
            demonstrations also when answers shrink to a few tokens.
        high: the usage when every question costs as much as the most expensive one of the pilot, in
            prompts with all demonstrations.
        questions: about how many questions programs answer.
        pilot: the number of questions of the pilot.
        proposals: about how many calls the proposer gets.
        assumes_short_answers: whether the lower end assumes shorter answers.
        num_correct: the right answers of the pilot.
    """

    low: Usage
    high: Usage
    questions: int
    pilot: int
    proposals: int
    assumes_short_answers: bool = False
    num_correct: int | None = None

    @property
    def assumptions(self) -> tuple[str, str]:
        """The assumptions behind the lower and the upper end, as texts."""
        low = f"low: {1 - _NEW_WORK_SHARE:.0%} of the questions are met again and cost nothing"
        if self.assumes_short_answers:
            low += ", and demonstrations make answers as short as a few tokens"
        high = (
            "high: every question costs what the dearest of the pilot did, and prompts grow with "
            "the demonstrations"
        )
        return low, high

    def as_dict(self) -> dict[str, Any]:
        return {
            "questions": self.questions,
            "pilot": self.pilot,
            "right": self.num_correct,
            "proposals": self.proposals,
            "low": self.low.totals(),
            "high": self.high.totals(),
            "assumes": self.assumptions,
        }


def usage_per_question(usages: Sequence[Sequence[UsageRow]]) -> list[Usage]:
    """Return what each question used; `usages` holds the `usage` of each prediction."""
    return [Usage.from_rows(rows) for rows in usages]


def affordable_questions(budget: Budget, pilot: Sequence[Usage]) -> int | None:
    """Return how many questions like those of the pilot a budget allows; None without a bound."""
    counts = []
    for name, bound in budget.bounds().items():
        used = sum(usage.totals()[name] or 0 for usage in pilot)
        if used:
            counts.append(int(bound * len(pilot) / used))
    return min(counts, default=None)


def completion_share(usages: Sequence[Sequence[UsageRow]]) -> float:
    """Return the share of the tokens that models wrote; the rest are prompts."""
    written, read = 0, 0
    for rows in usages:
        for row in rows:
            written += row["completion_tokens"] or 0
            read += row["prompt_tokens"] or 0
    return written / max(1, written + read)


def estimate_cost(
    pilot: Sequence[Usage],
    questions: int,
    proposals: int,
    demos: int,
    questions_without_demos: int | None = None,
    completion_share: float = 0.0,
    price_of: Callable[[int, int, float], float | None] = lambda prompt, completion, seconds: None,
) -> CostEstimate:
    """Estimate the usage of so many questions and proposals.

    Args:
        pilot: what single questions used.
        questions: the questions that programs will answer.
        proposals: the calls of the proposer.
        demos: the demonstrations of a prompt, each about as long as a question with its answer.
        questions_without_demos: of the questions, those before there are demonstrations; None for
            an optimizer that adds none.
        completion_share: the share of the pilot's tokens that models wrote.
        price_of: returns the price of a proposal in USD by prompt tokens, completion tokens and
            seconds of machine time; None when it is unknown.
    """
    mean = _sum(pilot).times(1 / max(1, len(pilot)))
    most_expensive = max(pilot, key=lambda usage: (usage.calls, usage.tokens), default=Usage())
    low = mean.times(_NEW_WORK_SHARE * questions).totals()
    high = most_expensive.times(questions).totals()
    each = mean.totals()
    high["tokens"] += demos * questions * max(1, each["tokens"])
    high["seconds"] += demos * questions * each["seconds"] / _COMPLETION_COST_RATIO
    if questions_without_demos is not None:
        with_demos = max(0, questions - questions_without_demos) / max(1, questions)
        _shorten_answers(low, (1 - _SHORT_ANSWER_SHARE) * with_demos, completion_share)
    seconds_per_token = each["seconds"] / each["tokens"] if each["tokens"] else 0.0
    if proposals:
        for totals, tokens in zip((low, high), _PROPOSAL_TOKENS, strict=True):
            reply = round(_PROPOSAL_COMPLETION_SHARE * tokens)
            price = price_of(tokens - reply, reply, tokens * seconds_per_token)
            totals["calls"] += proposals
            totals["tokens"] += proposals * tokens
            totals["seconds"] += proposals * tokens * seconds_per_token
            if totals["usd"] is None or price is None:
                totals["usd"] = None
            else:
                totals["usd"] += proposals * price
    return CostEstimate(
        Usage.from_totals(**low, completion_share=completion_share),
        Usage.from_totals(**high, completion_share=completion_share),
        questions,
        len(pilot),
        proposals,
        assumes_short_answers=questions_without_demos is not None,
    )


def _shorten_answers(totals: dict[str, Any], saved: float, completion_share: float) -> None:
    """Reduce totals by a share of the written tokens.

    Args:
        totals: the totals of a usage, which are changed.
        saved: the share of the written tokens that is saved.
        completion_share: the share of all tokens that models write.
    """
    written = _COMPLETION_COST_RATIO * completion_share
    share_of_cost = written / (written + 1 - completion_share)
    totals["tokens"] = round(totals["tokens"] * (1 - saved * completion_share))
    totals["seconds"] *= 1 - saved * share_of_cost
    if totals["usd"] is not None:
        totals["usd"] *= 1 - saved * share_of_cost


def estimate_validation(questions: int, first: Usage, pilot: Sequence[Usage]) -> Usage:
    """Return the maximum usage of one more validation.

    It is 1.5 times that of the first one, whose prompts had no demonstrations.

    Args:
        questions: the number of validation questions.
        first: what the first validation used; nothing after an interruption, and then the pilot
            decides.
        pilot: what single questions used.
    """
    expected = _sum(pilot).times(questions / len(pilot)).totals()
    larger = {}
    for name, value in first.totals().items():
        larger[name] = max(value or 0, expected[name] or 0)
    return Usage.from_totals(**larger).times(1.5)


def _sum(parts: Sequence[Usage]) -> Usage:
    total = Usage()
    for part in parts:
        total = total.plus(part)
    return total


def min_calls_per_question(program: Cascade, last: int | None = None) -> int:
    """Return the minimum number of model calls for one question.

    It is the case in which every round stops as early as it can, because all samples agree or none
    can be parsed.

    Args:
        program: the cascade; of an ensemble all members answer.
        last: the last round that runs; None runs all.

    >>> min_calls_per_question(Cascade("small")), min_calls_per_question(Cascade("cope"))
    (1, 12)
    """
    calls = 0
    for round_ in reversed(list(program.rounds())):
        if last is None or round_.number <= last:
            accepted = _min_calls(program, round_, agreed=True)
            calls = min(accepted, _min_calls(program, round_, agreed=False) + calls)
    return calls * len(members_of(program))


def _min_calls(program: Cascade, round_: CascadeRound, agreed: bool) -> int:
    """Return the calls of a round in which all samples have one vote, or none has a vote."""
    spec = round_.spec
    shared_plan = spec.planner is not None and spec.plans == 1
    samples = spec.samples
    if program.early_stop != NONE:
        forwards_plan = round_.forwards_plan and not shared_plan
        confidence = program.confidence_of(round_.number)
        samples = confidence.min_samples(spec, agreed, program.early_stop, forwards_plan)
    if shared_plan:
        return 1 + samples
    return samples if spec.planner is None else 2 * samples

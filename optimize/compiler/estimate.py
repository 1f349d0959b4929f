"""What a compile will use, from what a few real questions used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import Budget, Usage
from ...models.usage_row import UsageRow
from ...programs import Cascade
from ...programs.cascade_round import CascadeRound
from ...programs.confidence.early_stopping import NONE
from ...programs.ensemble import members_of


@dataclass(frozen=True)
class CostEstimate:
    """A range for the whole compile.

    Attributes:
        low: when many questions are met again, and rounds that are known cost nothing; where prompts get demonstrations, when
            answers shrink to a few tokens by them.
        high: when every question costs what the dearest of the pilot did, in prompts that hold all demonstrations.
        questions: that programs answer in all, about.
        pilot: questions that the figures come from.
        proposals: calls of the proposing model, about.
        num_correct: answers of the pilot that were right.
        assumes_short_answers: whether the lower end counts on shorter answers.
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
        """What the two ends of the range stand for, in words."""
        shorter = (
            ", and demonstrations make answers as short as a few tokens"
            if self.assumes_short_answers
            else ""
        )
        return (
            f"low: {1 - _NEW_WORK_SHARE:.0%} of the questions are met again and cost nothing{shorter}",
            "high: every question costs what the dearest of the pilot did, and prompts grow with the demonstrations",
        )

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
    """Return what each question of a pilot used; a prediction's `usage` holds it by tier, round and role."""
    return [Usage.from_rows(rows) for rows in usages]


def affordable_questions(budget: Budget, pilot: Sequence[Usage]) -> int | None:
    """How many questions like those of the pilot a budget pays for; None where nothing that they use is bounded."""
    shares = []
    for name, bound in budget.bounds().items():
        used = sum(cost.totals()[name] or 0 for cost in pilot)
        if used:
            shares.append(int(bound * len(pilot) / used))
    return min(shares, default=None)


def completion_share(usages: Sequence[Sequence[UsageRow]]) -> float:
    """The share of a pilot's tokens that models wrote; prompts are the rest."""
    rows = [row for usage in usages for row in usage]
    written = sum(_written(row) for row in rows)
    return written / max(1, written + sum(_read(row) for row in rows))


def _read(row: UsageRow) -> int:
    return row["prompt_tokens"] or 0


def _written(row: UsageRow) -> int:
    return row["completion_tokens"] or 0


_NEW_WORK_SHARE = 0.5  # the share of new work when optimizers ask much of the same again
_SHORT_ANSWER_SHARE = (
    0.02  # of what is written; labelled rows took a small model from 212 tokens an answer to 4
)
_COMPLETION_COST_RATIO = 8  # of a written token beside one that is read, in time and in money
_PROPOSAL_TOKENS = (800, 4000)  # of one call of the proposing model, prompt and reply
_PROPOSAL_COMPLETION_SHARE = 0.25  # of these, the reply


def estimate_cost(
    pilot: Sequence[Usage],
    questions: int,
    proposals: int,
    demos: int,
    questions_without_demos: int | None = None,
    completion_share: float = 0.0,
    price_of: Callable[[int, int, float], float | None] = lambda prompt, completion, seconds: None,
) -> CostEstimate:
    """A range for so many questions and proposals.

    Args:
        pilot: what single questions used.
        questions: how many more programs will answer.
        proposals: calls of the proposing model.
        demos: demonstrations that prompts will hold, each about as long as a question with its answer.
        questions_without_demos: of the questions, those asked before there is any demonstration; None
            where the optimizer adds none.
        completion_share: share of the pilot's tokens that models wrote.
        price_of: USD of a proposal by prompt tokens, completion tokens and machine seconds; None when it is not known.
    """
    mean = _sum(pilot).times(1 / max(1, len(pilot)))
    most_expensive = max(pilot, key=lambda usage: (usage.calls, usage.tokens), default=Usage())
    low, high = (
        mean.times(_NEW_WORK_SHARE * questions).totals(),
        most_expensive.times(questions).totals(),
    )
    each = mean.totals()
    speed = each["seconds"] / each["tokens"] if each["tokens"] else 0.0
    high["tokens"] += demos * questions * max(1, each["tokens"])
    high["seconds"] += demos * questions * each["seconds"] / _COMPLETION_COST_RATIO
    if questions_without_demos is not None:
        saved = (
            (1 - _SHORT_ANSWER_SHARE)
            * max(0, questions - questions_without_demos)
            / max(1, questions)
        )
        # The writing's share of time and money.
        weight = (
            _COMPLETION_COST_RATIO
            * completion_share
            / (_COMPLETION_COST_RATIO * completion_share + 1 - completion_share)
        )
        low["tokens"] = round(low["tokens"] * (1 - saved * completion_share))
        low["seconds"] *= 1 - saved * weight
        if low["usd"] is not None:
            low["usd"] *= 1 - saved * weight
    for totals, tokens in ((low, _PROPOSAL_TOKENS[0]), (high, _PROPOSAL_TOKENS[1])):
        totals["calls"] += proposals
        totals["tokens"] += proposals * tokens
        totals["seconds"] += proposals * tokens * speed
        if proposals:
            reply = round(_PROPOSAL_COMPLETION_SHARE * tokens)
            price = price_of(tokens - reply, reply, tokens * speed)
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
        questions_without_demos is not None,
    )


def estimate_validation(questions: int, first: Usage, pilot: Sequence[Usage]) -> Usage:
    """What one more validation may take: half as much again as the first, whose prompts had no demonstrations.

    Args:
        questions: of the validation.
        first: what it took; nothing after an interruption, and then the pilot tells.
        pilot: what single questions used.
    """
    told = _sum(pilot).times(questions / len(pilot)).totals()
    larger = {name: max(value or 0, told[name] or 0) for name, value in first.totals().items()}
    return Usage.from_totals(**larger).times(1.5)


def _sum(parts: Sequence[Usage]) -> Usage:
    total = Usage()
    for part in parts:
        total = total.plus(part)
    return total


def min_calls_per_question(program: Cascade, last: int | None = None) -> int:
    """Return the minimum number of model calls for one question.

    It is the case in which every round stops as early as it can, because all samples agree or none can be parsed.

    Args:
        program: the cascade; in an ensemble every program answers.
        last: the last round that runs; None runs all.

    >>> min_calls_per_question(Cascade("small")), min_calls_per_question(Cascade("cope"))
    (1, 12)
    """
    least = 0
    rounds = [round_ for round_ in program.rounds() if last is None or round_.number <= last]
    for round_ in reversed(rounds):
        least = min(
            _calls(program, round_, agreed=True), _calls(program, round_, agreed=False) + least
        )
    return least * len(members_of(program))


def _calls(program: Cascade, round_: CascadeRound, agreed: bool) -> int:
    """The calls of a round in which all samples have one vote, or none has a vote."""
    shared = round_.planner is not None and round_.spec.plans == 1
    each = 2 if round_.planner is not None and not shared else 1
    return shared + each * _samples(
        program, round_, agreed, forwards_plan=round_.forwards_plan and not shared
    )


def _samples(program: Cascade, round_: CascadeRound, agreed: bool, forwards_plan: bool) -> int:
    if program.early_stop == NONE:
        return round_.spec.samples
    confidence = program.confidence_of(round_.number)
    return confidence.min_samples(round_.spec, agreed, program.early_stop, forwards_plan)

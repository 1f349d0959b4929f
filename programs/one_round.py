"""One round of one question, for programs whose questions wait between two rounds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..models import call_labels, metered
from ..models.usage_row import UsageRow
from .call_inputs import question_of_call
from .cascade import Cascade
from .domains.registry import domain_by_name
from .give_up import check_counts
from .progress import Progress
from .results import final_answer, make_round_record, usage_summary
from .round_record import RoundRecord
from .systems.answer import SystemAnswer


@dataclass(frozen=True)
class RoundOutcome:
    """What one round of a question found, and what it took.

    Attributes:
        record: the round.
        plan: the plan that it forwards; None without one, empty when it says nothing.
        attempts: what its samples said, see `Progress`.
        usage: by tier and role.
        seconds: wall time.
    """

    record: RoundRecord
    plan: str | None
    attempts: str
    usage: list[UsageRow]
    seconds: float


async def ask_round(
    cascade: Cascade, number: int, inputs: Mapping[str, Any], progress: Progress
) -> RoundOutcome:
    """Ask one round of a question.

    Args:
        cascade: the program.
        number: the round, from 1.
        inputs: the inputs of the program by name.
        progress: what the rounds before left; it is not changed.

    Raises:
        CopeError: for a missing or unknown input.
        dspy.LMError: when a model fails.
    """
    started = time.perf_counter()
    check_counts(cascade.preset, cascade.give_up)
    question, others = question_and_others(cascade, inputs)
    round_ = list(cascade.rounds())[number - 1]
    before = Progress(dict(progress.plans), progress.attempts)
    with metered() as meter, call_labels(round=number, role="reason"):
        result = await cascade.run_round(round_, question, before, others)
    seconds = time.perf_counter() - started
    record = make_round_record(round_, result, seconds, cascade.early_stop)
    before.add(number, result)
    usage = usage_summary(meter)["usage"]
    return RoundOutcome(record, result.plan, before.attempts, usage, seconds)


def question_and_others(cascade: Cascade, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the question and the other inputs that a cascade's rounds take.

    Raises:
        CopeError: for a missing or unknown input.
    """
    others = dict(inputs)
    question = others.pop("question", None)
    domain = domain_by_name(cascade.domain)
    return question_of_call(cascade.task_signature, domain, question, others)


def answer_of_rounds(
    records: list[RoundRecord], usage: list[UsageRow], usd: float | None, seconds: float
) -> SystemAnswer:
    """Return the answer of the last of some rounds, as if they had been asked in one go.

    Args:
        records: the rounds that were asked, in order.
        usage: the usage of all of them.
        usd: what they cost; None when a price is not known.
        seconds: the time of all of them.
    """
    fields = final_answer(records)
    return SystemAnswer(
        fields["answer"],
        fields["round"],
        fields["confidence"],
        fields["votes"],
        records,
        usage,
        usd,
        seconds,
    )

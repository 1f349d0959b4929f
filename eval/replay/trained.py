"""Replay one tier alone, and trained systems, on a recording."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...errors import CopeError
from ...models.prices import Price
from ...programs.systems.outcomes import OutcomeTable
from ...programs.systems.policy import Policy, simulate
from ...programs.systems.trained import tier_preset
from ...programs.systems.trained_file import TrainedFile
from ...stats.intervals import none_if_nan
from ..recording.recording import Recording
from ..run.outcome_table import outcome_table
from ..run.store import QuestionResult
from .match import single_tier_program
from .records import ReplayedResults, replay_results
from .replay import Replay

TierResults = Mapping[str, Sequence[QuestionResult]]
"""The results of each tier alone, the cheapest tier first."""


def tier_results(
    recording: Recording,
    samples: Mapping[str, int],
    prices: Mapping[str, Price] | None = None,
    limit: int | None = None,
) -> dict[str, list[QuestionResult]]:
    """Return the results of each tier alone on the questions of a recording.

    Args:
        recording: the recording.
        samples: the tiers, the cheapest first, with the number of answers that vote.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.

    Raises:
        CopeError: when the recording has no calls of a tier alone, or no right answers.
    """
    recording.require_answers("a trained system", "record or import it with them")
    found = {}
    for tier, count in samples.items():
        if tier not in recording.models:
            raise CopeError(
                f"{recording.name} has no tier {tier!r}: it has {', '.join(recording.models)}"
            )
        program = tier_preset(tier, count)
        replay = Replay(
            recording,
            single_tier_program(recording, tier) if count == 1 else program,
            prices=prices,
        )
        one = replay_results(replay, limit)
        if not one.results:
            why = next(iter(one.unknown), "it has no questions")
            many = "alone" if count == 1 else f"alone with {count} samples"
            raise CopeError(f"{recording.name} lacks the calls of {tier} {many}: {why}")
        found[tier] = one.results
    return found


def replay_trained(
    recording: Recording,
    trained: TrainedFile,
    name: str,
    prices: Mapping[str, Price] | None = None,
    limit: int | None = None,
) -> ReplayedResults:
    """Return the results of a trained system on the questions of a recording.

    Args:
        recording: the recording.
        trained: the system.
        name: the system's, for messages.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.

    Raises:
        CopeError: when it was trained for other models or answers, or the recording lacks calls.
    """
    trained.check_models(recording.models, name)
    trained.check_weights(recording.manifest.weights.get, name)
    trained.check_questions(recording.domain, recording.manifest.kind_of_answers, name)
    policy = trained.policy()
    check_recording(recording, type(policy), name)
    samples = {tier: trained.samples[tier] for tier in trained.tiers}
    alone = tier_results(recording, samples, prices, limit)
    table, _ = recorded_table(recording, alone, trained.costs)
    return ReplayedResults(policy_results(policy, table, alone), {})


def check_recording(recording: Recording, policy: type[Policy], name: str) -> None:
    """Raise an error when a recording lacks what a trained system sees.

    Args:
        recording: the recording.
        policy: the system's.
        name: the system's, for the message.

    Raises:
        CopeError: for a system that checks its own answers, and a recording without questions.
    """
    if policy.checks_itself:
        raise CopeError(
            f"{name} needs checks of the first tier's answers by itself, which records do not "
            "hold: train and measure it on a task"
        )
    if not recording.has_question_texts:
        raise CopeError(
            f"{recording.name} has no texts of questions, which {name} reads: import it with them"
        )


def recorded_table(
    recording: Recording, alone: TierResults, costs: Mapping[str, float] | None = None
) -> tuple[OutcomeTable, str]:
    """Return the outcomes on a recording, and what costs are measured by, see `outcome_table`."""
    return outcome_table(
        alone, recording.group_by_key, costs, hide_answers=recording.tells_outcomes_only
    )


def policy_results(policy: Policy, table: OutcomeTable, alone: TierResults) -> list[QuestionResult]:
    """Return the results of a policy, put together from those of each tier alone.

    Args:
        policy: decides.
        table: the outcomes of the questions.
        alone: the results of each tier that the table was made from.
    """
    simulated = simulate(policy, table)
    by_tier = []
    for rows in alone.values():
        by_tier.append({row.key: row for row in rows})
    results = []
    for row, key in enumerate(table.keys):
        asked = []
        for number, rows in enumerate(by_tier, 1):
            if simulated.asked[row, number - 1]:
                asked.append((number, rows[key]))
        answering = by_tier[simulated.answering[row]][key]
        stage = int(simulated.answering[row]) + 1
        merged = merge_results(answering, asked, stage)
        confidence = none_if_nan(float(simulated.confidence[row]))
        if confidence is not None:
            merged.confidence = confidence
        results.append(merged)
    return results


def merge_results(
    answering: QuestionResult, asked: Sequence[tuple[int, QuestionResult]], stage: int
) -> QuestionResult:
    """Return the result of a question whose tiers were asked one after the other.

    Args:
        answering: of the tier whose answer counts.
        asked: the stage, and the result, of each tier that was asked.
        stage: the stage of the answer.
    """
    rounds, usage, costs = [], [], []
    for number, one in asked:
        for record in one.rounds:
            numbered = record.copy()
            numbered["round"] = number
            numbered["accepted"] = number == stage and one.answer is not None
            rounds.append(numbered)
        for row in one.usage:
            usage_row = row.copy()
            usage_row["round"] = number
            usage.append(usage_row)
        costs.append(one.usd)
    usage.sort(key=lambda row: (row["tier"], row["round"], row["role"]))
    known = [cost for cost in costs if cost is not None]
    return replace(
        answering,
        round=stage,
        rounds=rounds,
        usage=usage,
        usd=sum(known) if len(known) == len(costs) else None,
    )

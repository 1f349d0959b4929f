"""Read a folder of `cope eval` as a system: its records, and the rounds that they show."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...answers.matching import is_right_by_form
from ...errors import CopeError
from ...eval.run.prices import priced_results
from ...eval.run.store import QuestionResult, StoredRun
from ...eval.tasks.base import saved_kind_of
from ...eval.tasks.registry import TASKS
from ...models.prices import Price
from ...programs.confidence.early_stopping import EXACT, HEURISTIC_RULES, NONE
from ...programs.domains.base import Domain
from ...programs.domains.registry import DEFAULT_DOMAIN, domain_by_name
from ...programs.preset import load_preset, preset_names
from ...programs.round_record import RoundRecord, SampleRecord
from .base import Calls, ReportSystem, RoundView, Sample, SamplesByPool, is_right


def run_records(run: StoredRun, prices: Mapping[str, Price] | None = None) -> list[QuestionResult]:
    """Return the results of a run in the natural order of the questions' ids.

    Args:
        run: the stored run.
        prices: the user's prices by tier; other tiers have the run's.

    Raises:
        CopeError: if there are none, or a line is no result.
    """
    results = priced_results(run, prices)
    if not results:
        raise CopeError(f"{run.path} has no finished question yet: resume the run, then try again")
    return sorted(results.values(), key=lambda record: _natural_sort_key(record.id))


def _natural_sort_key(name: str) -> list[tuple[bool, int, str]]:
    """Split an id into words and whole numbers.

    Records are stored in the order in which questions finished, which has no meaning.
    """
    parts: list[tuple[bool, int, str]] = []
    for part in re.split(r"(\d+)", name):
        if part.isdigit():
            parts.append((True, int(part), part))
        else:
            parts.append((False, 0, part))
    return parts


def run_system(
    name: str,
    run: StoredRun,
    first_pool: int,
    is_primary: bool = True,
    prices: Mapping[str, Price] | None = None,
) -> tuple[ReportSystem, dict[str, SamplesByPool]]:
    """Return a run as a system, and its samples by question.

    Args:
        name: its name in the report.
        run: the stored run.
        first_pool: the number of the pool that holds the samples of its first round.
        is_primary: see `ReportSystem`.
        prices: the user's prices by tier; other tiers have the run's.

    Raises:
        CopeError: if the run has no results.
    """
    settings = run.settings
    records = run_records(run, prices)
    domain = run_domain(run)
    rounds = tuple(_round_views(run, records, first_pool))
    right: dict[tuple[str, int], bool | None] = {}
    samples: dict[str, SamplesByPool] = {}
    for record in records:
        pools = samples[record.key] = {}
        for entry in record.rounds:
            number = entry["round"]
            right[record.key, number] = round_is_right(record, entry, domain)
            pools[first_pool + number - 1] = _round_samples(record, entry, domain)
    stopped_early = _stopped_early(settings)
    system = ReportSystem(
        name,
        rounds,
        records,
        right,
        stopped_early=stopped_early,
        is_primary=is_primary,
        exchanges=_exchanges(run),
    )
    return system, samples


def _exchanges(run: StoredRun) -> Mapping[str, Calls]:
    """Return the calls of each question; none if messages are missing, as in earlier versions."""
    try:
        return run.exchanges()
    except CopeError:
        return {}


def _stopped_early(settings: dict[str, Any]) -> bool:
    """Return whether sampling could stop before all samples were drawn."""
    return settings.get("early_stop", EXACT) != NONE


def run_domain(run: StoredRun) -> Domain:
    """Return the domain of a run with its kind of answers; the default one if the task is unknown.

    Runs of earlier versions name neither: their answers were read as the task said then.
    """
    task = run.settings["task"]
    domain, kind = run.metadata.get("domain"), run.metadata.get("answer_kind")
    if task in TASKS:
        domain, kind = domain or TASKS[task].domain, kind or saved_kind_of(TASKS[task])
    return domain_by_name(domain or DEFAULT_DOMAIN).with_answer_kind(kind)


def answer_is_right(record: QuestionResult, answer: str | None, domain: Domain) -> bool | None:
    """Return whether an answer of a round is right.

    None if unknown, because only the final answer of a question was scored.
    """
    if record.gold is None:
        return None
    if answer is None:
        return False
    if record.score is not None and answer == record.answer:
        return record.score >= 1.0
    if domain.same_answer is None:
        return None
    return is_right_by_form(domain.answers, record.gold, answer)


def round_is_right(
    record: QuestionResult, round_record: RoundRecord, domain: Domain
) -> bool | None:
    """Return whether the answer of a round is right; None if unknown."""
    if record.error is None and round_record["round"] == record.round:
        return is_right(record.score)
    return answer_is_right(record, round_record["answer"], domain)


def _round_views(
    run: StoredRun, records: Sequence[QuestionResult], first_pool: int
) -> Iterator[RoundView]:
    """Yield the rounds of a bundled preset or a system, corrected by the records; else those of the
    records."""
    preset = run.settings["preset"]
    known: list[RoundView] = []
    if run.stages:
        for pool, stage in enumerate(run.stages, first_pool):
            known.append(RoundView.from_stage(stage, pool))
    elif preset in preset_names():
        for number, spec in enumerate(load_preset(preset).rounds, 1):
            known.append(RoundView.from_spec(number, spec, first_pool + number - 1))
    count = len(known)
    for record in records:
        for entry in record.rounds:
            count = max(count, entry["round"])
    views = dict(enumerate(known, 1))
    for number in range(1, count + 1):
        yield _observed_round(number, records, first_pool + number - 1, views.get(number))


def _observed_round(
    number: int, records: Sequence[QuestionResult], pool: int, spec: RoundView | None
) -> RoundView:
    """Return a round according to the records.

    Args:
        number: the number of the round.
        records: the records of the run.
        pool: the number of the pool that holds its samples.
        spec: the round according to the preset or system; None if unknown.
    """
    entries: list[RoundRecord] = []
    tiers: dict[str, str] = {}
    for record in records:
        entries += [entry for entry in record.rounds if entry["round"] == number]
        for row in record.usage:
            if row["round"] == number:
                tiers[row["role"]] = row["tier"]
    if not entries:
        return spec or RoundView(number, None, pool=pool)
    samples, threshold = _samples_in_round(entries), entries[0]["threshold"]
    if spec is None:
        reasoner, planner = tiers.get("reason"), tiers.get("plan")
        return RoundView(number, reasoner, planner, samples or 1, threshold, pool)
    if entries[0].get("early_stop") in HEURISTIC_RULES:  # shares are of the samples drawn
        samples = max(samples, spec.samples)
    samples = samples or spec.samples
    spec = replace(spec, samples=samples, threshold=threshold)
    return replace(spec, plans=samples) if spec.plans > 1 else spec


def _samples_in_round(round_records: Sequence[RoundRecord]) -> int:
    """Return the number of samples of a round, even if sampling stopped early; 0 if unknown.

    The number follows from a share of votes, which is a share of all samples, or from a question
    that was not accepted, because then all samples were drawn.
    """
    most = 0
    for round_ in round_records:
        if not round_["accepted"] or round_["threshold"] is None:
            most = max(most, round_["asked"])
        votes, share = next(iter(round_["votes"].values()), 0), round_["confidence"]
        if share and len(round_["supporters"]) == votes:
            most = max(most, round(votes / share))
    return most


def _round_samples(
    record: QuestionResult, round_record: RoundRecord, domain: Domain
) -> list[Sample]:
    votes = {text: number for number, text in enumerate(round_record["votes"])}
    samples = round_record.get("samples", ())
    return [_sample_data(record, sample, votes, domain) for sample in samples]


def _sample_data(
    record: QuestionResult, sample: SampleRecord, votes: dict[str, int], domain: Domain
) -> Sample:
    answer, ballot = sample.get("answer"), sample.get("ballot")
    data: Sample = {
        "index": sample["index"],
        "plan": sample.get("plan"),
        "text": sample.get("reasoning"),
        "answer": answer,
        "ballot": ballot,
    }
    if ballot is not None:
        data["vote"] = votes.get(ballot)
    elif answer is not None:
        data["vote"] = _vote_number(answer, votes, domain)
    if record.error is None:
        data["right"] = answer_is_right(record, answer, domain)
    tests = sample.get("tests")
    if tests:
        failures = [test["message"] for test in tests if not test["passed"]]
        data["tests"] = [len(tests) - len(failures), len(tests), next(iter(failures), "")]
    return data


def _vote_number(answer: str, votes: Mapping[str, int], domain: Domain) -> int | None:
    """Return the number of an answer among the votes of its round; None if it is none of them."""
    same_answer = domain.same_answer
    if answer in votes or same_answer is None:
        return votes.get(answer)
    for text, number in votes.items():
        if same_answer(text, answer):
            return number
    return None

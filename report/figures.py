"""The data of a report: what the page shows, `--json` prints and the plots draw."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from statistics import quantiles
from typing import Any

from .. import __version__
from ..eval.comparison.envelope import pairwise_envelope
from ..eval.comparison.margin import margin_test
from ..eval.comparison.pair import compare_pair
from ..eval.comparison.saving import find_savings
from ..eval.comparison.systems import SystemScores
from ..eval.run.summary import summarize
from ..eval.run.table import cache_sentence
from ..programs.confidence.gate import GateText, join_gates
from ..stats.intervals import bounds_with_unknown
from ..stats.measures import MEASURES
from ..stats.resampling import Resampling
from .breakdowns import system_breakdowns
from .costs import costs_per_question, report_measures
from .decisions import round_gate_text
from .flips import flip_figures
from .reliability import round_reliability, unscored_count
from .sources.base import ReportSource, ReportSystem

ReportData = dict[str, Any]


def report_data(source: ReportSource) -> ReportData:
    """Return everything that the report shows, as plain data.

    Args:
        source: the result of `open_source`.

    Returns:
        `systems` with accuracy, interval, `use` (costs by measure), flow, reliability and seconds
        by round; the texts of `measures`; `swept`; `saving` of the first system; and the origin of
        the data. Unknown values are None.

    >>> source = open_source(Path("gsm8k-cope.parquet"))  # doctest: +SKIP
    >>> report_data(source)["systems"][0]["accuracy"]  # doctest: +SKIP
    """
    return {
        "task": source.task,
        "kind": source.kind,
        "place": source.path.name,
        "domain": source.domain,
        "models": dict(source.models),
        "facts": dict(source.metadata),
        "questions": len(source.questions),
        "top": source.last_tier,
        "measures": [measure.as_dict() for measure in report_measures(source)],
        "systems": _number_by_accuracy([_system_data(source, system) for system in source.systems]),
        "swept": {"system": source.swept_system, "settings": _sweep_data(source)},
        "left_out": dict(source.skipped_presets),
        "saving": _saving(source),
        "envelope": _envelope(source),
        "version": __version__,
    }


def _saving(source: ReportSource) -> ReportData | None:
    """Return what the first system saves compared with the last tier alone.

    None if the last tier alone is not among the systems, or no question was answered by both.
    """
    first, alone = source.systems[0], source.last_tier_alone
    if alone is None or first is alone:
        return None
    systems = {one.name: _scores(one, source.last_tier) for one in (first, alone)}
    found = find_savings(systems, source.last_tier, Resampling(source.groups))
    return found[0].as_dict() if found else None


def _envelope(source: ReportSource) -> ReportData | None:
    """Return the pairwise envelope by the first measure; None for fewer than three systems."""
    systems: dict[str, SystemScores] = {}
    for system in source.systems:
        scores = _scores(system, source.last_tier)
        if len(scores.questions) == len(source.questions):
            systems[system.name] = scores
    measure = report_measures(source)[0].name
    found = pairwise_envelope(systems, measure, Resampling(source.groups))
    return found and found.as_dict()


def _sweep_data(source: ReportSource) -> list[ReportData]:
    settings: list[ReportData] = []
    for point in source.sweep:
        settings.append(
            {
                "thresholds": list(point.thresholds),
                "accuracy": point.accuracy,
                "use": dict(point.costs),
            }
        )
    return settings


def _number_by_accuracy(systems: list[ReportData]) -> list[ReportData]:
    """Add to each system its number in the list; number 1 is the most accurate system."""

    def accuracy(system: ReportData) -> float:
        known = system["accuracy"]
        return -1.0 if known is None else known

    for number, system in enumerate(sorted(systems, key=accuracy, reverse=True), 1):
        system["number"] = number
    return systems


def _system_data(source: ReportSource, system: ReportSystem) -> ReportData:
    summary = summarize(system.records, len(system.rounds), groups=source.groups)
    gates = {round_.number: round_gate_text(system, round_.number) for round_ in system.rounds}
    levels = round_reliability(system, source.groups)
    rounds: list[ReportData] = []
    unscored: dict[int, int] = {}
    for view, counted in zip(system.rounds, summary.rounds, strict=True):
        row = counted.as_dict()
        row["words"] = view.description
        row["samples"] = view.samples
        row["threshold"] = view.threshold
        row["gate"] = gates[view.number].name
        rounds.append(row)
        count = unscored_count(system, view)
        if count:
            unscored[view.number] = count
    reliability: list[ReportData] = []
    charted: list[GateText] = []
    for one in levels:
        gate = gates[one.round]
        entry = one.as_dict()
        entry["gate"] = gate.name
        reliability.append(entry)
        charted.append(gate)
    seconds: list[float | None] = []
    for counted in summary.rounds:
        if counted.usage.calls:
            seconds.append(counted.usage.machine_seconds)
        else:
            seconds.append(0.0)
    data: ReportData = {"name": system.name, "own": system.is_primary}
    data.update(summary.as_dict())
    data["rounds"] = rounds
    data["unknown"] = dict(system.unknown)
    data["bounds"] = _accuracy_bounds(system)
    data["use"] = costs_per_question(system, source.last_tier)
    data["against_large"] = _difference_to_reference(system, source)
    data["flow"] = question_flow(system)
    data["reliability"] = reliability
    data["gates"] = {text.name: asdict(text) for text in gates.values()}
    data["trust"] = _reliability_texts(charted)
    data["untold"] = unscored
    data["early"] = system.stopped_early
    data["seconds_by_round"] = seconds
    data["waited"] = _latency(system)
    data["by"] = system_breakdowns(source, system)
    data["flips"] = flip_figures(source, system)
    repeats = source.repeats.get(system.name)
    data["repeats"] = repeats and repeats.as_dict()
    data["hits"] = summary.total.hits
    data["cache"] = cache_sentence(summary)
    return data


def _reliability_texts(gates: Sequence[GateText]) -> ReportData:
    """Return the texts of a chart of confidence against accuracy over some rounds."""
    texts = asdict(join_gates(gates))
    for gate in gates:
        if gate.pass_or_fail is None:  # a scale explains the chart better than pass or fail
            texts["heading"] = gate.heading
            texts["caption"] = gate.caption
            break
    return texts


def _accuracy_bounds(system: ReportSystem) -> tuple[float, float] | None:
    """Return the accuracy if all unknown outcomes were wrong, and if all were right.

    None if all outcomes are known.
    """
    unknown, n, accuracy = sum(system.unknown.values()), system.summary.n, system.summary.accuracy
    if not unknown or (accuracy is None and n):
        return None
    return bounds_with_unknown(n * (accuracy or 0.0), n, unknown)


def _difference_to_reference(system: ReportSystem, source: ReportSource) -> ReportData | None:
    """Return the paired difference in accuracy to the last tier alone, as `cope compare` does.

    None if the last tier is not among the systems, or no question was answered by both.
    """
    large = source.last_tier_alone
    if large is None or system is large:
        return None
    scores, reference = _scores(system, source.last_tier), _scores(large, source.last_tier)
    if not scores.questions.keys() & reference.questions.keys():
        return None
    pair = compare_pair(scores, reference, resampling=Resampling(source.groups))
    interval = None
    if pair.units > 1:
        interval = pair.difference.low, pair.difference.high
    return {
        "n": pair.questions,
        "difference": pair.difference.value,
        "interval": interval,
        "helped": pair.wins,
        "harmed": pair.losses,
        "p": pair.p,
        "margin_test": margin_test(pair, source.margin).as_dict(),
    }


def _scores(system: ReportSystem, last_tier: str) -> SystemScores:
    """Return the scores of a system, without questions whose right answer is unknown."""
    scored = [record for record in system.records if record.score is not None]
    return SystemScores.from_results(system.name, scored, last_tier)


def question_flow(system: ReportSystem) -> list[ReportData]:
    """Return for each round the questions it received, by outcome.

    The outcomes are: answered correctly, answered incorrectly, unknown, and escalated (key `on`).
    """
    answered = [record for record in system.records if record.error is None]
    unreplayable = Counter(system.unreplayable_at.values())
    received = len(answered) + unreplayable.total()
    flow: list[ReportData] = []
    for round_ in system.rounds:
        right = wrong = unscored = 0
        for record in answered:
            if record.round == round_.number:
                if record.score is None:
                    unscored += 1
                elif record.score >= 1.0:
                    right += 1
                else:
                    wrong += 1
        unknown = unscored + unreplayable[round_.number]
        escalated = received - right - wrong - unknown
        flow.append(
            {
                "round": round_.number,
                "words": round_.description,
                "got": received,
                "right": right,
                "wrong": wrong,
                "unknown": unknown,
                "on": escalated,
            }
        )
        received = escalated
    return flow


def _latency(system: ReportSystem) -> ReportData | None:
    """Return the median and the 90th percentile of the seconds from question to answer.

    Other questions were in progress at the same time. None for a replay, which makes no calls.
    """
    seconds = [
        record.seconds for record in system.records if record.error is None and record.seconds
    ]
    if len(seconds) < 2:
        return None
    cuts = quantiles(seconds, n=10, method="inclusive")
    return {"median": cuts[4], "p90": cuts[8]}


def headline(figures: ReportData) -> str:
    """Return the result of the first system as a sentence, compared with the last tier alone."""
    first = figures["systems"][0]
    if not first["n"]:
        return f"{first['name']}: no question has an outcome yet."
    if first["accuracy"] is None:
        return f"{first['name']}: some questions have no right answer, so accuracy is unknown."
    low, high = first["interval"]
    text = (
        f"{first['name']} is right on {first['accuracy']:.1%} of {first['n']:,} questions "
        f"(95% interval {low:.1%} to {high:.1%})"
    )
    last_tier = figures["top"]
    for baseline in figures["systems"][1:]:
        if baseline["name"] == last_tier and baseline["accuracy"] is not None:
            measure = figures["measures"][0]["name"]
            cost, reference = first["use"][measure], baseline["use"][measure]
            if cost is not None and reference:
                description = MEASURES[measure].description_for(last_tier)
                text += f" with {cost / reference:.0%} of the {description}"
            text += f"; the {last_tier} model alone on {baseline['accuracy']:.1%}"
            break
    saving = figures.get("saving")
    if saving:
        text += f". {saving['text']}"
    return f"{text}."

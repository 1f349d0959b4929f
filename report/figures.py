"""The data of a report: what the page shows, `--json` prints and the plots draw."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import quantiles
from typing import Any

import numpy as np

from .. import __version__
from ..eval.comparison.pair import compare_pair
from ..eval.comparison.resampling import Resampling
from ..eval.comparison.systems import SystemScores as Compared
from ..eval.run.summary import summarize
from ..programs.confidence.gate import GateText, join_gates
from ..stats.clustered import group_labels
from ..stats.intervals import bounds_with_unknown
from ..stats.measures import MEASURES
from ..stats.reliability import Reliability, measure_reliability
from .costs import costs_per_question, report_measures
from .decisions import round_gate_text
from .sources.base import ReportSource, ReportSystem, RoundView

ReportData = dict[str, Any]


def report_data(source: ReportSource) -> ReportData:
    """Return everything that the report shows, as plain data.

    Args:
        source: the result of `open_source`.

    Returns:
        `systems` with accuracy, interval, `use` (costs by measure), flow, reliability and seconds
        by round; the texts of `measures`; `swept`; and the origin of the data. Unknown values are
        None.

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
        "version": __version__,
    }


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
    ranked = sorted(
        systems,
        key=lambda system: -1.0 if system["accuracy"] is None else system["accuracy"],
        reverse=True,
    )
    for number, system in enumerate(ranked, 1):
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
        count = _unscored_count(system, view)
        if count:
            unscored[view.number] = count
    return {
        "name": system.name,
        "own": system.is_primary,
        **summary.as_dict(),
        "rounds": rounds,
        "unknown": dict(system.unknown),
        "bounds": _accuracy_bounds(system),
        "use": costs_per_question(system, source.last_tier),
        "against_large": _difference_to_reference(system, source),
        "flow": question_flow(system),
        "reliability": [one.as_dict() | {"gate": gates[one.round].name} for one in levels],
        "gates": {text.name: asdict(text) for text in gates.values()},
        "trust": _reliability_texts([gates[one.round] for one in levels]),
        "untold": unscored,
        "early": system.stopped_early,
        "seconds_by_round": [
            r.usage.machine_seconds if r.usage.calls else 0.0 for r in summary.rounds
        ],
        "waited": _latency(system),
        "hits": summary.total.hits,
    }


def _reliability_texts(gates: Sequence[GateText]) -> ReportData:
    """Return the texts of a chart of confidence against accuracy over some rounds."""
    scales = [text for text in gates if text.pass_or_fail is None]
    joined = join_gates(gates)
    shown = scales[0] if scales else joined
    return asdict(joined) | {"heading": shown.heading, "caption": shown.caption}


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
    mine, theirs = (
        Compared.from_results(
            one.name, [r for r in one.records if r.score is not None], source.last_tier
        )
        for one in (system, large)
    )
    if not mine.questions.keys() & theirs.questions.keys():
        return None
    found = compare_pair(mine, theirs, resampling=Resampling(source.groups))
    low, high = found.difference.low, found.difference.high
    return {
        "n": found.questions,
        "difference": found.difference.value,
        "interval": (low, high) if found.units > 1 else None,
        "helped": found.wins,
        "harmed": found.losses,
        "p": found.p,
    }


def question_flow(system: ReportSystem) -> list[ReportData]:
    """Return for each round the questions it received, by outcome.

    The outcomes are: answered correctly, answered incorrectly, unknown, and escalated (key `on`).
    """
    good = [record for record in system.records if record.error is None]
    left, found = len(good) + len(system.unreplayable_at), []
    for round_ in system.rounds:
        here = [record for record in good if record.round == round_.number]
        right = sum((record.score or 0.0) >= 1.0 for record in here)
        open_ = sum(record.score is None for record in here)  # no right answer is known
        lost = sum(number == round_.number for number in system.unreplayable_at.values())
        found.append(
            {
                "round": round_.number,
                "words": round_.description,
                "got": left,
                "right": right,
                "wrong": len(here) - right - open_,
                "unknown": lost + open_,
                "on": left - len(here) - lost,
            }
        )
        left -= len(here) + lost
    return found


def _round_confidences(
    system: ReportSystem, round_: RoundView
) -> Mapping[str, tuple[float, bool | None]]:
    """Return by question the confidence of a round, and whether the round's answer is right."""
    told = {
        record.key: entry["confidence"]
        for record in system.records
        if record.error is None
        for entry in record.rounds
        if entry["round"] == round_.number
    }
    return {
        key: (share or 0.0, system.is_right.get((key, round_.number)))
        for key, share in told.items()
    }


def round_reliability(
    system: ReportSystem, groups: Mapping[str, str] | None = None
) -> list[Reliability]:
    """Return the reliability of each round with several samples, over the questions that reach it.

    Args:
        system: the system.
        groups: the group of a question, by its key. The questions of a group are recalibrated
            together.
    """
    found = []
    for round_ in system.rounds:
        keys: list[str] = []
        confidence: list[float] = []
        right: list[bool] = []
        for key, (value, is_right) in _round_confidences(system, round_).items():
            if is_right is not None:
                keys.append(key)
                confidence.append(value)
                right.append(is_right)
        if round_.samples < 2 or not keys:
            continue
        units = group_labels(keys, groups)
        found.append(
            measure_reliability(
                round_.number,
                "reaching",
                np.array(confidence, float),
                np.array(right, bool),
                np.array(keys) if units is None else units,
                round_.threshold,
            )
        )
    return found


def _unscored_count(system: ReportSystem, round_: RoundView) -> int:
    """Return the number of questions for which the correctness of the round is unknown."""
    if round_.samples < 2:
        return 0
    return sum(right is None for _, right in _round_confidences(system, round_).values())


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
    if first["accuracy"] is None:
        why = (
            "some questions have no right answer, so accuracy is unknown"
            if first["n"]
            else "no question has an outcome yet"
        )
        return f"{first['name']}: {why}."
    low, high = first["interval"]
    text = (
        f"{first['name']} is right on {first['accuracy']:.1%} of {first['n']:,} questions "
        f"(95% interval {low:.1%} to {high:.1%})"
    )
    last = figures["top"]
    large = next((s for s in figures["systems"] if s["name"] == last and s is not first), None)
    if large is None or large["accuracy"] is None:
        return f"{text}."
    name = figures["measures"][0]["name"]
    mine, theirs = first["use"][name], large["use"][name]
    saved = (
        f" with {mine / theirs:.0%} of the {MEASURES[name].description_for(last)}"
        if mine is not None and theirs
        else ""
    )
    return f"{text}{saved}; the {last} model alone on {large['accuracy']:.1%}."

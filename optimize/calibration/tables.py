"""A calibration as text: the setting and its guarantee, the tested questions, the reports."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from ...programs.confidence.early_stopping import NONE
from ...stats.measures import MEASURES
from ...util.result_table import ResultTable
from ...util.tables import models_text, new_table, percent, print_sentence
from .sequence import MONOTONE, SPLIT, fewest_by_sequence, split_from
from .shortfall import percentage

if TYPE_CHECKING:
    from ...programs.calibration_file import Certificate
    from ...stats.reliability import Reliability
    from .early_stop_report import EarlyStopRow
    from .give_up_report import GiveUpRow
    from .reports import CalibrationReports
    from .result import Calibration

_LEFT = ("held-out half", "all questions", "round", "stop", "gate", "give_up", "")  # columns


def print_calibration(
    console: Console, calibration: "Calibration", certificate: "Certificate"
) -> None:
    """Print the chosen setting with its guarantee, and its figures on the tested questions."""
    data, target = certificate.data, calibration.target
    models = models_text(certificate.models)
    title = f"{data['task']}, {data['questions']} questions: {models}"
    print_sentence(console, title, (data["task"],))
    for line in _sequence(calibration, certificate):
        print_sentence(console, line, wraps=console.is_terminal)
    p = f" (p = {certificate.p:.4f})" if certificate.p is not None else ""
    chosen = certificate.description
    print_sentence(console, f"chosen: {chosen}{p}", (chosen,))
    lines = [certificate.promise]
    if calibration.setting is None:
        lines += _why_last_tier(calibration, certificate)
    for line in lines:
        print_sentence(console, line, wraps=console.is_terminal)
    console.print()
    console.print(_held_out(calibration))
    for line in _notes(calibration, certificate):
        print_sentence(console, line, wraps=console.is_terminal)
    if target.budget is not None:
        measured = _measured(calibration)
        print_sentence(console, f"within {target.budget:g} USD for 1,000 questions, on {measured}")


def _sequence(calibration: "Calibration", certificate: "Certificate") -> list[str]:
    """Return what ordered the settings, what tested them, and how many questions that takes."""
    target, data = calibration.target, certificate.data
    learn, test = (_half(data[side], data["grouped"]) for side in ("learn", "test"))
    tested = f"{len(certificate.tested)} tested on {test}"
    if calibration.sequence == SPLIT:
        made = f"{certificate.tried} settings compared on {learn}; {tested}"
    else:
        made = f"{certificate.tried} settings, from strict to loose thresholds; {tested}"
    units = "groups" if data["grouped"] else "questions"
    needed = fewest_by_sequence(target.harm, target.delta)
    return [
        f"{calibration.sequence} sequence: {made}, {calibration.selection.num_passed} passed; "
        f"minimized: {certificate.aim['minimized']}",
        f"The fewest {units} with which a setting without any loss passes: {needed[MONOTONE]:,} "
        f"with --sequence monotone, {needed[SPLIT]:,} with split; auto takes split from "
        f"{split_from(target.harm, target.delta):,}.",
    ]


def _half(side: dict[str, int], grouped: bool) -> str:
    groups = f" in {side['units']} groups" if grouped else ""
    return f"{side['questions']} questions{groups}"


def _measured(calibration: "Calibration") -> str:
    """Return the questions on which use is measured."""
    return "the first half" if calibration.sequence == SPLIT else "all questions"


def _notes(calibration: "Calibration", certificate: "Certificate") -> list[str]:
    """Return what the table of the tested questions leaves open."""
    notes = []
    if calibration.setting is not None:
        chosen = certificate.tested[calibration.selection.position]
        over_groups = "(over groups) " if calibration.split.grouped else ""
        notes.append(
            f"{chosen['test_loss']:.1%} of these questions {over_groups}are lost, where "
            f"{percentage(calibration.target.harm)}% are allowed. The test chose the setting on "
            "them, so its figures here are slightly optimistic; the guarantee is not. For unbiased "
            "figures: cope eval --calibration on other questions."
        )
    summary = calibration.held_out[0]
    if summary and summary.unknown:
        notes.append(
            f"{summary.unknown} of {summary.questions} tested questions need calls that the record "
            "does not hold: they were tested as lost, and the table leaves them out"
        )
    return notes


def _why_last_tier(calibration: "Calibration", certificate: "Certificate") -> list[str]:
    """Return why the last tier alone was chosen, and what would help."""
    if calibration.shortfall is not None:
        return calibration.shortfall.sentences
    minimized = certificate.aim["minimized"]
    limited = calibration.target.budget is not None
    if calibration.selection.num_passed:
        within = " within the budget" if limited else ""
        return [
            f"Settings pass the test, but none{within} takes less than the "
            f"{calibration.last_tier} model alone on {_measured(calibration)} ({minimized})."
        ]
    if limited:
        return [f"No setting is within the budget on {_measured(calibration)}."]
    return [
        f"The record does not hold what a setting takes on {_measured(calibration)} ({minimized})."
    ]


def _held_out(calibration: "Calibration") -> ResultTable:
    """Return the table of the chosen cascade and the last tier alone."""
    chosen, baseline = calibration.held_out
    last = calibration.last_tier
    rows = [(f"{last} alone", baseline)]
    if chosen:
        rows.insert(0, ("cascade", chosen))
    title = "held-out half" if calibration.sequence == SPLIT else "all questions"
    table = _table(title, "accuracy", "95% interval", "harmed", "helped", "answered by round")
    measures = []
    for name, measure in MEASURES.items():
        if any(row.use[name] is not None for _, row in rows):
            measures.append(name)
            table.add_column(measure.unit_for(last))
    for name, row in rows:
        cells = [name, "unknown", ""]
        if row.accuracy is not None:
            low, high = row.interval
            cells = [name, percent(row.accuracy), f"{low:.1%} to {high:.1%}"]
        cells += [_count(row.harmed), _count(row.helped)] if row is chosen else ["", ""]
        cells.append(" / ".join(f"{share:.0%}" for share in row.rounds))
        cells += [_use(row.use[measure], MEASURES[measure].scale) for measure in measures]
        table.add_row(*cells)
    if chosen:
        shares, intervals = [], []
        for measure in measures:
            saved = calibration.savings.get(measure)
            shares.append(percent(saved.value) if saved else "")
            intervals.append(f"{saved.low:.1%} to {saved.high:.1%}" if saved else "")
        table.add_row("saved", *[""] * 5, *shares, style="bold")
        table.add_row("95% interval", *[""] * 5, *intervals)
    return table


def _count(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def _use(value: float | None, scale: float) -> str:
    if value is None:
        return "unknown"
    digits = 3 if scale == 1.0 else 4
    return f"{value * scale:.{digits}g}"


def print_reports(console: Console, reports: "CalibrationReports") -> None:
    """Print the reports that were asked for."""
    if reports.reliability is not None:
        print_reliability(console, reports.reliability)
    if reports.early_stop is not None:
        print_stops(console, reports.early_stop)
    if reports.give_up_saved is not None:
        print_give_up(console, reports.give_up_saved)


def print_reliability(console: Console, rows: Sequence["Reliability"]) -> None:
    """Print confidence and accuracy of each round."""
    table = _table(
        "round", "confidence", "gate", "questions", "accuracy", "95% interval", "recalibrated"
    )
    for row in rows:
        name = f"{row.round}" + (", reaching it" if row.population == "reaching" else "")
        for place, level in enumerate(row.levels):
            low, high = level.interval
            gate = ""
            if level.accepted is not None:
                gate = "accepts" if level.accepted else "escalates"
            table.add_row(
                "" if place else name,
                f"{level.confidence:.3g}",
                gate,
                str(level.questions),
                percent(level.right / level.questions),
                f"{low:.1%} to {high:.1%}",
                percent(level.recalibrated),
            )
    console.print()
    console.print(table)
    for row in rows:
        who = " (questions that reach it)" if row.population == "reaching" else ""
        print_sentence(
            console,
            f"round {row.round}{who}: calibration error {row.error:.3f}, after isotonic "
            f"recalibration {row.recalibrated_error:.3f} (chance alone {row.error_by_chance:.3f}); "
            f"Brier score {row.brier[0]:.4f}, then {row.brier[1]:.4f}",
            wraps=console.is_terminal,
        )


def print_stops(console: Console, rows: Sequence["EarlyStopRow"]) -> None:
    """Print what each rule of early stopping saves, and which decisions it changes."""
    table = _table(
        "round",
        "stop",
        "samples drawn",
        "saved",
        "decisions changed",
        "now accepted",
        "now escalated",
        "other answer",
        "wrong accepted",
    )
    for row in rows:
        table.add_row(
            str(row.round) if row.rule == NONE else "",
            row.rule,
            f"{row.drawn:.2f}",
            f"{row.saved:.1%}",
            *(
                "unknown" if share is None else f"{share:.2%}"
                for share in (row.changed, row.accepted, row.escalated, row.another, row.wrong)
            ),
        )
    console.print()
    if rows:
        console.print(table)
    else:
        print_sentence(
            console, "no round votes on several answers, so there is no vote to stop early"
        )


def print_give_up(console: Console, rows: Sequence["GiveUpRow"]) -> None:
    """Print what the rule `give-up` saves by each measure, and which questions it loses."""
    console.print()
    if not rows:
        print_sentence(console, "leaving a round early (give_up) saves nothing on this record")
        return
    table = _table("give_up", "", "samples", "use", "seconds", "lost", "gained", "accuracy")
    for row in rows:
        scale = MEASURES[row.measure].scale
        for place, rule in enumerate(("without", "with it")):
            changed = (_count(row.lost), _count(row.gained)) if place else ("", "")
            table.add_row(
                "" if place else row.measure,
                rule,
                f"{row.drawn[place]:.2f}",
                _use(row.use[place], scale),
                _use(row.seconds[place] if row.seconds else None, 1.0),
                *changed,
                percent(row.accuracy[place]) if row.accuracy else "unknown",
            )
    console.print(table)
    for row in rows:
        low, high = row.saved["low"], row.saved["high"]
        interval = f" (95% interval {low:.0%} to {high:.0%})" if low is not None and high else ""
        print_sentence(
            console,
            f"give_up = {row.measure}: saves {row.saved['value']:.0%}{interval}; {row.left} of "
            f"{row.questions} questions are answered by a later round; an accepted answer is worth "
            f"{row.worth:g} times what the later rounds take",
            wraps=console.is_terminal,
        )


def _table(*names: str) -> ResultTable:
    return new_table(names, left=_LEFT)

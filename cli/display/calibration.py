"""A calibration on stdout: the setting and its guarantee, the held-out half, the reports."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ...programs.confidence.early_stopping import NONE
from .tables import models_text, new_table, percent, result_console

if TYPE_CHECKING:
    from ...optimize.calibration import Calibration, Certificate


def print_calibration(found: "Calibration", made: "Certificate") -> None:
    """Print the chosen setting with its guarantee, and its figures on the held-out half."""
    console, data, aim = result_console(), made.data, found.target
    models = models_text(made.models)
    console.print(
        f"[bold]{data['task']}[/bold], {data['questions']} questions: {models}", highlight=False
    )
    halves = [_half(data[side], data["grouped"]) for side in ("learn", "test")]
    tested = len(made.tested)
    console.print(
        f"{made.tried} settings compared on {halves[0]}; {tested} tested on {halves[1]}, {found.selection.num_passed} passed; "
        f"minimized: {made.aim['minimized']}",
        highlight=False,
    )
    p = f" (p = {made.p:.4f})" if made.p is not None else ""
    console.print(f"chosen: [bold]{made.description}[/bold]{p}", highlight=False)
    console.print(made.promise, highlight=False, soft_wrap=True)
    for line in _why(found, made):
        console.print(line, highlight=False, soft_wrap=True)
    console.print()
    console.print(_held_out(found))
    if found.setting is not None:
        lost = next(row for row in reversed(made.tested) if row["passed"])["test_loss"]
        console.print(
            f"{lost:.1%} of these questions {'(over groups) ' * data['grouped']}are lost, where {100 * aim.harm:.4g}% are allowed. "
            "The test chose the setting on them, so its figures here lean a little its way; the promise does not. For figures on "
            "questions that chose nothing: cope eval --calibration on others.",
            highlight=False,
            soft_wrap=True,
        )
    if (chosen := found.held_out[0]) and chosen.unknown:
        console.print(
            f"{chosen.unknown} of {chosen.questions} held-out questions need calls that the record does not hold: they were "
            "tested as lost, and the table leaves them out",
            highlight=False,
            soft_wrap=True,
        )
    if aim.budget is not None:
        console.print(
            f"within {aim.budget:g} USD for 1,000 questions, on the first half", highlight=False
        )


def _half(side: dict[str, int], grouped: bool) -> str:
    groups = f" in {side['units']} groups" if grouped else ""
    return f"{side['questions']} questions{groups}"


def _why(found: "Calibration", made: "Certificate") -> list[str]:
    """Why the last tier alone was chosen, and what would help."""
    if found.setting is not None:
        return []
    if found.selection.num_passed:
        return [
            f"Settings pass the test, but none that costs less than the {found.last_tier} model alone."
        ]
    if not made.tested:
        return ["No setting is within the budget."]
    first, units = made.tested[0], found.split.test.units
    what = "groups" if found.split.grouped else "questions"
    lines = [
        f"Nothing passes: even the safest setting ({_words(first)}) loses {first['test_loss']:.1%} of the {units} held-out "
        f"{what}, which gives p = {first['p']:.3g}, above {found.target.delta:g}."
    ]
    if found.num_units_needed is None:
        lines.append(
            f"Over both halves its loss does not look lower than {found.target.harm:.4g}: more {what} will not help, a "
            "higher --harm or another cascade may."
        )
    else:
        more = 2 * found.num_units_needed - units - found.split.learn.units
        so = (
            f"about {more:,} more."
            if more > 0
            else f"so many are there, and this was one of the other times: more {what} help."
        )
        lines.append(
            f"If its loss is what it looks like, {2 * found.num_units_needed:,} {what}, half of them held out, would do four "
            f"times out of five: {so}"
        )
    return lines


def _words(row: dict[str, Any]) -> str:
    from ...programs.calibration_file import describe_setting

    return describe_setting(row["thresholds"], row["samples"])


def _held_out(found: "Calibration") -> Table:
    from ...stats.measures import MEASURES

    chosen, large = found.held_out
    last = found.last_tier
    rows = [(f"{last} alone", large)]
    if chosen:
        rows.insert(0, ("cascade", chosen))
    table = _table(
        "held-out half", "accuracy", "95% interval", "harmed", "helped", "answered by round"
    )
    uses = [name for name in MEASURES if any(row.use[name] is not None for _, row in rows)]
    for name in uses:
        table.add_column(MEASURES[name].unit_for(last), justify="right")
    for name, row in rows:
        low, high = row.interval
        table.add_row(
            name,
            *(
                ("unknown", "")
                if row.accuracy is None
                else (percent(row.accuracy), f"{low:.1%} to {high:.1%}")
            ),
            *((_count(row.harmed), _count(row.helped)) if row is chosen else ("", "")),
            " / ".join(f"{share:.0%}" for share in row.rounds),
            *(_use(row.use[name], MEASURES[name].scale) for name in uses),
        )
    if chosen:
        saved = [found.savings.get(name) for name in uses]
        table.add_row(
            "saved", *[""] * 5, *(percent(one.value) if one else "" for one in saved), style="bold"
        )
        table.add_row(
            "95% interval",
            *[""] * 5,
            *(f"{one.low:.1%} to {one.high:.1%}" if one else "" for one in saved),
        )
    return table


def _count(value: int | None) -> str:
    return "unknown" if value is None else str(value)


def _use(value: float | None, scale: float) -> str:
    return "unknown" if value is None else f"{value * scale:.{3 if scale == 1.0 else 4}g}"


def print_reliability(rows: Sequence[Any]) -> None:
    """Print confidence and accuracy of each round."""
    console = result_console()
    table = _table(
        "round", "confidence", "gate", "questions", "accuracy", "95% interval", "recalibrated"
    )
    for row in rows:
        name = f"{row.round}" + (", reaching it" if row.population == "reaching" else "")
        for place, level in enumerate(row.levels):
            low, high = level.interval
            gate = "" if level.accepted is None else "accepts" if level.accepted else "escalates"
            table.add_row(
                "" if place else name,
                f"{level.confidence:.3g}",
                gate,
                str(level.questions),
                percent(level.right / level.questions),
                f"{low:.1%} to {high:.1%}",
                percent(level.recalibrated),
            )
        table.add_section()
    console.print()
    console.print(table)
    for row in rows:
        who = " (questions that reach it)" if row.population == "reaching" else ""
        console.print(
            f"round {row.round}{who}: calibration error {row.error:.3f}, after isotonic recalibration "
            f"{row.recalibrated_error:.3f} (chance alone {row.error_by_chance:.3f}); Brier score {row.brier[0]:.4f}, then "
            f"{row.brier[1]:.4f}",
            highlight=False,
            soft_wrap=True,
        )


def print_stops(rows: Sequence[Any]) -> None:
    """Print what each rule of early stopping saves, and which decisions it changes."""
    console = result_console()
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
        console.print(
            "no round votes on several answers, so there is no vote to stop early", highlight=False
        )


def _table(*names: str) -> Table:
    return new_table(names, left=("held-out half", "round", "stop", "gate"))

"""All plots of a report: as SVG in two widths for its page, and as files."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import CopeError
from ...stats.measures import MEASURES
from ...util.tables import models_text
from ...util.text import plural
from ..figures import ReportData
from .breakdown import breakdown_caption, breakdown_tooltips, has_plot, plot_breakdown
from .flow import flow_caption, flow_tooltips, plot_flow
from .frontier import frontier_systems, is_plotted, numbered_systems, plot_frontier, sweep_front
from .rounds import (
    format_seconds,
    plot_model_time,
    plot_reliability,
    reliability_caption,
    reliability_tooltips,
    time_tooltips,
)
from .svg import embed_svg
from .theme import WIDTHS, add_heading, report_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_UNSAFE_IN_FILE_NAME = re.compile(r"[^\w.-]")
_FORMATS: dict[str, dict[str, Any]] = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 144}}


@dataclass(frozen=True)
class Plot:
    """One plot.

    Attributes:
        name: its name in the page and in file names.
        draw: draws it for a width in pixels.
        caption: its content as text, for screen readers.
        tooltips: the tooltips of its marks, by their ids.
        system: the name of its system; None if it shows all systems.
        size: the width of its file, a key of `WIDTHS`.
        notes: lines below the title of its file, which the page shows as text.
    """

    name: str
    draw: Callable[[int], "Figure"]
    caption: str
    tooltips: dict[str, str]
    system: str | None = None
    size: str = "wide"
    notes: tuple[str, ...] = ()


def plots_for(figures: ReportData) -> Iterator[Plot]:
    """Yield the plots that have data."""
    for measure in figures["measures"]:
        if has_data(figures, measure["name"]):
            yield _frontier_plot(figures, measure)
    for number, system in enumerate(figures["systems"]):
        if system["n"]:
            yield Plot(
                f"flow-{number}",
                lambda width, system=system: plot_flow(system, width),
                flow_caption(system),
                flow_tooltips(system),
                system["name"],
            )
        if system["reliability"]:
            yield Plot(
                f"reliability-{number}",
                lambda width, system=system: plot_reliability(system, width),
                reliability_caption(system),
                reliability_tooltips(system),
                system["name"],
                "wide" if len(system["reliability"]) > 1 else "narrow",
            )
        for place, breakdown in enumerate(system["by"]):
            if has_plot(breakdown):
                yield Plot(
                    f"by-{number}-{place}",
                    lambda width, breakdown=breakdown: plot_breakdown(breakdown, width),
                    breakdown_caption(breakdown),
                    breakdown_tooltips(breakdown),
                    system["name"],
                )
    if any(system["use"]["seconds"] is not None for system in figures["systems"]):
        yield Plot(
            "time",
            lambda width: plot_model_time(figures, width),
            _time_caption(figures),
            time_tooltips(figures),
        )


def _frontier_plot(figures: ReportData, measure: dict[str, str]) -> Plot:
    name = measure["name"]
    tooltips: dict[str, str] = {}
    for number, system in enumerate(figures["systems"]):
        if is_plotted(system, name):
            tooltips[f"system-{number}"] = _point_text(system, name)
    caption = f"Accuracy against {measure['words']}: {'; '.join(tooltips.values())}."
    best = frontier_systems(figures, name)
    if len(best) > 1:
        caption += f" On the frontier: {', '.join(best)}."
    notes = tuple(frontier_notes(figures, name))
    return Plot(
        f"frontier-{name}",
        lambda width: plot_frontier(figures, name, width),
        caption,
        tooltips,
        notes=notes,
    )


def has_data(figures: ReportData, measure: str) -> bool:
    """Return whether a plot of a measure is useful.

    It is not if every known cost is 0 and others are unknown.
    """
    systems = figures["systems"]
    plotted = [system for system in systems if is_plotted(system, measure)]
    if MEASURES[measure].tiers == "last":
        for system in systems:
            if system["name"] == figures["top"] and not is_plotted(system, measure):
                return False
    if any(system["use"][measure] for system in plotted):
        return True
    return bool(plotted) and len(plotted) == len(systems)


def _point_text(system: ReportData, measure: str) -> str:
    low, high = system["interval"]
    accuracy = f"{system['accuracy']:.1%} ({low:.1%} to {high:.1%})"
    return f"{system['name']}: {accuracy} at {system['use'][measure]:.4g}"


def _time_caption(figures: ReportData) -> str:
    texts: list[str] = []
    for system in figures["systems"]:
        seconds = system["use"]["seconds"]
        text = "unknown" if seconds is None else format_seconds(seconds)
        texts.append(f"{system['name']} {text}")
    return f"Model time a question: {'; '.join(texts)}."


def page_plots(figures: ReportData) -> dict[str, dict[str, str]]:
    """Return each plot as an SVG element, by name and width (`wide`, `narrow`)."""
    elements: dict[str, dict[str, str]] = {}
    with report_style():
        for plot in plots_for(figures):
            sizes = elements[plot.name] = {}
            for size, width in WIDTHS.items():
                sizes[size] = embed_svg(
                    plot.draw(width), f"{plot.name}-{size}", plot.caption, plot.tooltips
                )
    return elements


def draw_files(figures: ReportData, folder: Path) -> list[Path]:
    """Write every plot as SVG and PNG.

    Args:
        figures: the data of the report.
        folder: created if it is missing.

    Returns:
        The files.

    Raises:
        CopeError: if they cannot be written.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with report_style():
            for plot in plots_for(figures):
                figure = _standalone_figure(plot, figures)
                for suffix, options in _FORMATS.items():
                    file = folder / f"{_file_name(plot.name, figures)}.{suffix}"
                    figure.savefig(file, **options)
                    files.append(file)
    except OSError as error:
        raise CopeError(
            f"cannot write to {folder}: {error.strerror}; name another folder with --figures"
        ) from None
    return files


def _standalone_figure(plot: Plot, figures: ReportData) -> "Figure":
    """Return the plot with a heading that names task, system and models."""
    title = f"{figures['task']}, {plural(figures['questions'], 'question')}"
    if plot.system:
        title += f": {plot.system}"
    lines = [line for line in (models_text(figures["models"]), *plot.notes) if line]
    return add_heading(plot.draw(WIDTHS[plot.size]), title, lines)


def frontier_notes(figures: ReportData, measure: str) -> Iterator[str]:
    """Yield the explanation of the lines, and the names of the numbered systems."""
    lines: list[str] = []
    if len(frontier_systems(figures, measure)) > 1:
        lines.append("Gray line: no other system is as accurate for less")
        lines.append("dotted: the best random mixture of two systems")
    if len(sweep_front(figures, measure)) > 1:
        lines.append(f"pale blue: {figures['swept']['system']} at other thresholds")
    yield "; ".join(lines)
    yield ", ".join(numbered_systems(figures, measure, WIDTHS["wide"]))


def _file_name(name: str, figures: ReportData) -> str:
    """Return the name of a plot with the system's name in place of its number."""
    kind, _, number = name.partition("-")
    if not number.isdigit():
        return name
    names = [system["name"] for system in figures["systems"]]
    name = names[int(number)]
    safe_name = _UNSAFE_IN_FILE_NAME.sub("-", name)
    if names.count(name) > 1:
        return f"{kind}-{safe_name}-{number}"
    return f"{kind}-{safe_name}"

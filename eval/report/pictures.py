"""All pictures of a report: for its page as SVG in two widths, and as files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from .draw_flow import flow_picture, flow_tips, flow_words
from .draw_frontier import frontier, shown
from .draw_rounds import (
    reliability_picture,
    reliability_tips,
    reliability_words,
    seconds_text,
    time_picture,
    time_tips,
)
from .figures import Figures
from .svg import page_svg
from .theme import WIDTHS, themed

_FORMATS: dict[str, dict[str, Any]] = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 144}}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: of its file, and of its place in the page.
        draw: draws it for a width in pixels.
        words: what it says.
        tips: what is told of its marks.
    """

    name: str
    draw: Callable[[int], Any]
    words: str
    tips: dict[str, str]


def pictures_of(figures: Figures) -> Iterator[Picture]:
    """Those that have something to show."""
    for measure in figures["measures"]:
        name = measure["name"]
        there = [system for system in figures["systems"] if shown(system, name)]
        if there:
            yield Picture(
                f"frontier-{name}", lambda width, name=name: frontier(figures, name, width),
                f"Accuracy against {measure['words']}: {'; '.join(_point(s, name) for s in there)}.",
                {f"system-{n}": _point(s, name) for n, s in enumerate(figures["systems"]) if shown(s, name)},
            )  # fmt: skip
    for number, system in enumerate(figures["systems"]):
        if system["n"]:
            yield Picture(
                f"flow-{number}",
                lambda width, system=system: flow_picture(system, width),
                flow_words(system),
                flow_tips(system),
            )
        if system["reliability"]:
            yield Picture(
                f"reliability-{number}", lambda width, system=system: reliability_picture(system, width),
                reliability_words(system), reliability_tips(system),
            )  # fmt: skip
    if any(system["use"]["seconds"] is not None for system in figures["systems"]):
        yield Picture("time", lambda width: time_picture(figures, width), _time_words(figures), time_tips(figures))


def _point(system: Figures, measure: str) -> str:
    low, high = system["interval"]
    return f"{system['name']}: {system['accuracy']:.1%} ({low:.1%} to {high:.1%}) at {system['use'][measure]:.4g}"


def _time_words(figures: Figures) -> str:
    told = [(s["name"], s["use"]["seconds"]) for s in figures["systems"]]
    texts = [f"{name} {'unknown' if seconds is None else seconds_text(seconds)}" for name, seconds in told]
    return f"Model time a question: {'; '.join(texts)}."


def page_pictures(figures: Figures) -> dict[str, dict[str, str]]:
    """By name and width (`wide`, `narrow`), each as an SVG element."""
    with themed():
        return {
            picture.name: {
                size: page_svg(picture.draw(width), f"{picture.name}-{size}", picture.words, picture.tips)
                for size, width in WIDTHS.items()
            }
            for picture in pictures_of(figures)
        }


def draw_files(figures: Figures, folder: Path) -> list[Path]:
    """Write every picture as SVG and PNG.

    Args:
        figures: those of the report.
        folder: made where it is missing.

    Raises:
        CopeError: when it cannot be written.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with themed():
            for picture in pictures_of(figures):
                figure = picture.draw(WIDTHS["wide"])
                for kind, how in _FORMATS.items():
                    file = folder / f"{_file_name(picture.name, figures)}.{kind}"
                    figure.savefig(file, **how)
                    files.append(file)
    except OSError as error:
        raise CopeError(f"cannot write to {folder}: {error.strerror}; name another folder with --figures") from None
    return files


def _file_name(name: str, figures: Figures) -> str:
    """A picture's name with the system's in place of its number."""
    kind, _, number = name.partition("-")
    if not number.isdigit():
        return name
    system = figures["systems"][int(number)]["name"]
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in system)
    same = [s["name"] for s in figures["systems"]].count(system) > 1
    return f"{kind}-{safe}{f'-{number}' if same else ''}"

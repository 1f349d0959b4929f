"""All pictures of a report: for its page as SVG in two widths, and as files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...stats.measures import LARGE, MEASURES
from ..figures import Figures
from .flow import flow_picture, flow_tips, flow_words
from .frontier import best_systems, frontier, shown, swept_places, unnamed
from .rounds import (
    reliability_picture,
    reliability_tips,
    reliability_words,
    seconds_text,
    time_picture,
    time_tips,
)
from .svg import page_svg
from .theme import WIDTHS, headed, themed

_FORMATS: dict[str, dict[str, Any]] = {"svg": {"metadata": {"Date": None}}, "png": {"dpi": 144}}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: of its file, and of its place in the page.
        draw: draws it for a width in pixels.
        words: what it says.
        tips: what is told of its marks.
        system: whose it is; None where it shows all.
        size: of its file, one of `WIDTHS`.
        lines: of its file: what the page tells beside it.
    """

    name: str
    draw: Callable[[int], Any]
    words: str
    tips: dict[str, str]
    system: str | None = None
    size: str = "wide"
    lines: tuple[str, ...] = ()


def pictures_of(figures: Figures) -> Iterator[Picture]:
    """Those that have something to show."""
    for measure in figures["measures"]:
        name = measure["name"]
        if tells(figures, name):
            there = [system for system in figures["systems"] if shown(system, name)]
            best = best_systems(figures, name)
            words = (
                f"Accuracy against {measure['words']}: {'; '.join(_point(s, name) for s in there)}."
            )
            words += f" On the frontier: {', '.join(best)}." if len(best) > 1 else ""
            yield Picture(
                f"frontier-{name}",
                lambda width, name=name: frontier(figures, name, width),
                words,
                {
                    f"system-{n}": _point(s, name)
                    for n, s in enumerate(figures["systems"])
                    if shown(s, name)
                },
                lines=tuple(lines_of(figures, name)),
            )
    for number, system in enumerate(figures["systems"]):
        if system["n"]:
            yield Picture(
                f"flow-{number}",
                lambda width, system=system: flow_picture(system, width),
                flow_words(system),
                flow_tips(system),
                system["name"],
            )
        if system["reliability"]:
            yield Picture(
                f"reliability-{number}",
                lambda width, system=system: reliability_picture(system, width),
                reliability_words(system),
                reliability_tips(system),
                system["name"],
                "wide" if len(system["reliability"]) > 1 else "narrow",
            )
    if any(system["use"]["seconds"] is not None for system in figures["systems"]):
        yield Picture(
            "time",
            lambda width: time_picture(figures, width),
            _time_words(figures),
            time_tips(figures),
        )


def tells(figures: Figures, measure: str) -> bool:
    """Whether a picture of a measure shows anything: not where nobody's cost is known but of those who pay nothing."""
    systems = figures["systems"]
    there = [system for system in systems if shown(system, measure)]
    if MEASURES[measure].tiers == LARGE:
        alone = [system for system in systems if system["name"] == figures["top"]]
        if any(not shown(system, measure) for system in alone):
            return False
    return any(system["use"][measure] for system in there) or (
        bool(there) and len(there) == len(systems)
    )


def _point(system: Figures, measure: str) -> str:
    low, high = system["interval"]
    return f"{system['name']}: {system['accuracy']:.1%} ({low:.1%} to {high:.1%}) at {system['use'][measure]:.4g}"


def _time_words(figures: Figures) -> str:
    told = [(s["name"], s["use"]["seconds"]) for s in figures["systems"]]
    texts = [
        f"{name} {'unknown' if seconds is None else seconds_text(seconds)}"
        for name, seconds in told
    ]
    return f"Model time a question: {'; '.join(texts)}."


def page_pictures(figures: Figures) -> dict[str, dict[str, str]]:
    """By name and width (`wide`, `narrow`), each as an SVG element."""
    with themed():
        return {
            picture.name: {
                size: page_svg(
                    picture.draw(width), f"{picture.name}-{size}", picture.words, picture.tips
                )
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
                figure = _alone(picture, figures)
                for kind, how in _FORMATS.items():
                    file = folder / f"{_file_name(picture.name, figures)}.{kind}"
                    figure.savefig(file, **how)
                    files.append(file)
    except OSError as error:
        raise CopeError(
            f"cannot write to {folder}: {error.strerror}; name another folder with --figures"
        ) from None
    return files


def _alone(picture: Picture, figures: Figures) -> Any:
    """The picture with a heading that says of what it is."""
    title = (
        f"{figures['task']}, {figures['questions']:,} question{'s' * (figures['questions'] != 1)}"
    )
    title += f": {picture.system}" if picture.system else ""
    models = ", ".join(f"{tier} {model}" for tier, model in figures["models"].items())
    lines = [models, *picture.lines]
    return headed(picture.draw(WIDTHS[picture.size]), title, [line for line in lines if line])


def lines_of(figures: Figures, measure: str) -> Iterator[str]:
    """What the lines are, and whose the numbers."""
    grey = (
        "Grey line: no other system is as accurate for less"
        if len(best_systems(figures, measure)) > 1
        else ""
    )
    swept = len(swept_places(figures, measure)) > 1
    blue = f"pale blue: {figures['swept']['system']} at other thresholds" if swept else ""
    yield "; ".join(part for part in (grey, blue) if part)
    yield ", ".join(unnamed(figures, measure, WIDTHS["wide"]))


def _file_name(name: str, figures: Figures) -> str:
    """A picture's name with the system's in place of its number."""
    kind, _, number = name.partition("-")
    if not number.isdigit():
        return name
    system = figures["systems"][int(number)]["name"]
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in system)
    same = [s["name"] for s in figures["systems"]].count(system) > 1
    return f"{kind}-{safe}{f'-{number}' if same else ''}"

"""Pictures that are not drawn, for tests that look at no picture: drawing one takes up to half a second."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from cope.util.plotting import FORMATS


def write_empty_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let comparisons write empty files for their pictures."""
    monkeypatch.setattr("cope.report.plots.comparison.draw_comparison", _empty_comparison)


def write_empty_frontiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let compiles write empty files for their pictures."""
    monkeypatch.setattr("cope.optimize.compiler.output.draw_frontier", _empty_frontier)


def leave_pages_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a report's page name its pictures, and show empty ones; picture files are empty too."""
    from cope.report.plots import gallery

    def sketched(figures: Any) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for picture in gallery.plots_for(figures):
            found[picture.name] = {
                size: f'<svg id="{picture.name}-{size}"></svg>' for size in gallery.WIDTHS
            }
        return found

    monkeypatch.setattr("cope.report.page.page_plots", sketched)
    monkeypatch.setattr(gallery, "report_style", nullcontext)
    monkeypatch.setattr(gallery, "_standalone_figure", lambda plot, figures: _EmptyFigure())
    write_empty_pictures(monkeypatch)


class _EmptyFigure:
    """A figure that is saved as an empty file."""

    def savefig(self, file: Path, **how: Any) -> None:
        file.touch()


def _empty_comparison(comparison: Any, output: Path) -> list[Path]:
    return _touched([output.with_suffix(f".{kind}") for kind in FORMATS])


def _empty_frontier(result: Any, evaluated: Any, title: str, output: Path) -> list[Path]:
    from cope.optimize.compiler.frontier_plot import frontier_files

    return _touched(frontier_files(output))


def _touched(files: list[Path]) -> list[Path]:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return files

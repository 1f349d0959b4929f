"""Pictures that are not drawn, for tests that look at no picture: drawing one takes up to half a second."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from cope.report import page
from cope.report.plots.gallery import WIDTHS, plots_for


def write_empty_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let figures write empty files; one that is written to memory is drawn as ever."""
    savefig = Figure.savefig

    def written(self: Figure, file: Any, **how: Any) -> None:
        if isinstance(file, str | Path):
            Path(file).touch()
        else:
            savefig(self, file, **how)

    monkeypatch.setattr(Figure, "savefig", written)


def leave_pages_without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a report's page name its pictures, and show empty ones; picture files are empty too."""

    def sketched(figures: Any) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for picture in plots_for(figures):
            found[picture.name] = {
                size: f'<svg id="{picture.name}-{size}"></svg>' for size in WIDTHS
            }
        return found

    monkeypatch.setattr(page, "page_plots", sketched)
    write_empty_pictures(monkeypatch)

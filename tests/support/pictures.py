"""Pictures that are written and not drawn, for tests that look at no picture: drawing one takes half a second."""

from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure


def write_empty_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let figures write empty files; one that is written to memory is drawn as ever."""
    savefig = Figure.savefig

    def written(self: Figure, file: Any, **how: Any) -> None:
        if isinstance(file, str | Path):
            Path(file).touch()
        else:
            savefig(self, file, **how)

    monkeypatch.setattr(Figure, "savefig", written)

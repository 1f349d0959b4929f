"""Models are loaded in the order that takes the least memory."""

from pathlib import Path

import pytest

from cope import Team
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.loading import load_models


@pytest.mark.parametrize(("small", "large"), [(100, 900), (900, 100)])
def test_the_largest_weights_are_loaded_first(
    small: int, large: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    names: list[str] = []
    for name, size in (("small", small), ("large", large)):
        path = tmp_path / f"{name}.gguf"
        path.write_bytes(b"GGUF" + bytes(size))
        names.append(f"local/{path}")
    loaded: list[int] = []
    monkeypatch.setattr(
        EmbeddedEngine, "load", lambda self: loaded.append(Path(self.weights).stat().st_size)
    )
    load_models(Team(*names))
    assert loaded == [904, 104]

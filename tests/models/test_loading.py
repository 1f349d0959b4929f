"""Models take as little memory as their work allows."""

from pathlib import Path

import pytest

from cope import Team
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.loading import limit_slots, load_models


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


@pytest.mark.parametrize(
    ("models", "calls", "slots"),
    [
        (("local/small", "local/large"), {"small": 24, "large": 2}, [8, 2]),
        (("local/small", "local/large"), {"small": 1}, [1, 4]),
        (("local/small", "local/large"), {"large": 0}, [8, 1]),
        (("local/small", "local/small"), {"small": 3, "large": 2}, [5, 5]),
        (("ollama/a", "openai/b"), {"small": 3, "large": 2}, [None, None]),
    ],
)
def test_models_have_no_more_slots_than_calls_are_made_at_once(
    models: tuple[str, str], calls: dict[str, int], slots: list[int | None]
):
    team = Team(*models)
    limit_slots(team, calls)
    assert [getattr(team[tier].engine, "slots", None) for tier in ("small", "large")] == slots
    limits = [team[tier].lm.runtime.semaphore.size for tier in ("small", "large")]
    assert limits == [Team(*models)[tier].lm.runtime.semaphore.size for tier in ("small", "large")]

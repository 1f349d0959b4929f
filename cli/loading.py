"""Show on stderr how models are downloaded and loaded."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..models import Team
    from ..models.engines.base import LocalEngine


def load_models(
    team: "Team",
    tiers: Iterable[str] | None = None,
    *,
    load: Iterable[str] | None = None,
    quiet: bool = False,
    extra_lms: Iterable[Any] = (),
) -> None:
    """Download and load models, see `cope.models.loading.load_models`.

    With `quiet` only downloads are shown, because they take minutes.
    """
    from ..models import loading
    from ..models.weights.progress import DownloadBar

    callbacks = loading.LoadCallbacks(
        downloading=DownloadBar,
        loading=(lambda engine: nullcontext()) if quiet else _loading_message,
    )
    loading.load_models(team, tiers, load=load, extra_lms=extra_lms, callbacks=callbacks)


@contextmanager
def _loading_message(engine: "LocalEngine") -> Iterator[None]:
    """Print the model's name, and at the end the seconds that its load took."""
    from ..models.loading import engine_label

    start = time.perf_counter()
    print(f"loading {engine_label(engine)} ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        print(f" {time.perf_counter() - start:.1f} s", file=sys.stderr, flush=True)

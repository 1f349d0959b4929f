"""The settings of a run that is opened, which every tracking system takes."""

from collections.abc import Mapping
from typing import TypedDict


class RunSettings(TypedDict, total=False):
    """What may be said of a run besides its experiment, its name and its parameters.

    Attributes:
        tags: more facts about the run.
        run_id: an earlier run to resume; a new run is created when it does not exist any more.
        store: the store's address, see `store_uri`; None for the default one.
        traces: whether DSPy's calls are traced, which they are without this setting. The thousands
            of calls of a compile would flood the store.
    """

    tags: Mapping[str, str] | None
    run_id: str | None
    store: str | None
    traces: bool

"""The report: what a run, a record or a comparison came to, as one page and as figures.

`sources` reads all three into systems with records, `figures` counts, `details` holds every question's samples, `draw_...`
draws, and `page` puts it together. Nothing of it asks a model or the network.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .figures import figures_of
    from .page import is_report, page_of
    from .pictures import draw_files
    from .source import RoundView, Source, System
    from .sources import open_source

# Loaded on first use: matplotlib and Arrow take their time.
_HOMES = {
    "RoundView": ".source",
    "Source": ".source",
    "System": ".source",
    "draw_files": ".pictures",
    "figures_of": ".figures",
    "is_report": ".page",
    "open_source": ".sources",
    "page_of": ".page",
}

__all__ = [
    "RoundView",
    "Source",
    "System",
    "draw_files",
    "figures_of",
    "is_report",
    "open_source",
    "page_of",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.eval.report' has no attribute {name!r}")

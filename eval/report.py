"""Re-exports `cope.report` under its earlier name, for one version."""

import warnings
from importlib import import_module
from typing import Any

_NEW_NAMES = {
    "figures_of": "report_data",
    "page_of": "render_page",
    "Source": "ReportSource",
    "System": "ReportSystem",
}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    warnings.warn(
        "cope.eval.report is now cope.report: import it from there",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module("cope.report"), _NEW_NAMES.get(name, name))

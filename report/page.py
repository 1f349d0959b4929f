"""The page: one HTML file that contains its styles, script, plots and data, and loads nothing."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from ..util.redact import redact_data
from .details import question_index, question_parts
from .figures import ReportData, headline
from .plots.gallery import page_plots
from .sources.base import ReportSource

GENERATOR_TAG = '<meta name="generator" content="cope report">'
_SCRIPTS = (
    "base.js",
    "figures.js",
    "table.js",
    "breakdown.js",
    "flips.js",
    "filter.js",
    "list.js",
    "exchanges.js",
    "votes.js",
    "story.js",
    "question.js",
    "start.js",
)
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def render_page(source: ReportSource, figures: ReportData) -> Iterator[str]:
    """Yield the page in chunks, because a page with many samples is long.

    Args:
        source: the source of the report.
        figures: the result of `report_data`.
    """
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    slots = {
        "mark": GENERATOR_TAG,
        # The page loads nothing and runs only this script: text written by a model stays text.
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; "
        "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'",
        "title": html.escape(f"{source.task}: report"),
        "css": _asset("page.css"),
        "pictures": "\n".join(_plot_elements(page_plots(figures))),
        "figures": json_for_script({**figures, "headline": headline(figures)}),
        "index": json_for_script(question_index(source)),
        "script": script,
    }
    head, _, tail = _asset("page.html").partition("{{parts}}")
    yield _fill_template(head, slots)
    for part in question_parts(source):
        yield f'<script type="text/plain" class="part">{compress_json(part)}</script>\n'
    yield _fill_template(tail, slots)


def is_report(path: Path) -> bool:
    """Return whether a file is a report, which a new report may replace."""
    try:
        with path.open("rb") as file:
            return GENERATOR_TAG.encode() in file.read(2000)
    except OSError:
        return False


def json_for_script(value: Any) -> str:
    """Return plain data as JSON that is safe in a script element; NaN and infinities become null.

    >>> json_for_script({"a": "</script>"})
    '{"a":"\\\\u003c/script>"}'
    """
    text = json.dumps(replace_nan(value), ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def replace_nan(value: Any) -> Any:
    """Return plain data with None in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {name: replace_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replace_nan(inner) for inner in value]
    return value


def compress_json(value: Any) -> str:
    """Return plain data as JSON, compressed by gzip and encoded as Base64."""
    text = json.dumps(replace_nan(redact_data(value)), ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _plot_elements(found: dict[str, dict[str, str]]) -> Iterable[str]:
    for name, sizes in found.items():
        drawn = "".join(f'<div class="{size}">{svg}</div>' for size, svg in sizes.items())
        yield f'<div class="picture" data-picture="{html.escape(name)}">{drawn}</div>'


def _fill_template(template: str, values: dict[str, str]) -> str:
    """Fill all placeholders in one pass, so that inserted text is not searched for placeholders."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _asset(name: str) -> str:
    return resources.files(__package__ or "").joinpath("assets", name).read_text(encoding="utf-8")

"""The page: one HTML file with its styles, script, pictures and data inside, which asks nothing of any network."""

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

from .details import question_index, question_parts
from .figures import ReportData, headline
from .plots.gallery import page_plots
from .sources.base import ReportSource

GENERATOR_TAG = '<meta name="generator" content="cope report">'
_SCRIPTS = (
    "base.js",
    "figures.js",
    "table.js",
    "filter.js",
    "list.js",
    "votes.js",
    "question.js",
    "start.js",
)
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def render_page(source: ReportSource, figures: ReportData) -> Iterator[str]:
    """The page, piece by piece: with many samples it is long.

    Args:
        source: what is reported.
        figures: what `report_data` counted.
    """
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}\n}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    slots = {
        "mark": GENERATOR_TAG,
        # Nothing is loaded, and no script runs but this one: whatever a model wrote stays text.
        "policy": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'",
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
    """Whether a file is a page of ours, which a new one may replace."""
    try:
        with path.open("rb") as file:
            return GENERATOR_TAG.encode() in file.read(2000)
    except OSError:
        return False


def json_for_script(value: Any) -> str:
    """Plain data as JSON that can stand in a script element, whatever its texts say; what is not a number is null.

    >>> data({"a": "</script>"})
    '{"a":"\\\\u003c/script>"}'
    """
    text = json.dumps(replace_nan(value), ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def replace_nan(value: Any) -> Any:
    """Plain data in which NaN and infinities, which JSON does not know, are None."""
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, dict):
        return {name: replace_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [replace_nan(inner) for inner in value]
    return value


def compress_json(value: Any) -> str:
    """Plain data as JSON, compressed, in letters and digits: what the page unpacks when it is asked for it."""
    text = json.dumps(replace_nan(value), ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)).decode()


def _plot_elements(found: dict[str, dict[str, str]]) -> Iterable[str]:
    for name, sizes in found.items():
        drawn = "".join(f'<div class="{size}">{svg}</div>' for size, svg in sizes.items())
        yield f'<div class="picture" data-picture="{html.escape(name)}">{drawn}</div>'


def _fill_template(template: str, values: dict[str, str]) -> str:
    """The template with its slots filled in one go, so that what is filled in is not read again."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def _asset(name: str) -> str:
    return resources.files(__package__ or "").joinpath("assets", name).read_text(encoding="utf-8")

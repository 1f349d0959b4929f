"""Adapt matplotlib's SVG to a page: the page's colors, unique ids, and texts for screen readers."""

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from .theme import COLORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG, _LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_FONT = re.compile(r"font:\s*((?:[a-z]+ |\d{3} )*)([\d.]+)px [^;]*")
_FAMILY = re.compile(r"font-family:[^;]*")
_COLOR = re.compile("|".join(COLORS.values()))
_COLOR_NAMES = {value: name for name, value in COLORS.items()}
_URL = re.compile(r"url\(#([^)]*)\)")


def embed_svg(
    figure: "Figure", name: str, caption: str, tooltips: Mapping[str, str] | None = None
) -> str:
    """Return a figure as an SVG element of a page.

    Args:
        figure: a figure of matplotlib.
        name: unique in the page; every id in the plot begins with it.
        caption: the content of the plot as text, for screen readers.
        tooltips: the tooltips of marks, by their ids.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    root = ElementTree.fromstring(file.getvalue())
    for element in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(element)
    _add_tooltips(root, tooltips or {})
    _adapt_to_page(root, name)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": caption}
    return ElementTree.tostring(root, encoding="unicode")


def _add_tooltips(root: ElementTree.Element, tooltips: Mapping[str, str]) -> None:
    for element in root.iter():
        mark = element.get("id")
        if mark and mark in tooltips:
            title = ElementTree.Element(f"{{{_SVG}}}title")
            title.text = tooltips[mark]
            element.insert(0, title)
            element.set("class", "mark")
            element.set("data-mark", mark)


def _adapt_to_page(root: ElementTree.Element, name: str) -> None:
    """Make ids unique in the page, and replace colors by variables of the page."""
    style = f"{{{_SVG}}}style"
    for element in root.iter():
        if element.tag == style:
            element.text = ""  # line joins, which the page's style sheet sets
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == f"{{{_LINK}}}href":
                element.set(key, value.replace("#", f"#{name}-", 1))
            else:
                if key == "style":
                    value = _use_page_variables(value)
                element.set(key, _URL.sub(rf"url(#{name}-\1)", value))


def _use_page_variables(style: str) -> str:
    style = _FONT.sub(r"font: \1\2px var(--sans)", style)
    style = _FAMILY.sub("font-family: var(--sans)", style)
    return _COLOR.sub(lambda found: f"var(--{_COLOR_NAMES[found[0]]})", style)

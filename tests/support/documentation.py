"""The pages of docs/ with their generated parts."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def generator(module: str) -> Any:
    """Return a module of docs/generate, which is no package."""
    folder = str(DOCS / "generate")
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module(module)


def filled_page(name: str) -> str:
    """Return a page, such as `reference/names`, with its generated parts."""
    return generator("parts").fill((DOCS / f"{name}.md").read_text(encoding="utf-8"))

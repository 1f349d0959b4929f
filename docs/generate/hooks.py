"""Hooks of mkdocs: generated parts, pages from the root, the order of sections."""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from parts import fill

ROOT = Path(__file__).parents[2]
FROM_ROOT = {"CONTRIBUTING.md": "contributing.md", "benchmarks/README.md": "benchmarks.md"}
"""Files of the repository that are pages too, with their place among the pages."""
SECTIONS = ("Index", "Tutorial", "How to", "Reference", "Explanation")
"""The order of the sections; other pages follow."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from the root."""
    for source, page in FROM_ROOT.items():
        content = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the generated parts, and let links to files of the root lead to their pages."""
    here = Path(page.file.src_uri)
    depth = "../" * (len(here.parts) - 1)
    for source, target in FROM_ROOT.items():
        markdown = re.sub(rf"\]\((?:\.\./)+{re.escape(source)}", f"]({depth}{target}", markdown)
    if page.file.src_uri in FROM_ROOT.values():
        markdown = re.sub(r"\]\((?:\.\./)?docs/", "](", markdown)
    return fill(markdown)


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """Order the sections."""

    def rank(item: object) -> int:
        title = getattr(item, "title", None) or "Index"
        return SECTIONS.index(title) if title in SECTIONS else len(SECTIONS)

    nav.items.sort(key=rank)
    return nav

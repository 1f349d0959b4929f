"""The snippets of a page of documentation: its Python and its commands, in order.

A comment `<!-- not run: REASON -->` in front of a block keeps it from being run, for example because it starts a server.
Its commands are still checked against the options that exist, and its Python is compiled. A comment
`<!-- first: cope ... -->` is a command that the page takes for granted.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from cope.cli.main import app

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    .*\n(?:\n(?=    ))?)+", re.MULTILINE)
_NOT_RUN = re.compile(r"<!-- not run: .+? -->\s*\Z")
_FIRST = re.compile(r"^<!-- first: (cope .*) -->$", re.MULTILINE)
_PATTERN = re.compile(r"\b[A-Z]{2,}\b|\bN\b|\.\.\.-|-\.\.\.|[\s/]\.\.\.$")
"""Placeholders such as NAME, N or `.cope/eval/mt-bench-cope-...`: such a command shows a form."""
SHELL = ("sh", "console", "bash")


@dataclass
class Snippet:
    """A block of a page.

    Attributes:
        language: `python`, `toml` or `sh`.
        text: its lines.
        file: the name that a first line such as `# mine.toml` gives it.
        runs: whether it is run.
    """

    language: str
    text: str
    file: str = ""
    runs: bool = True
    commands: list[str] = field(default_factory=list)


def snippets(page: Path) -> Iterator[Snippet]:
    """Yield the snippets of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found: list[tuple[int, Snippet]] = []
    for match in _FENCE.finditer(text):
        body = re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
        runs = not _NOT_RUN.search(text[: match.start()])
        named = re.match(r"# ([\w.-]+\.(?:py|toml|json|csv|txt))\n", body)
        snippet = Snippet(match[2], body, named[1] if named else "", runs)
        if match[2] in SHELL:
            snippet.commands = commands(body)
        found.append((match.start(), snippet))
    blank = _FENCE.sub(lambda match: re.sub(r"[^\n]", "x", match[0]), text)
    for match in _INDENTED.finditer(blank):
        runs = not _NOT_RUN.search(text[: match.start()])
        lines = re.sub("^    ", "", match[0], flags=re.MULTILINE)
        found.append((match.start(), Snippet("sh", lines, "", runs, commands(lines))))
    for match in _FIRST.finditer(text):
        found.append((match.start(), Snippet("sh", match[1], commands=[match[1]])))
    for _, snippet in sorted(found, key=lambda pair: pair[0]):
        yield snippet


def commands(text: str) -> list[str]:
    """Return the commands of a block that run `cope`, each on one line."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = split(line)
        if "cope" in words and re.match(r"(?:[A-Z_]+=\S+ |.*\| *|.*&& *)?(?:uv run )?cope ", line):
            found.append(line)
    return found


def split(line: str) -> list[str]:
    """Return the words of a line, without its comment; none if it is no command."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


def words_of(command: str) -> list[str]:
    """Return the words after `cope`."""
    words = split(command)
    return words[words.index("cope") + 1 :]


def shows_a_form(command: str) -> bool:
    """Return whether a command has placeholders, such as NAME."""
    return any(_PATTERN.search(word) for word in words_of(command) if " " not in word)


def check_options(command: str) -> None:
    """Raise `click.UsageError` for a command or an option that does not exist, or a wrong choice."""
    words = words_of(command)
    group: click.Command = app
    context = click.Context(app)
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        name, found, words = group.resolve_command(context, words)
        assert found is not None, name
        group, context = found, click.Context(found, info_name=name)
    values, _, _ = group.make_parser(context).parse_args(list(words))
    for parameter in group.params:
        value = values.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(value, str):
            parameter.type.convert(value, parameter, context)

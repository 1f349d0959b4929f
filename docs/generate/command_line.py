"""Describe the command line from click's own tree of commands."""

from collections.abc import Iterator

import click

from cope.cli.main import app

SETTINGS = {"max_content_width": 110}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield all commands with their names as typed, such as `cope models pull`."""
    yield from _commands("cope", app)


def _commands(path: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            continue
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(f"{path} {name}", command)


def command_line() -> str:
    """Return a section for each command: what it does, its usage and its options."""
    return "\n\n".join(_section(path, command) for path, command in commands())


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    text = (command.help or "").replace("\b", "").strip()
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            rows.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |")
    table = "\n".join(["| option | effect |", "|---|---|", *rows])
    return f"## {path}\n\n```text\n{usage}\n```\n\n{_plain(text)}\n\n{table}"


def _cell(text: str) -> str:
    return _plain(" ".join(text.split())).replace("|", r"\|")


def _plain(text: str) -> str:
    """Return a text in which Markdown finds neither tags nor emphasis."""
    return text.replace("<", "&lt;").replace("*", r"\*")

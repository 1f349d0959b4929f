"""Options that map the columns of a user's table to questions, for every command with --data."""

from collections.abc import Iterable
from typing import Any

from .option_types import option
from .options import Command
from .output import notify

_OPTIONS = {
    "question": option("--question", metavar="COLUMN", help="Column of --data with the question."),
    "answer": option("--answer", metavar="COLUMN", help="Column with the right answer."),
    "id": option("--id", metavar="COLUMN", help="Column with the name of each row."),
    "choices": option(
        "--choices",
        metavar="COLUMN|A,B,C",
        help="Column with the options of each question, or the options of all. They are shown "
        "below the question.",
    ),
    "template": option(
        "--template",
        metavar="TEXT",
        help="The question from several columns, such as 'Customer: {text}\\nWhich team?'.",
    ),
}


def columns_options(command: Command) -> Command:
    """Add the options of all fields of a `ColumnMapping` to a command."""
    return _add(command, _OPTIONS)


def question_options(command: Command) -> Command:
    """Add the options that make a question, for a command without right answers."""
    return _add(command, ("question", "choices", "template"))


def _add(command: Command, names: Iterable[str]) -> Command:
    for name, column in reversed(_OPTIONS.items()):
        if name in names:
            command = column(command)
    return command


def take_columns(values: dict[str, Any], into: str = "columns") -> None:
    """Replace the options of columns by the mapping that they name, and print it.

    Args:
        values: the values of all options.
        into: the name of the mapping; it is None without any of the options.

    Raises:
        CopeError: see `ColumnMapping.from_options`.
    """
    from ..eval.tasks.columns import ColumnMapping

    given = {name: values.pop(name) for name in _OPTIONS if name in values}
    mapping = ColumnMapping.from_options(values.get("data"), **given)
    if mapping is not None:
        notify(f"{values['data']}: {mapping.describe()}")
    values[into] = mapping

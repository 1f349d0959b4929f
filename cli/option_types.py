"""Types and callbacks of options: how the text of an option becomes a value."""

from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path
from typing import Any

import click

from ..errors import CopeError
from ..models.prices import Price
from ..util.text import parse_share

option = partial(click.option, show_default=True)
"""Return an option whose help text ends with its default, if it has one."""

PATH = click.Path(path_type=Path)

flag = partial(option, is_flag=True)
count = partial(option, type=click.IntRange(1), metavar="N")
usd = partial(option, type=click.FloatRange(0), metavar="USD")
file = partial(option, type=PATH, metavar="FILE")


class Share(click.ParamType):
    """A share, as `2%` or `0.02`."""

    name = "share"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return parse_share(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a share, as in 2% or 0.02", param, ctx)


class NameValue(click.ParamType):
    """A pair `NAME=VALUE`.

    Args:
        read: parses the value; a ValueError or a CopeError refuses it.
    """

    name = "assignment"

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not (name and equals and text):
            example = "0.15/0.60" if self.read == Price.parse else "4"
            self.fail(f"{value!r} is not NAME=VALUE, as in small={example}")
        try:
            return name, self.read(text)
        except CopeError as error:
            self.fail(str(error), param, ctx)
        except ValueError:
            self.fail(f"{text!r} is not a number above 0", param, ctx)


class Thresholds(click.ParamType):
    """Thresholds as `0.75,0.5`: one for each round that has one, in order."""

    name = "thresholds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        try:
            thresholds = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            thresholds = ()
        if not thresholds or not all(0 < number <= 1 for number in thresholds):
            self.fail(f"{value!r} must be numbers above 0 and up to 1, as in 0.75,0.5", param, ctx)
        return thresholds


def as_dict(
    context: click.Context, parameter: click.Parameter, pairs: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    """Return the pairs of a repeatable `NameValue` option as a dict."""
    return dict(pairs)


def negated(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    """Return the opposite of a flag, for options such as --no-cache."""
    return not value


def or_empty(
    context: click.Context, parameter: click.Parameter, value: tuple[float, ...] | None
) -> tuple[float, ...]:
    """Return an empty tuple for an option that is not set."""
    return value or ()


class CommaSeparated(click.ParamType):
    """Names as `a,b,c`."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


def assignments(*names: str, read: Callable[[str], Any], help: str, **how: Any) -> Any:
    """Return a repeatable option of pairs `NAME=VALUE`, which arrive as one dict."""
    how |= {"multiple": True, "type": NameValue(read), "callback": as_dict}
    return option(*names, help=f"{help} Repeatable.", **how)


def decorated(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the decorator that applies several, the last one first."""
    return lambda command: reduce(lambda made, one: one(made), reversed(decorators), command)

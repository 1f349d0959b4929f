"""The commands on a scripted pair that is unsure, as a user types them."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from click.testing import CliRunner

from cope.cli import options
from cope.cli.main import app
from cope.models import Price
from support.recordings import unsure


def scripted_commands(
    monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any], modules: Iterable[Any]
) -> Any:
    """Give the commands of these modules a scripted team in which only large has a price."""
    made = scripted(unsure, prices={"large": Price(1, 2)})
    for module in modules:
        monkeypatch.setattr(
            module, "make_team", lambda given: options.make_team(given) and made.team
        )
        monkeypatch.setattr(module, "prepare", lambda *args, **kwargs: None)
    return made


def cope(*words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> Any:
    result = cope(*words)
    assert result.exit_code == 0, result.output
    return result

"""The commands on a scripted pair that is unsure, as a user types them."""

from collections.abc import Callable
from typing import Any

import pytest

from cope.models import Price
from support.commands import cope as cope, done as done, give_team
from support.recordings import unsure


def scripted_commands(monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]) -> Any:
    """Give the commands a scripted team in which only large has a price."""
    made = scripted(unsure, prices={"large": Price(1, 2)})
    give_team(monkeypatch, lambda options: made.team)
    return made

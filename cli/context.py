"""What every command gets from outside: how a team is made, and how its models are loaded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import click

from .loading import load_models

if TYPE_CHECKING:
    from ..models import Team
    from ..programs.options import TeamOptions
    from ..tracking import Tracker


class LoadModels(Protocol):
    """Load the models of some tiers, see `cope.cli.loading.load_models`."""

    def __call__(
        self,
        team: "Team",
        tiers: Iterable[str] | None = None,
        *,
        load: Iterable[str] | None = None,
        quiet: bool = False,
        extra_lms: Iterable[Any] = (),
    ) -> None: ...


def _resolve_team(options: "TeamOptions") -> "Team":
    from ..programs.resolve import resolve_team

    return resolve_team(options)


def _mlflow_tracker() -> "Tracker":
    from ..tracking import MlflowTracker

    return MlflowTracker()


@dataclass(frozen=True)
class AppContext:
    """Hold what a command takes from outside; a test gives its own as `obj` of the application.

    Attributes:
        make_team: builds the team that options name.
        load_models: downloads and loads the team's models.
        tracker: keeps the runs of evaluations, comparisons and compiles.
    """

    make_team: "Callable[[TeamOptions], Team]" = _resolve_team
    load_models: LoadModels = load_models
    tracker: "Tracker" = field(default_factory=_mlflow_tracker)


pass_app = click.make_pass_decorator(AppContext, ensure=True)
"""Pass the running application's `AppContext` as a command's first argument."""

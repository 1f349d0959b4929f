"""Start the server that options name, in this process or in several."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ..models import Team
from ..programs.options import TeamOptions
from ..programs.resolve import Notify
from .record import RecordOptions, TrafficRecorder
from .run import run_server
from .setup import ServerSetup
from .tracing import traced_service
from .workers import run_workers

if TYPE_CHECKING:
    from ..tracking import Tracker


def run_setup(
    setup: ServerSetup,
    make_team: Callable[[TeamOptions], Team],
    load_models: Callable[[Team, Iterable[str]], Any],
    tracker: "Tracker",
    notify: Notify,
) -> None:
    """Serve until Ctrl-C or SIGTERM, see `run_server` and `run_workers`.

    Args:
        setup: what the server is made of.
        make_team: builds the team; several processes build their own.
        load_models: loads the models of some tiers.
        tracker: keeps the traces, where there are any.
        notify: receives lines about the program, the address and the end.

    Raises:
        CopeError: for options that do not fit together, and see `run_server` and `run_workers`.
    """
    access = setup.access()
    team = make_team(setup.team)
    service = setup.service(team, notify)
    if setup.options.workers > 1:
        run_workers(setup, service, access, tracker, notify)
        return
    what = RecordOptions.of(setup.record, setup.audit, setup.team, setup.program)
    recorder = what and TrafficRecorder(service, what, access, notify)
    load = partial(load_models, team, service.program.preset.tiers)
    with traced_service(service, tracker if setup.traces else None, setup.traces):
        run_server(service, setup.options, access, notify, load, recorder)

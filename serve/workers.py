"""Serve by several processes on one port, because one process of Python uses one processor core."""

from functools import partial
from typing import TYPE_CHECKING

from ..programs.resolve import Notify
from ..util.libraries import libraries_are_silent
from .access import Access, check_prices
from .listen import listen_for_workers
from .metrics import forget_process, shared_metrics
from .run import serving_line
from .service import Service
from .setup import ServerSetup
from .shares import setups_of_workers
from .supervisor import Supervisor
from .worker import work

if TYPE_CHECKING:
    from ..tracking import Tracker

LEEWAY = 10.0
"""Seconds after the time for running requests in which a process has to end."""


def run_workers(
    setup: ServerSetup, service: Service, access: Access, tracker: "Tracker", notify: Notify
) -> None:
    """Serve by several processes until Ctrl-C or SIGTERM, then let each finish what it runs.

    All limits are those of the whole server: money, requests a minute and requests in flight of a
    key are counted in the file of the keys, and each process has its share of the others. Each
    builds the service anew.

    Args:
        setup: what the server is made of.
        service: the service, whose options are checked before a process is started.
        access: keys and budget.
        tracker: keeps the traces, where there are any.
        notify: receives a line with the address, one for each process that is replaced, and one
            when the server has stopped.

    Raises:
        CopeError: when several processes cannot serve that, the address cannot be used, money is
            limited and a price is not known, or a process cannot start.
    """
    setups = setups_of_workers(setup, service)
    check_prices(access, service.program)
    if setup.traces is not None:
        tracker.check(setup.traces)  # makes its tables, which several processes cannot
    listeners = listen_for_workers(setup.options.host, setup.options.port, len(setups))

    def close_listeners() -> None:
        for listener in listeners:
            listener.close()

    jobs = []
    for one, listener in zip(setups, listeners, strict=True):
        jobs.append(partial(work, one, listener, libraries_are_silent()))
    try:
        with shared_metrics():
            supervisor = Supervisor(
                jobs,
                notify,
                patience=setup.options.grace + LEEWAY,
                on_stop=close_listeners,  # so that no client waits for a process that has ended
                on_end=forget_process,
            )
            supervisor.run(lambda: notify(serving_line(service, listeners[0])))
    finally:
        close_listeners()
    notify("stopped")

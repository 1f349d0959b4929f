"""The limits of a server, divided among its processes."""

from dataclasses import replace

from ..errors import CopeError
from ..models.loading import is_embedded
from .service import Service
from .setup import ServerSetup


def share(whole: int, workers: int, number: int) -> int:
    """Return the part of a limit that one of several processes has.

    Args:
        whole: the limit of the server.
        workers: the number of processes.
        number: which of them, counted from 0.

    >>> [share(64, 3, number) for number in range(3)]
    [22, 21, 21]
    """
    return whole // workers + (number < whole % workers)


def setups_of_workers(setup: ServerSetup, service: Service) -> list[ServerSetup]:
    """Return what each process is made of: its parts of the limits add up to the whole.

    Args:
        setup: the whole server, with the number of processes.
        service: the whole service.

    Raises:
        CopeError: when several processes cannot serve that, or a limit is too small for all.
    """
    options, team = setup.options, service.program.team
    count = options.workers
    _check_models(setup, service)
    at_once = options.at_once or max(count, service.program.concurrency())
    if at_once < count:
        raise CopeError(
            f"--at-once {at_once} is too little for --workers {count}: each answers one at least"
        )
    limits = {name: tier.lm.runtime.semaphore.size for name, tier in team.tiers.items()}
    for name, limit in limits.items():
        if limit < count:
            raise CopeError(
                f"--workers {count} cannot share {limit} requests in flight of {name}: give "
                f"--in-flight {name}={count} or more, or fewer workers"
            )
    setups = []
    for number in range(count):
        parts = {name: share(limit, count, number) for name, limit in limits.items()}
        shared = replace(
            options,
            at_once=share(at_once, count, number),
            queue=share(options.queue, count, number),
        )
        setups.append(replace(setup, options=shared, team=replace(setup.team, limits=parts)))
    return setups


def _check_models(setup: ServerSetup, service: Service) -> None:
    if setup.record is not None:
        raise CopeError("--record is written by one process: leave out --record or --workers")
    for name, tier in service.program.team.tiers.items():
        if is_embedded(tier.engine):
            raise CopeError(
                f"each of {setup.options.workers} workers would load {tier.model}, the model of "
                f"the tier {name}: let a server such as Ollama run it (ollama/NAME), or leave out "
                "--workers"
            )

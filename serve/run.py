"""Run a server until it is interrupted."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable
from functools import partial

import dspy
import uvicorn
from fastapi import FastAPI
from starlette.middleware import Middleware

from ..programs.resolve import Notify
from .access import Access, check_prices
from .app import make_app
from .draining import DrainingServer
from .http_protocol import PatientProtocol
from .listen import listen
from .options import ServeOptions
from .own_hosts import OwnHosts, own_names
from .places import LOADING, READY, Places
from .record import TrafficRecorder
from .service import Service

GC_THRESHOLDS = (20_000, 20, 20)
"""As for `gc.set_threshold`: how many new objects, and young and middle collections, start one."""

MOST_CACHED = 10_000
"""Replies that DSPy's cache holds in memory; its own limit would let a server grow for days."""


def run_server(
    service: Service,
    options: ServeOptions,
    access: Access | None,
    notify: Notify,
    load: Callable[[], None] | None = None,
    recorder: TrafficRecorder | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish running requests, and cancel what takes too long.

    Models are loaded while the server runs already: `/healthz` answers, `/readyz` and requests get
    status 503.

    Args:
        service: answers the questions.
        options: address and limits.
        access: keys and budget; None lets every request in.
        notify: receives a line with the address, and one when the server has stopped.
        load: loads the models; None when they are loaded.
        recorder: records the requests; None for no record.
        listener: the bound socket of this process, one of several; None binds to the address.

    Raises:
        CopeError: when the address cannot be used, a model cannot be loaded, or money is limited
            and a price is not known.
    """
    if access is not None:
        check_prices(access, service.program)
    dspy.configure_cache(
        enable_disk_cache=dspy.cache.enable_disk_cache,
        enable_memory_cache=dspy.cache.enable_memory_cache,
        memory_max_entries=MOST_CACHED,
    )
    shares_port = listener is not None
    listener = listener or listen(options.host, options.port)
    app = make_app(service, options, access, recorder=recorder)
    if access is None or not access.needs_key:
        app.user_middleware.append(Middleware(OwnHosts, names=own_names(options)))
    server = make_server(app, options)
    if shares_port:
        listener.listen(server.config.backlog)  # from now on clients wait for this process
    notify(serving_line(service, listener))
    _collect_garbage_seldom()
    asyncio.run(_serve(server, listener, app.state.places, load))
    notify("stopped")


def serving_line(service: Service, listener: socket.socket) -> str:
    """Return the line that says what is served, and where."""
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    return f"serving {', '.join(service.model_names[:3])} ... at http://{host}:{port}/v1"


def make_server(app: FastAPI, options: ServeOptions) -> uvicorn.Server:
    """Return the server of an application, which listens when it is started."""
    config = uvicorn.Config(
        app,
        http=partial(PatientProtocol, options.patience),  # pyright: ignore[reportArgumentType]
        log_level="warning",
        access_log=False,
        lifespan="off",  # the application has none, and a second signal would print its end
        timeout_graceful_shutdown=1,  # it has waited for the running requests already
        server_header=False,
    )
    return DrainingServer(config, app.state.places, options.grace)


async def _serve(
    server: uvicorn.Server, listener: socket.socket, places: Places, load: Callable[[], None] | None
) -> None:
    """Serve, and load the models in a thread that does not outlive the server."""
    loop = asyncio.get_running_loop()
    failed: list[BaseException] = []

    def loaded(error: BaseException | None) -> None:
        if error is not None:
            failed.append(error)
            server.should_exit = True
        elif places.state == LOADING:
            places.state = READY

    def work(load: Callable[[], None]) -> None:
        error: BaseException | None = None
        try:
            load()
        except BaseException as raised:  # raised again below, in the main thread
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(loaded, error)

    if load is not None:
        places.state = LOADING
        threading.Thread(target=work, args=(load,), name="cope-load", daemon=True).start()
    await server.serve([listener])
    if failed:
        raise failed[0]


def _collect_garbage_seldom() -> None:
    """Leave the modules out of garbage collections, which would hold up all requests for long.

    A collection of all objects takes a tenth of a second where DSPy and MLflow are loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)

"""One of several processes that answer together."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import traceback
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from ..models.error_text import describe_error
from ..programs.resolve import ignore, resolve_team
from ..util.libraries import silence_libraries
from ..util.redact import redact_error
from ..util.streams import open_missing_streams
from ..util.text import one_line
from .metrics import drop_shared_metrics
from .run import run_server
from .setup import ServerSetup
from .tracing import traced_service

if TYPE_CHECKING:
    from ..tracking import Tracker


def work(setup: ServerSetup, listener: socket.socket, silent: bool, report: Connection) -> None:
    """Serve on a socket until SIGTERM, or until the process that started this one has ended.

    Args:
        setup: what the server is made of, with the limits of this process.
        listener: the bound socket.
        silent: whether the libraries' warnings and logs are turned off.
        report: receives None when the process answers, or a line that says why it cannot.
    """
    open_missing_streams()
    _leave_terminal()
    _stop_with_parent()
    if silent:
        silence_libraries()
    said: list[str] = []

    def notify(line: str) -> None:
        if not said:  # the first line is the one with the address
            report.send(None)
        said.append(line)

    try:
        service = setup.service(resolve_team(setup.team), ignore)
        with traced_service(service, _tracker(setup), setup.traces):
            run_server(service, setup.options, setup.access(), notify, listener=listener)
    except Exception as error:
        if said:
            raise
        if not silent:
            traceback.print_exc()
        text = describe_error(error) or f"unexpected {type(error).__name__}: {error}"
        report.send(one_line(redact_error(text)))
        sys.exit(1)
    finally:
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            drop_shared_metrics()


def _tracker(setup: ServerSetup) -> "Tracker | None":
    if setup.traces is None:
        return None
    from ..tracking import MlflowTracker

    return MlflowTracker()


def _leave_terminal() -> None:
    """Leave Ctrl-C to the process that started this one, which says when to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):  # not on Windows
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # some terminals stop other groups that write
        os.setpgrp()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _stop_with_parent() -> None:
    """Stop as after SIGTERM when the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        wait([sentinel])
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="cope-parent", daemon=True).start()

"""The folder in which a compile keeps what it has done: found again by its settings, and named when the work ends early."""

import logging
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..errors import CopeError
from ..optimize.compiler.store import CALLS, STARTED, check_free

_TERMINATED = 143  # exit status after SIGTERM, as shells have it


def find_folder(settings: dict[str, Any], options: Mapping[str, Any]) -> Path:
    """The compile's folder; what is there already is gone on with, or forgotten, only when the user says so.

    Raises:
        CopeError: when an earlier compile is there and the user says neither, or another one is writing to it.
    """
    from ..util.hashing import digest

    name = f"{settings['task']}-{settings['preset']}-{settings['optimizer']}-{digest(settings)[:8]}"
    folder: Path = options["runs"] / name
    check_free(folder)
    if options["dry_run"]:
        if options["fresh"] and (folder / CALLS).exists():
            click.echo(f"a dry run forgets nothing, so --fresh leaves {folder} as it is", err=True)
    elif (folder / STARTED).exists() and not (options["resume"] or options["fresh"]):
        raise CopeError(
            f"an earlier compile like this one is in {folder}: go on with --resume, or start anew with --fresh"
        )
    return folder


@contextmanager
def kept(folder: Path) -> Iterator[None]:
    """Whatever ends the work inside, say where what is done lies and how to go on."""
    (folder / STARTED).touch()
    try:
        with _terminated_like_interrupted():
            yield
    except BaseException as error:
        if not isinstance(
            error, Exception
        ):  # threads that DSPy leaves behind would tell that they were stopped
            logging.getLogger("dspy").setLevel(logging.CRITICAL)
        click.echo(
            f"what is done is kept in {folder}: the same command with --resume goes on", err=True
        )
        raise


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does, in DSPy's threads too, with an exit status of its own."""
    told: list[int] = []

    def interrupt(number: int, _: object) -> None:
        told.append(number)
        if not callable(
            signal.getsignal(signal.SIGINT)
        ):  # it is ignored, as in a shell's background
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread, where signals arrive
        yield
        return
    try:
        yield
    except KeyboardInterrupt:
        if told:
            raise SystemExit(_TERMINATED) from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)

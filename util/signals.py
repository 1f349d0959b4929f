"""Let the signals of a closing terminal or session end a command like Ctrl-C."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_INTERRUPTING = ("SIGINT", *_NAMES)
_unreported: list[str] = []


def interruption() -> str:
    """Return once what ends this command: the signal that came first, or Ctrl-C."""
    return _unreported.pop() if _unreported else "Ctrl-C"


def interrupt_on_closing_signals() -> None:
    """Treat the first SIGTERM or SIGHUP of this process as Ctrl-C, unless it has another handler.

    Later ones are ignored, because a closing session sends several while the work is being saved.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        received.append(number)
        if len(received) > 1:
            return
        _unreported[:] = [signal.Signals(number).name]
        if not callable(signal.getsignal(signal.SIGINT)):
            raise KeyboardInterrupt  # SIGINT is ignored, as in a shell's background
        # DSPy has a handler of its own while its threads work.
        signal.raise_signal(signal.SIGINT)

    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, interrupt)


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Handle the signals that interrupt the main thread at the end of a block, not inside it.

    For code that an exception between two statements would leave in a state without a way back. In
    other threads it changes nothing, because signals never interrupt them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []
    handlers = {}
    for name in _INTERRUPTING:
        number = getattr(signal, name, None)
        if number is not None and callable(signal.getsignal(number)):
            handlers[number] = signal.signal(number, lambda n, _: received.append(n))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(received):
            signal.raise_signal(number)

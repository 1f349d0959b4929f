"""Let the signals of a closing terminal or session end a command like Ctrl-C."""

import signal
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
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

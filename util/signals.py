"""Let the signals of a closing terminal or session end a command like Ctrl-C."""

import signal
from types import FrameType

_NAMES = ("SIGTERM", "SIGHUP")  # Windows has no SIGHUP
_received: list[int] = []


def interruption() -> str:
    """Return what ends this command: the first signal that came, or Ctrl-C."""
    return signal.Signals(_received[0]).name if _received else "Ctrl-C"


def interrupt_on_closing_signals() -> None:
    """Treat the first SIGTERM or SIGHUP of this process as Ctrl-C, unless it has another handler.

    Later ones are ignored, because a closing session sends several while the work is being saved.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        _received.append(number)
        if len(_received) > 1:
            return
        if not callable(signal.getsignal(signal.SIGINT)):
            raise KeyboardInterrupt  # SIGINT is ignored, as in a shell's background
        # DSPy has a handler of its own while its threads work.
        signal.raise_signal(signal.SIGINT)

    for name in _NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, interrupt)

"""Signals that interrupt a command."""

import signal
import threading

import pytest

from cope.util.signals import defer_interrupts


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_in_a_block_that_defers_it_is_handled_once_after_it(name: str):
    number = getattr(signal, name)
    handled: list[int] = []
    before = signal.signal(number, lambda n, _: handled.append(n))
    try:
        with defer_interrupts():
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert handled == []
        assert handled == [number]
        signal.raise_signal(number)
        assert handled == [number, number]
    finally:
        signal.signal(number, before)


def test_ctrl_c_in_the_block_interrupts_after_what_it_does():
    done: list[str] = []

    def work() -> None:
        with defer_interrupts():
            signal.raise_signal(signal.SIGINT)
            done.append("all of it")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["all of it"]


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with defer_interrupts():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_defer_nothing_because_no_signal_reaches_them():
    done: list[bool] = []

    def work() -> None:
        with defer_interrupts():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]

"""Run a judge with a ledger, so that an interrupted judgement resumes and asks nothing twice."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...models import Ledger, Usage, metered, use_ledger
from ...programs.judge import Judge
from ...util.lock import lock_directory
from ...util.text import format_usd, plural
from .pairs import AnswerPair, JudgedPair, judge_pairs

CALLS_FILE = "calls.jsonl"


@contextmanager
def judging_ledger(folder: Path) -> Iterator[Ledger]:
    """Open the calls of a judgement; a call that an earlier run made is not made again.

    Args:
        folder: the folder, which is locked.

    Raises:
        CopeError: when another process judges into it, or it cannot be written.
    """
    lock = lock_directory(folder, "judgement")
    try:
        ledger = Ledger(folder / CALLS_FILE)
        try:
            with use_ledger(ledger):
                yield ledger
        finally:
            ledger.close()
    finally:
        lock.release()


@dataclass(frozen=True)
class Judgement:
    """Judged pairs, and what the judge's calls used.

    Attributes:
        pairs: the pairs, in order.
        usage: the usage of the judge.
    """

    pairs: list[JudgedPair]
    usage: Usage


def judge_in_folder(judge: Judge, pairs: Sequence[AnswerPair], folder: Path) -> Judgement:
    """Judge pairs with the calls in a folder."""

    async def run() -> list[JudgedPair]:
        return await judge_pairs(judge, pairs)

    with judging_ledger(folder), metered() as meter:
        judged = asyncio.run(run())
    return Judgement(judged, meter.total())


def usage_line(usage: Usage) -> str:
    """Return what a judge used, as a line."""
    cost = "at an unknown price"
    if usage.usd is not None and not usage.unpriced:
        cost = f"for {format_usd(usage.usd)}"
    tokens = "an unknown number of" if usage.prompt_tokens is None else f"{usage.prompt_tokens:,}"
    return f"the judge answered {plural(usage.calls, 'call')} and read {tokens} tokens, {cost}"

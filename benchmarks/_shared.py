"""Shared by the benchmarks: questions, tables, ratios, and calls from which a run resumes."""

import asyncio
import json
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


def say(text: str) -> None:
    """Print progress to stderr."""
    print(text, file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Format rows as aligned columns; a number has three digits or more.

    >>> print(table(["way", "ms"], [["bare", 20.25], ["ours", None]]))
    way   ms
    bare  20.2
    ours  unknown
    """
    cells = [[str(c) if isinstance(c, str) else _number(c) for c in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def _number(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


@dataclass(frozen=True)
class Ratio:
    """A ratio measured several times in one run: its median and range."""

    what: str
    median: float
    low: float
    high: float
    aim: str = ""

    @classmethod
    def of(cls, what: str, values: Sequence[float], aim: str = "") -> "Ratio":
        """Return the median and range of some ratios; raise StatisticsError when there are none."""
        return cls(what, statistics.median(values), min(values), max(values), aim)

    def __str__(self) -> str:
        span = f" ({self.low:.2f} to {self.high:.2f})" if self.low != self.high else ""
        return f"{self.what}: {self.median:.2f}{span}{f', aim {self.aim}' if self.aim else ''}"


def finish(
    as_json: bool, header: Sequence[str], rows: Sequence[Sequence[Any]], ratios: Sequence[Any]
) -> None:
    """Print the results: a table and a line for each ratio, or one JSON document.

    Raises:
        ValueError: for two columns of one name, because JSON would keep one of them.
    """
    if len(set(header)) < len(header):
        raise ValueError(f"two columns have one name: {', '.join(header)}")
    if as_json:
        named = [dict(zip(header, row, strict=True)) for row in rows]
        plain = [r if isinstance(r, str) else asdict(r) for r in ratios]
        print(json.dumps({"rows": named, "ratios": plain}, indent=2))
        return
    print(table(header, rows))
    for ratio in ratios:
        print(ratio)


def run(main: Callable[[], None]) -> None:
    """Run a script; a `CopeError` is printed as one line without a traceback."""
    from cope.errors import CopeError

    try:
        main()
    except CopeError as error:
        sys.exit(f"error: {error}")


def add_models(parser: Any) -> None:
    """Add the options that set the tiers' models."""
    for tier in ("small", "large"):
        parser.add_argument(f"--{tier}", help=f"model of the {tier} tier (the team's default)")


def models(args: Any) -> dict[str, Any]:
    """Return the models of the options, for `Team(**models(args))`."""
    return {tier: getattr(args, tier) for tier in ("small", "large") if getattr(args, tier)}


def load_questions(path: str, limit: int | None) -> list[Any]:
    """Load the first questions of a JSONL, CSV or Parquet file with `question` and `answer`.

    The answer is what follows "####", as in GSM8K, where the file has that mark.
    """
    from cope.eval.tasks.base import ShortAnswerTask

    return ShortAnswerTask("questions", answer_marker="####").load("test", limit, data=path)


@dataclass
class Asked:
    """The result of one question under one method.

    Attributes:
        answer: None when none could be read.
        right: whether it equals the question's answer.
        prompt, completion: tokens over all calls.
        seconds: the question's share of machine time, including calls of an interrupted run.
    """

    answer: str | None
    right: bool
    prompt: int
    completion: int
    seconds: float


async def ask_all(
    ask: Callable[[str], Awaitable[str | None]],
    examples: Sequence[Any],
    ledger: Any,
    in_flight: int = 8,
) -> list[Asked]:
    """Ask every question, `in_flight` at a time, and compare the answers as mathematics.

    Args:
        ask: returns a question's answer; its model calls are metered and stored in the ledger.
        examples: questions with `question` and `answer`.
        ledger: stores the calls; those of an interrupted run are answered from it.
        in_flight: questions at a time.
    """
    from cope.answers.short.equivalence import equal_async
    from cope.models import metered, use_ledger

    gate = asyncio.Semaphore(in_flight)

    async def one(example: Any) -> Asked:
        async with gate:
            with metered() as meter, use_ledger(ledger):
                answer = await ask(example.question)
            use = meter.total()
            right = answer is not None and await equal_async(answer, example.answer)
            prompt, completion = use.prompt_tokens or 0, use.completion_tokens or 0
            return Asked(answer, right, prompt, completion, use.machine_seconds or 0.0)

    return list(await asyncio.gather(*map(one, examples)))


def open_ledger(runs: str, name: str) -> Any:
    """Open the ledger of a benchmark's calls, below the folder for runs."""
    from cope.models import Ledger

    return Ledger(Path(runs) / "benchmarks" / f"{name}.jsonl")


ASKED = ["tier", "way", "right", "unreadable", "prompt tokens", "completion tokens", "seconds"]
"""The columns of `asked_row`; tokens and seconds are means per question."""


def asked_row(tier: str, way: str, asked: Sequence[Asked]) -> list[Any]:
    """Return the row of one method in a table."""
    unread = sum(a.answer is None for a in asked)
    means = [mean(asked, what) for what in ("prompt", "completion", "seconds")]
    return [tier, way, interval(asked), unread, *means]


def difference(ours: Sequence[Asked], theirs: Sequence[Asked]) -> str:
    """Format the difference in accuracy on the same questions, with its paired 95% interval."""
    from cope.stats.intervals import paired_interval

    centre, low, high = paired_interval(
        [a.right - b.right for a, b in zip(ours, theirs, strict=True)]
    )
    return f"{centre:+.1%} ({low:+.1%} to {high:+.1%})"


def interval(asked: Sequence[Asked]) -> str:
    """Format the share of right answers with its 95% Wilson interval, in percent."""
    from cope.stats.intervals import wilson

    right = sum(a.right for a in asked)
    low, high = wilson(right, len(asked))
    return f"{right / len(asked):.0%} ({low:.0%} to {high:.0%})"


def mean(asked: Sequence[Asked], what: str) -> float:
    """Return the mean of `prompt`, `completion` or `seconds` over some questions."""
    return statistics.fmean(getattr(a, what) for a in asked)

"""What `cope compile` shows: the plan with its estimate, one live line, and before and after."""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from .diff import change_lines
from .program_diff import changes_between
from .program_text import say
from .usage import money

if TYPE_CHECKING:
    from ..optimize import Compilation, Compiled, Scores
    from ..optimize.estimate import Estimate
    from ..optimize.session import Session

EVERY_SECONDS = 15.0  # between two lines where there is no terminal to redraw


def print_plan(compilation: "Compilation", settings: dict[str, Any], guess: "Estimate") -> None:
    """What a compile is about to do, on stderr."""
    session, optimizer = compilation.session, compilation.optimizer
    earlier = f"; {session.purse.spent.calls:,} calls made before are not asked again" if session.resumed else ""
    click.echo(f"compile {settings['preset']} for {settings['task']}", err=True)
    rows = [
        ("optimizer", f"{optimizer.name}, {optimizer.words}"),
        *([("chain", settings["chain"].replace(",", ", then "))] if settings.get("chain") else []),
        *(("prompts", predictor) for predictor in _predictors(compilation)),
        ("questions", compilation.splits.words),
        *([("objective", settings["objective"])] if settings["objective"] != "accuracy" else []),
        *([("proposer", settings["reflection_lm"])] if guess.proposals else []),
        ("estimate", f"{_range(guess)}; from a pilot of {guess.pilot} questions"),
        ("budget", f"{_bounds(session.purse.budget)}; {session.purse.spent.calls:,} calls are used"),
        ("kept in", f"{compilation.folder}{earlier}"),
    ]
    click.echo("\n".join(f"  {label:<9}  {text}" for label, text in rows), err=True)


def _predictors(compilation: "Compilation") -> Iterator[str]:
    program = compilation.program
    for name in compilation.names:
        number, role = name.split(".")[:2]
        spec = program.preset.rounds[int(number.removeprefix("round_")) - 1]
        tier = spec.planner if role == "planner" else spec.reasoner
        yield f"{number.replace('_', ' ')}'s {role}, {tier} ({program.team[tier or ''].model})"


def _range(guess: "Estimate") -> str:
    low, high = guess.low, guess.high
    dollars = "money unknown" if high.usd is None else f"{money(low.usd or 0)} to {money(high.usd)}"
    return (
        f"{low.calls:,} to {high.calls:,} calls, {low.tokens:,} to {high.tokens:,} tokens, {dollars}, "
        f"{_time(low.seconds)} to {_time(high.seconds)} of model time"
    )


def _time(seconds: float) -> str:
    """A duration in the unit that suits it.

    >>> _time(42), _time(600), _time(9000)
    ('42 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _bounds(budget: Any) -> str:
    said = {
        "calls": lambda value: f"{value:,} calls",
        "tokens": lambda value: f"{value:,} tokens",
        "usd": money,
        "seconds": lambda value: f"{_time(value)} of model time",
    }
    return ", ".join(said[name](value) for name, value in budget.bounds().items()) or "none"


class CompileView:
    """One line on stderr: the best so far, calls of the budget, spending, time left.

    Args:
        calls: the budget in calls.
    """

    def __init__(self, calls: int | None) -> None:
        self._budget = self._most = calls
        self._out = sys.stderr
        self._live = self._out.isatty()
        self._began, self._shown, self._first = time.monotonic(), 0.0, 0
        self._words, self._session = "", None

    def __enter__(self) -> Self:
        self._began, self._first = time.monotonic(), self._session.purse.spent.calls if self._session else 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is None:
            return
        self._most = None  # nothing is left
        self._draw(self._session, time.monotonic())
        if self._live:
            print(file=self._out)
        self._words = ""

    def expects(self, calls: int) -> None:
        """From now on, so many calls at most, within the budget."""
        done = self._session.purse.spent.calls if self._session else 0
        self._most = min(self._budget or done + calls, done + calls)

    def scored(self, session: "Session") -> None:
        """A question was scored; called from the threads of the optimizer."""
        self._session, now = session, time.monotonic()
        if now - self._shown >= (0.2 if self._live else EVERY_SECONDS):
            self._draw(session, now)

    def _draw(self, session: "Session", now: float) -> None:
        words, before = self._line(session, now), self._words
        self._shown, self._words = now, words
        if self._live:
            width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be drawn over
            print(f"\r{words[:width]:<{min(width, len(before))}}", end="", file=self._out, flush=True)
        elif words != before:
            print(words, file=self._out, flush=True)

    def _line(self, session: "Session", now: float) -> str:
        spent = session.purse.spent
        budget = f" of {self._budget:,}" if self._budget else ""
        dollars = f"  {money(spent.usd)}" if spent.usd else ""
        return f"{self._best(session)}  calls {spent.calls:,}{budget}{dollars}{self._left(now, spent.calls)}"

    def _best(self, session: "Session") -> str:
        candidates = session.candidates
        keys = candidates.valkeys
        if whole := candidates.whole():
            best, count = whole[0], len(candidates)
            which = "as it was" if best.number == 0 else f"candidate {best.number} of {count - 1}"
            return f"best {best.mean(keys):.1%} ({which})"
        done = max((sum(key in candidate.scores for key in keys) for candidate in candidates), default=0)
        return f"before: {done} of {len(keys)} questions" if done else "asks a few questions"

    def _left(self, now: float, calls: int) -> str:
        made = calls - self._first
        if not self._most or made < 5 or now - self._began < 1:
            return ""
        return f"  at most {_time((now - self._began) / made * max(0, self._most - calls))} left"


def result_document(
    made: "Compiled", settings: dict[str, Any], guess: "Estimate", output: Path, frontier: Sequence[Path]
) -> dict[str, Any]:
    """A compile's outcome as plain data."""
    mean, low, high = made.gain
    files = [str(file) for file in frontier] or [None] * len(made.frontier)
    return {
        **settings, "before": made.before.as_dict(), "after": made.after.as_dict(), "improved": made.improved,
        "gain": {"mean": mean, "low": low, "high": high}, "candidates": len(made.candidates),
        "estimate": guess.as_dict(), "spent": vars(made.spent), "stopped": made.stopped, "output": str(output),
        "frontier": [
            {**scores.as_dict(), "file": file} for (_, scores), file in zip(made.frontier, files, strict=True)
        ],
        "plots": made.provenance.get("plots", []), "mlflow": made.provenance.get("mlflow"),
    }  # fmt: skip


def print_result(made: "Compiled", before: Any, output: Path, frontier: Sequence[Path], measured_by: str) -> None:
    """The prompts as a diff, before and after on the validation questions, and where all that is.

    The diff comes first: it can be longer than a screen, and the figures should stand at the end.
    """
    from ..programs.program_file import view_state

    lines = []
    if made.improved:
        views = [view_state(program.dump_state()) for program in (before, made.program)]
        lines = [*change_lines("before", "after", changes_between(views[0], views[1])), ""]
    lines += [f"before  {_scores(made.before)}", f"after   {_scores(made.after)}", _gain(made)]
    if len(made.frontier) > 1:
        lines += ["", "frontier, the cheapest first"]
        lines += [f"  {number}  {_scores(scores)}" for number, (_, scores) in enumerate(made.frontier, 1)]
    spent = made.spent
    lines += [
        "",
        *([f"stopped early: {made.stopped}"] if made.stopped else []),
        f"used     {spent.calls:,} calls, {spent.tokens:,} tokens, "
        f"{'money unknown' if spent.usd is None else money(spent.usd)}, {_time(spent.seconds)} of model time",
        f"saved    {output}" + ("" if made.improved else ", the program as it was"),
        *([f"         {', '.join(map(str, frontier))}"] if frontier else []),
        *([f"drawn    {' and '.join(plots)}"] if (plots := made.provenance.get("plots")) else []),
        f"look     cope show {output}",
        f"measure  {measured_by}",
    ]
    if run := made.provenance.get("mlflow"):
        lines.append(f"MLflow   run {run} (cope ui shows it)")
    say("\n".join(lines))


def _gain(made: "Compiled") -> str:
    if not made.improved:
        return f"no gain: nothing better among {len(made.candidates) - 1} candidates, so the program stays as it was"
    mean, low, high = (100 * value for value in made.gain)
    return f"gain    {mean:+.1f} points (95% interval {low:+.1f} to {high:+.1f}, paired by question)"


def _scores(scores: "Scores") -> str:
    low, high = scores.interval
    return (
        f"{scores.accuracy:.1%} (95% interval {low:.1%} to {high:.1%}, n = {len(scores.values)}), "
        f"{scores.tokens:,.0f} tokens a question, {scores.large_tokens:,.0f} of them written by large"
    )

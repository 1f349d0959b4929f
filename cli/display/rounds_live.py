"""Draw the rounds of a question on a terminal: plans, and a bar per answer that each vote moves."""

import time
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...models.server_waits import SERVER_WAITS
from ...programs.domains.registry import domain_by_name
from ...programs.running_round import RunningRound
from ...util.text import one_line

if TYPE_CHECKING:
    from ...programs import Cascade
    from ...programs.events import RoundDecided

_BAR_WIDTH = 24  # characters
_MAX_LINES = 8  # plans, and answers, that are shown: a round should fit on a screen
_UNREAD = "(no answer)"


class LiveRoundDisplay(RunningRound):
    """Shows the running round on stderr, redrawn in place, below the rounds that are finished."""

    def __init__(self, cascade: "Cascade", console: Console | None = None) -> None:
        super().__init__(cascade)
        self._domain = domain_by_name(cascade.domain)
        self.console = console or Console(stderr=True)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def on_start(self) -> None:
        self._end: list[RenderableType] = []
        self._live = live = Live(
            get_renderable=self._picture, console=self.console, refresh_per_second=8
        )
        live.start(refresh=True)

    def on_round_decided(self, event: "RoundDecided") -> None:
        super().on_round_decided(event)
        self._end = self._decision(event)
        if self._live:
            self._live.stop()  # draws once more
            self._live = None

    def _picture(self) -> RenderableType:
        with self.lock:
            headline = Text(f"Round {self.number}  ", style="bold")
            headline.append(self.headline(), style="not bold")
            return Group(headline, *self._plans(), *self._bars(), *(self._end or [self._status()]))

    def _plans(self) -> list[RenderableType]:
        """Each plan on a line, equal ones once."""
        lines, plans = [], Counter(self.plans)
        for plan, times in list(plans.items())[:_MAX_LINES]:
            text = Text(f"  {times} x  " if times > 1 else "  ", no_wrap=True, overflow="ellipsis")
            lines.append(text.append(plan or "(empty plan)", style="italic"))
        return [*lines, *_more(len(plans), "plans")]

    def _bars(self) -> list[RenderableType]:
        spec = self.spec
        if not self.asked or spec.samples == 1:
            return []
        needed = spec.samples * (spec.threshold or 0)
        table = Table.grid(padding=(0, 2))
        table.add_column()  # the indent
        table.add_column(no_wrap=True, max_width=40, overflow="ellipsis")
        for answer, votes in list(self.votes.items())[:_MAX_LINES]:
            style = "green" if votes >= needed else "yellow"
            bar = ProgressBar(
                spec.samples, votes, width=_BAR_WIDTH, complete_style=style, finished_style=style
            )
            table.add_row("", Text(answer, style="bold"), bar, str(votes))
        if self.unread:
            bar = ProgressBar(
                spec.samples,
                self.unread,
                width=_BAR_WIDTH,
                complete_style="red",
                finished_style="red",
            )
            table.add_row("", Text(_UNREAD, style="dim"), bar, str(self.unread))
        return [table, *_more(len(self.votes), "answers")]

    def _status(self) -> Text:
        """Return what the running round waits for."""
        spec, parts = self.spec, []
        parts += [f"loading {name}" for name, seconds in self.loading.items() if seconds is None]
        if spec.planner and len(self.plans) < spec.plans and self.asked < spec.samples:
            parts.append(f"plans {len(self.plans)} of {spec.plans}")
        parts.append(f"votes {self.asked} of {spec.samples}")
        if self.votes and spec.threshold is not None and self._domain.gate_is_share:
            lead = max(self.votes.values()) / spec.samples
            parts.append(f"lead {lead:.0%}, {spec.threshold:.0%} needed")
        parts.append(f"{time.monotonic() - self.began:.0f} s")
        parts += filter(None, [str(SERVER_WAITS)])
        return Text(f"  {' · '.join(parts)}", style="dim", no_wrap=True, overflow="ellipsis")

    def _decision(self, event: "RoundDecided") -> list[RenderableType]:
        last = event.round == len(self.cascade.preset.rounds)
        style = "green" if event.accepted else "red" if last else "yellow"
        loaded = "".join(
            f", loaded {name} in {s:.1f} s" for name, s in self.loading.items() if s is not None
        )
        text = Text(f"  {self.decision_text(event)}", style=f"bold {style}")
        text.append(f"  ({time.monotonic() - self.began:.1f} s{loaded})", style="not bold dim")
        lines: list[RenderableType] = [text]
        if not event.accepted and event.plan and not last:
            lines.append(
                Padding(
                    Text(f"forwards the plan: {one_line(event.plan)}"), (0, 0, 0, 2), expand=False
                )
            )
        return [*lines, Text()]


def _more(count: int, what: str) -> list[RenderableType]:
    return (
        [Text(f"  ... and {count - _MAX_LINES} more {what}", style="dim")]
        if count > _MAX_LINES
        else []
    )

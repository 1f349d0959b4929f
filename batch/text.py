"""The progress and the end of a run over a table as text."""

from ..models.cost import CostBounds
from ..util.text import format_duration, format_usd, plural
from .job import TableReport
from .totals import Totals


def report_text(report: TableReport) -> str:
    """Return how many rows have an answer, who answered them, and what they cost."""
    totals = report.totals
    tiers = ", ".join(f"{tier} {count}" for tier, count in totals.tiers.items())
    parts = [f"{totals.answered:,} answered" + (f" ({tiers})" if tiers else "")]
    parts += totals.without_answer()
    usage = f"{plural(totals.calls, 'call')}, {plural(totals.tokens, 'token')}, {cost(totals)}"
    return f"{plural(report.written, 'row')} written: {', '.join(parts)}; {usage}"


def cost(totals: Totals) -> str:
    """Return the cost of all rows as far as it is known."""
    if totals.usd is None:
        return "cost unknown" if totals.unpriced else "no cost"
    if totals.unpriced:
        return f"at least {format_usd(totals.usd_at_least)}"
    return CostBounds(totals.usd_at_least, totals.usd).cell


def progress_text(totals: Totals, rate: float) -> str:
    """Return rate, cost and errors of a run in progress."""
    parts = [f"{rate:.1f} rows/s" if rate < 100 else f"{rate:.0f} rows/s"]
    if len(totals.tiers) > 1:
        parts.append("/".join(f"{tier} {count}" for tier, count in totals.tiers.items()))
    parts.append(cost(totals))
    if totals.failed:
        parts.append(plural(totals.failed, "error"))
    return "  ".join(parts)


def left_text(rows: int, rate: float) -> str:
    """Return the time that so many rows still take."""
    return f"{format_duration(rows / rate)} left" if rate > 0 else "time left unknown"

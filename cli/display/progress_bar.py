"""A bar with counts, a text, and the time used and left, on stderr."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ...models.server_waits import SERVER_WAITS


class _WaitsColumn(ProgressColumn):
    """Shows which server is silent or asked again."""

    def render(self, task: Task) -> Text:
        return Text(str(SERVER_WAITS), style="yellow")


def progress_bar(console: Console, quiet: bool = False) -> Progress:
    """Return a bar, invisible without a terminal and when quiet; its tasks have a field `text`."""
    return Progress(
        BarColumn(24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
        _WaitsColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )

"""A finished compile as lines of text: the changes of the prompts, then the scores."""

from collections.abc import Callable

from ...programs.diff_text import diff_lines
from ...programs.program_diff import changes_between
from ...programs.program_view import view_from_state
from .run import CompileRun
from .text import result_text


def result_lines(run: CompileRun, measured_by: str, style: Callable[..., str]) -> list[str]:
    """Return the changes of the prompts, then the scores, because changes may fill a screen.

    Args:
        run: a compile with a result.
        measured_by: the command that measures the program on other questions.
        style: colors a text.
    """
    result = run.result
    assert result is not None
    lines: list[str] = []
    if result.improved:
        before = view_from_state(run.before.dump_state())
        after = view_from_state(result.program.dump_state())
        changes = changes_between(before, after)
        lines += [*diff_lines("before", "after", changes, style=style), ""]
    lines.append(result_text(result, run.output, run.frontier, measured_by))
    return lines

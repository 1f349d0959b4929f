"""One error message for the user: what is wrong, and what to do next."""

from typing import Any

import click

from ..errors import first_of_group
from ..models.error_text import describe_error
from ..util.redact import redact_error
from ..util.signals import interruption
from ..util.text import printable, shorten

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it
MAX_MESSAGE_CHARS = 600  # some servers answer with whole pages


class ErrorHandlingGroup(click.Group):
    """A group that prints an error as one line on stderr and exits with 1, or 130 after Ctrl-C.

    With the group's option `--debug` errors keep their traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo(f"stopped by {interruption()}", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"error: {error_message(error)}", err=True)
            ctx.exit(1)


def error_message(error: BaseException) -> str:
    """Return one line: what is wrong, and what to do next.

    >>> error_message(RuntimeError("odd"))
    'unexpected RuntimeError: odd; run it again with `cope --debug` for the details'
    """
    message = describe_error(error)
    if message is None:
        first = first_of_group(error)
        text = f": {first}" if str(first) else ""
        what = f"unexpected {type(first).__name__}{text}"
        message = f"{what}; run it again with `cope --debug` for the details"
    return printable(shorten(redact_error(message), MAX_MESSAGE_CHARS))

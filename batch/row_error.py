"""The error of one row, apart from those that every row would raise."""

from ..eval.run.evaluate import FATAL_ERRORS, error_line, fatal_error_in
from ..util.redact import redact_error


def row_error(error: Exception) -> str:
    """Return the error of one row as a line without secrets.

    Raises:
        Exception: the error, or its cause, that every row would raise.
    """
    if isinstance(error, FATAL_ERRORS):
        raise error
    fatal = fatal_error_in(error)
    if fatal is not None:
        raise fatal from error
    return redact_error(error_line(error))

"""The criteria of a judge, from the user's own text."""

from pathlib import Path

from ...errors import CopeError

_MAX_CHARS = 20_000


def read_rubric(path: Path) -> str:
    """Return the criteria in a text file.

    Raises:
        CopeError: when the file cannot be read, is empty, or is too long to be sent with each
            answer.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CopeError(f"cannot read the rubric {path}: {reason}") from None
    if not text:
        raise CopeError(f"the rubric {path} is empty: write what a good answer must do")
    if len(text) > _MAX_CHARS:
        raise CopeError(
            f"the rubric {path} has {len(text):,} characters, and at most {_MAX_CHARS:,} are sent "
            "with each answer: shorten it"
        )
    return text

"""Print the contents of a recording."""

import sys
from pathlib import Path

from ..output import print_json
from .tables import result_console


def show_recording(path: Path, as_json: bool, **more: str | None) -> None:
    """Print the contents of a recording on stdout, and the command that replays it on stderr.

    Args:
        path: the file.
        as_json: whether to print JSON.
        more: further entries of the JSON document.
    """
    from ...eval.recording.contents import recording_contents
    from ...eval.recording.tables import print_recording

    contents = recording_contents(path)
    if as_json:
        print_json(contents | more)
        return
    print_recording(result_console(), contents)
    print(
        f"{contents['file']} ({contents['bytes']:,} bytes); "
        f"replay it with: cope eval --replay {contents['file']}",
        file=sys.stderr,
    )

"""The command `cope`: one file a subcommand. Each parses, calls and prints; nothing else is decided here."""


def main() -> None:
    """Run the command line and exit."""
    import os
    import sys

    from .app import app
    from .failures import INTERRUPTED

    try:
        app(prog_name="cope")
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        # A normal exit would wait for the models' threads, and who pressed Ctrl-C would press it again.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(INTERRUPTED)

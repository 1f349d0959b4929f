"""The command group. Subcommands are imported when they run, so that `cope --help` is fast."""

import os
import sys
from importlib import import_module
from keyword import iskeyword

import click

from ..errors import suggest_names
from ..util.libraries import silence_libraries
from ..util.signals import interrupt_on_closing_signals
from ..util.streams import open_missing_streams
from .errors import INTERRUPTED, ErrorHandlingGroup
from .option_types import flag

# File of the subcommand, and its line in `cope --help`.
COMMANDS = {
    "ask": "Answer a question, and show each round while it runs.",
    "run": "Answer every row of a table, and write the rows with their answers.",
    "batch": "Answer a large table stage by stage, in shards, here or on Spark.",
    "plan-capacity": "Plan tokens, money and hours of a batch by stage, from a record.",
    "eval": "Measure a preset or program on a task.",
    "compare": "Compare presets and programs on the same questions.",
    "report": "Make one page of a run, a record or a comparison.",
    "record": "Record all samples of every round, to replay them without a model.",
    "import": "Make such a record from published samples.",
    "judge": "Compare the answers of a run in pairs with another's, by a judge.",
    "judge-check": "Measure a judge against human labels.",
    "fit-confidence": "Fit a confidence on a record with scores.",
    "calibrate": "Choose thresholds from a record, with a statistical guarantee.",
    "compile": "Compile a program's prompts for a task.",
    "train": "Train a router or another system on what each tier answers alone.",
    "serve": "Serve a program behind the OpenAI API.",
    "mcp": "Serve a program as tools of an assistant, over stdin and stdout.",
    "drift": "Check whether a server's traffic is what its calibration promised.",
    "export": "Write a program as an MLflow model that answers tables.",
    "keys": "Make, list and remove API keys of the server.",
    "show": "Print a program: its rounds, instructions and demonstrations.",
    "diff": "Compare two programs: rounds, instructions, demonstrations, scores.",
    "models": "List local models, and download them.",
    "shard-plan": "Split the layers of a model over several machines.",
    "init": "Write a template of a task, a preset or a program of your own.",
    "doctor": "Check what the default models need on this machine.",
    "ui": "Open MLflow's page of the runs.",
}


class LazyGroup(ErrorHandlingGroup):
    """A group that imports a subcommand of `COMMANDS` when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        # Python cannot import a module `import`.
        file = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command = import_module(f".commands.{file}", __package__).command
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}: {suggest_names(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@flag("--debug", help="Show tracebacks, warnings and the libraries' logs.")
@click.version_option(package_name="cope-dspy", message="%(prog)s %(version)s")
def app(debug: bool) -> None:
    """A small local model and a large model solve problems together, through plans.

    Results go to stdout, progress and errors to stderr. COMMAND --help shows more.
    """
    if not debug:
        silence_libraries()


def main() -> None:
    """Run the command line and exit. SIGTERM and SIGHUP end it like Ctrl-C: the work is saved."""
    open_missing_streams()
    interrupt_on_closing_signals()
    try:
        app(prog_name="cope")
    except SystemExit as end:
        if end.code != INTERRUPTED:
            raise
        # `sys.exit` would wait for model threads to finish; after Ctrl-C the user expects the
        # process to end immediately.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(INTERRUPTED)

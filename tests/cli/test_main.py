"""The command group: what it costs, and how it fails."""

import os
import subprocess
import sys

import click
import dspy
import pytest
from click.testing import CliRunner
from support.sweeps import mostly_slow

from cope.cli.errors import MAX_MESSAGE_CHARS, ErrorHandlingGroup, error_message
from cope.cli.main import COMMANDS, app
from cope.errors import CopeError

HEAVY = "dspy mlflow datasets litellm rich xllamacpp pydantic"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], *mostly_slow([["--version"], ["ask", "--help"]])]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from cope.cli.main import main
sys.argv = ["cope", *{arguments}]
try:
    main()
except SystemExit as end:
    print("left with", end.code)
print("loaded:", [name for name in "{HEAVY}".split() if name in sys.modules])
"""
    done = run(code)
    assert done.stdout.endswith("left with 0\nloaded: []\n"), done


def test_help_lists_every_subcommand_and_each_is_there() -> None:
    shown = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    assert {"ask", "eval", "models", "doctor", "ui"} <= set(COMMANDS)
    for name, line in COMMANDS.items():
        assert line in shown
        command = app.get_command(click.Context(app), name)
        assert isinstance(command, click.Command) and command.name == name
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_an_unknown_subcommand_is_a_usage_error() -> None:
    result = CliRunner().invoke(app, ["aks"])
    assert (
        result.exit_code == 2 and "No such command 'aks'" in result.stderr and result.stdout == ""
    )


@pytest.mark.parametrize(
    "arguments",
    [["--help"], pytest.param(["models", "list", "--json"], marks=pytest.mark.slow)],
)
def test_a_reader_that_leaves_early_is_no_error(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:9")
    code = f"import sys; from cope.cli.main import main; sys.argv = ['cope', *{arguments}]; main()"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def failing(error: BaseException) -> click.Group:
    @click.group(cls=ErrorHandlingGroup)
    @click.option("--debug", is_flag=True)
    def group(debug: bool) -> None: ...

    @group.command()
    def fail() -> None:
        raise error

    return group


def test_an_error_of_ours_is_one_line_and_status_1() -> None:
    result = CliRunner().invoke(failing(CopeError("no such thing: make it")), ["fail"])
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "",
        "error: no such thing: make it\n",
    )


def test_ctrl_c_is_one_line_and_status_130() -> None:
    result = CliRunner().invoke(failing(KeyboardInterrupt()), ["fail"])
    assert (result.exit_code, result.stderr) == (130, "stopped by Ctrl-C\n")


def test_a_usage_error_keeps_its_status_2() -> None:
    assert CliRunner().invoke(failing(click.UsageError("no")), ["fail"]).exit_code == 2


def test_debug_keeps_the_traceback() -> None:
    result = CliRunner().invoke(failing(CopeError("no such thing")), ["--debug", "fail"])
    assert isinstance(result.exception, CopeError) and result.stderr == ""


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("by\nzero"),
        ExceptionGroup("several", [ZeroDivisionError("by zero"), KeyError()]),
    ],
)
def test_an_error_that_nobody_expected_says_how_to_see_more(error: Exception) -> None:
    line = error_message(error)
    assert line.startswith(
        "unexpected ZeroDivisionError: by zero; run it again with `cope --debug`"
    )


def test_a_key_that_a_provider_quotes_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    line = error_message(dspy.LMAuthError("Incorrect key sk-0123456789", model="openai/m"))
    assert "sk-0123456789" not in line and "$OPENAI_API_KEY" in line


def test_a_page_of_a_server_becomes_a_line() -> None:
    line = error_message(CopeError("word\n" * 1000))
    assert len(line) == MAX_MESSAGE_CHARS and line.endswith("...") and "\n" not in line


def test_a_mistyped_command_suggests_the_nearest():
    result = CliRunner().invoke(app, ["aks", "What is 6 times 7?"])
    assert result.exit_code == 2 and "No such command 'aks': did you mean ask?" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGHUP")
@pytest.mark.parametrize("name", ["SIGTERM", *mostly_slow(["SIGHUP"])])
def test_signals_of_a_closing_terminal_end_like_ctrl_c(name: str):
    script = (
        "import os, signal, threading\n"
        "import click\n"
        "from cope.cli import main\n"
        "@main.app.command('wait')\n"
        "def wait():\n"
        f"    os.kill(os.getpid(), signal.{name})\n"
        "    threading.Event().wait(20)\n"
        "main.COMMANDS['wait'] = ''\n"
        "main.LazyGroup.get_command = lambda self, ctx, name: wait\n"
        "import sys\n"
        "sys.argv = ['cope', 'wait']\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (130, f"stopped by {name}\n")

"""`cope mcp`: a process whose stdout carries nothing but the protocol."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.fault_server import CHAT_REPLY, FaultServer, Reply
from support.servers import serving

from cope.cli.main import app
from cope.util.streams import stdout_to_stderr


def command(address: str) -> list[str]:
    code = "from cope.cli.main import main; main()"
    tier = f"openai/stub@{address}/v1"
    return ["-c", code, "mcp", "--preset", "small", "--small", tier, "--large", tier]


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_assistant_starts_the_command_and_asks(mode: str) -> None:
    from mcp import StdioServerParameters
    from mcp.client import Client

    async def run(address: str) -> Any:
        started = StdioServerParameters(
            command=sys.executable, args=command(address), env=dict(os.environ)
        )
        async with Client(started, mode=mode) as client:
            return await client.call_tool("ask", {"question": "What is 6 times 7?"})

    with serving(FaultServer([Reply(CHAT_REPLY)])) as stub:
        result = asyncio.run(run(stub.address))
    assert result.structured_content["answer"] == "42"


@pytest.mark.slow
def test_stdout_is_the_protocol_alone_and_the_end_of_stdin_ends_it(tmp_path: Path) -> None:
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}}
    hello["clientInfo"] = {"name": "test", "version": "1"}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    sent = "not the protocol\n" + "".join(json.dumps(message) + "\n" for message in messages)
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with serving(FaultServer([Reply(CHAT_REPLY)])) as stub:
        started = [sys.executable, *command(stub.address)]
        with subprocess.Popen(started, text=True, cwd=tmp_path, **pipes) as process:
            process.stdin.write(sent)
            process.stdin.flush()
            replies = [json.loads(process.stdout.readline())]
            while replies[-1].get("id") != 2:
                replies.append(json.loads(process.stdout.readline()))
            rest, said = process.communicate(timeout=120)
    assert process.returncode == 0 and rest == "", said
    assert all(reply["jsonrpc"] == "2.0" for reply in replies)
    assert "Traceback" not in said, said


def test_what_is_printed_on_stdout_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with stdout_to_stderr():
        print("of Python")
        os.write(1, b"of a library in C\n")
    print("the protocol")
    written = capfd.readouterr()
    assert written.out == "the protocol\n"
    assert sorted(written.err.splitlines()) == ["of Python", "of a library in C"]


def test_without_the_package_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from click.testing import CliRunner

    monkeypatch.setattr("cope.serve.mcp.stdio.is_available", lambda: False)
    done = CliRunner().invoke(app, ["mcp"])
    assert done.exit_code == 1 and "pip install 'cope-dspy[mcp]'" in done.output

"""Run one model on several machines: llama.cpp's RPC workers behind one OpenAI-compatible server.

    python examples/sharding/run.py MODEL.gguf --check

The machines are network namespaces of this one, which takes root; `--loopback` gives each worker a
port instead. The layers are those of `cope shard-plan MODEL.gguf --devices FILE`. Everything ends,
and the namespaces are removed, when the script ends.
"""

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psutil
from cluster import Cluster, Step

from cope.errors import CopeError
from cope.models.shard_command import SERVER, WORKER
from cope.models.shard_network import read_network

HERE = Path(__file__).parent
SECONDS = 300
QUESTION = "Write a Python function that returns the n-th Fibonacci number."


def find(name: str) -> str:
    """Return the path of a program of llama.cpp.

    Raises:
        CopeError: when it is neither in `$LLAMA_CPP_BIN` nor on the path.
    """
    folder = os.environ.get("LLAMA_CPP_BIN")
    found = shutil.which(name, path=folder or None)
    if found is None:
        where = folder or "PATH"
        raise CopeError(
            f"{name} is not in {where}: build llama.cpp with -DGGML_RPC=ON, and name the folder of "
            "its programs in LLAMA_CPP_BIN"
        )
    return found


def run_steps(steps: Sequence[Step], stack: ExitStack) -> None:
    """Run the steps of a network, and take them back when the stack is closed.

    Raises:
        CopeError: when one fails.
    """
    for step in steps:
        done = subprocess.run(step.command, capture_output=True, text=True)
        if done.returncode:
            remedy = "as root it may be allowed, and --loopback needs no namespaces"
            if "exists" in done.stderr:
                undo = [shlex.join(one.undo) for one in reversed(steps) if one.undo]
                remedy = f"another run has it, or one that was killed left it: {'; '.join(undo)}"
            raise CopeError(f"{shlex.join(step.command)}: {done.stderr.strip()}; {remedy}")
        if step.undo:
            stack.callback(subprocess.run, step.undo, capture_output=True)


def start(
    command: Sequence[str], name: str, log: Path, stack: ExitStack
) -> subprocess.Popen[bytes]:
    """Start a program that ends when the stack is closed, and write what it prints to a file."""
    words = list(command)
    words[words.index(name)] = find(name)
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT)
    stack.callback(end, process)
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a program is ready.

    Raises:
        CopeError: when it ends before, or takes too long.
    """
    until = time.monotonic() + SECONDS
    while not holds():
        if process.poll() is not None:
            raise CopeError(f"a program has ended: see {log}")
        if time.monotonic() > until:
            raise CopeError(f"a program is not ready after {SECONDS} s: see {log}")
        time.sleep(0.2)


def is_open(host: str, port: int) -> bool:
    """Return whether a port takes connections."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def is_ready(url: str) -> bool:
    """Return whether a server has loaded its model."""
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def ask(url: str, running: Sequence[subprocess.Popen[bytes]]) -> tuple[str, str]:
    """Return the greedy reply of a server, and how fast it was.

    Args:
        url: the address of the server.
        running: the programs whose processor time counts.
    """
    before = processor_seconds(running)
    messages = [{"role": "user", "content": QUESTION}]
    body: dict[str, Any] = {"messages": messages, "temperature": 0, "max_tokens": 64}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=SECONDS).json()
    used = processor_seconds(running) - before
    speed = f"{reply['timings']['predicted_per_second']:.3g} tokens a second"
    return reply["choices"][0]["message"]["content"], f"{speed}, {used:.3g} s of processor time"


def processor_seconds(running: Sequence[subprocess.Popen[bytes]]) -> float:
    """Return the processor time that some programs have taken so far."""
    times = [psutil.Process(process.pid).cpu_times() for process in running]
    return sum(one.user + one.system for one in times)


def resident(process: subprocess.Popen[bytes]) -> float:
    """Return the memory of a program in MiB."""
    return psutil.Process(process.pid).memory_info().rss / 2**20


def run(cluster: Cluster, check: bool, logs: Path) -> None:
    """Start all programs; ask a question with and without workers, or wait for the end.

    Raises:
        CopeError: when a program does not start, or the replies differ.
    """
    names = [shard.device for shard in cluster.plan.shards]
    with ExitStack() as stack:
        run_steps(cluster.steps, stack)
        running = []
        for number, command in enumerate(cluster.workers):
            log = logs / f"{names[number + 1]}.log"
            worker = start(command, WORKER, log, stack)
            address = cluster.addresses[number]
            wait_for(lambda address=address: is_open(*address), worker, log)
            running.append(worker)
        server = start(cluster.server, SERVER, logs / "server.log", stack)
        wait_for(lambda: is_ready(cluster.url), server, logs / "server.log")
        print(cluster.text)
        if not check:
            print(f'\ncope ask "What is 6 times 7?" --large openai/sharded@{cluster.url}/v1')
            sys.stdout.flush()
            signal.pause()
        reply, speed = ask(cluster.url, [server, *running])
        for name, process in zip(names, [server, *running], strict=True):
            print(f"{name}: {resident(process):.0f} MiB")
        print(f"with workers: {speed}")
    with ExitStack() as stack:
        server = start(cluster.alone, SERVER, logs / "alone.log", stack)
        wait_for(lambda: is_ready(cluster.url), server, logs / "alone.log")
        alone, speed = ask(cluster.url, [server])
        print(f"without: {speed}, {resident(server):.0f} MiB")
    if alone != reply:
        raise CopeError(f"the replies differ:\n{reply}\n\n{alone}")
    print("the replies are equal")


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("--devices", type=Path, default=HERE / "devices.toml", help="the machines")
    parser.add_argument("--port", type=int, default=8095, help="of the server (8095)")
    parser.add_argument("--loopback", action="store_true", help="ports in place of namespaces")
    parser.add_argument("--dry-run", action="store_true", help="print the commands only")
    parser.add_argument("--check", action="store_true", help="compare with one machine, and end")
    parser.add_argument("--logs", type=Path, default=Path("sharding-logs"), help="their folder")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        network = read_network(arguments.devices)
        cluster = Cluster(arguments.model, network, arguments.port, arguments.loopback)
        if arguments.dry_run:
            cluster.print_commands()
            return
        for name in (SERVER, WORKER):
            find(name)
        arguments.logs.mkdir(parents=True, exist_ok=True)
        run(cluster, arguments.check, arguments.logs)
    except CopeError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

"""Decide by algebra, in a child process, whether two answers are equal: JSON lines in and out.

It runs by its path in an isolated interpreter, so it imports nothing of the package. math-verify
sets alarms, which threads forbid, and SymPy can compute for ever or fill the memory: neither may
run in the user's process.

    in   {"path": [...]}                    once: where the parent finds its packages
    out  {"ready": true} or {"ready": false, "error": "..."}
    in   {"id": 1, "a": "...", "b": "...", "seconds": 5.0}
    out  {"id": 1, "equal": true}
"""

import json
import os
import re
import signal
import sys
import threading
from functools import lru_cache
from typing import IO, Any

MAX_MEMORY_BYTES = 2 * 1024**3
"""Bytes of address space the child may take, where the system can enforce it."""

_EQUALITY = re.compile(r"(?<![<>!\\])=")


def main() -> None:
    """Answer requests until standard input ends, which happens when the parent exits."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # a stray print of a library must not look like a reply
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    _limit_memory()
    sys.path += [
        p for p in json.loads(requests.readline() or "{}").get("path", []) if p not in sys.path
    ]
    try:
        import math_verify  # noqa: F401
    except Exception as error:  # a broken installation can fail in any way; the parent reports it
        _send(replies, {"ready": False, "error": f"{type(error).__name__}: {error}"})
        return
    _send(replies, {"ready": True})
    for line in _read_requests(requests):
        ask = json.loads(line)
        _set_kill_timer(ask["seconds"] + 1)
        equal = are_equal(ask["a"], ask["b"])
        _set_kill_timer(0)
        _send(replies, {"id": ask["id"], "equal": equal})


def are_equal(a: str, b: str) -> bool:
    """Compare two normalized answers by algebra, in both orders: math-verify is not symmetric."""
    if bool(_EQUALITY.search(a)) != bool(_EQUALITY.search(b)):
        # math-verify would take the right-hand side of an equation: 0 for "x + y = 0".
        return False
    from math_verify import verify

    try:
        left, right = _parse(a), _parse(b)
        if not left or not right:
            return False
        return any(
            verify(gold, target, timeout_seconds=None)
            for gold, target in ((left, right), (right, left))
        )
    except Exception:  # whatever SymPy stumbles over, the two have not been shown to be equal
        return False


@lru_cache(maxsize=512)
def _parse(text: str) -> list[Any]:
    from math_verify import LatexExtractionConfig, parse

    # As strings, unparsed answers would be compared letter by letter, which normal forms have done
    # already.
    config = [LatexExtractionConfig(boxed_match_priority=-1)]
    return parse(f"${text}$", config, fallback_mode="no_fallback", parsing_timeout=None)  # pyright: ignore[reportArgumentType]


def _read_requests(requests: IO[str]) -> Any:
    """Yield the requests; exit at once when they end, even during a comparison."""
    import queue

    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()

    def pump() -> None:
        for line in requests:
            waiting.put(line)
        os._exit(0)

    threading.Thread(target=pump, daemon=True).start()
    while True:
        yield waiting.get()


def _set_kill_timer(seconds: float) -> None:
    """Let the system end this process, because a Python handler would wait for a long operation."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = MAX_MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MAX_MEMORY_BYTES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    except (ValueError, OSError):  # macOS refuses it
        return


def _send(replies: IO[str], message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()

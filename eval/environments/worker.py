"""The process of one game: it reads requests and writes replies, each a line of JSON.

What the game itself prints goes to stderr, so that it cannot be taken for a reply.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, TextIO

from .base import Environment, EnvironmentKind, Solution


def _channel() -> TextIO:
    """Return the original stdout; later prints, also those of C code, go to stderr."""
    copy = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(copy, "w", encoding="utf-8")


def _kind(path: str) -> EnvironmentKind:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _turn(environment: Environment, observation: str, reward: float, done: bool) -> dict[str, Any]:
    return {
        "observation": observation,
        "admissible": list(environment.admissible),
        "reward": reward,
        "done": done,
    }


def _reply(solution: Solution | None) -> dict[str, Any]:
    return {"solution": None if solution is None else solution.as_dict()}


def answer(
    kind: EnvironmentKind, opened: list[Environment], request: dict[str, Any]
) -> dict[str, Any]:
    """Return the reply to a request.

    Args:
        kind: the kind of the game.
        opened: the open game; empty before it is opened.
        request: `open` or `solve` with the game, `search` with the game and its `solution`, `reset`
            with the seed, or `step` with the action.
    """
    if "solve" in request:
        return _reply(kind.solve(request["solve"]))
    if "search" in request:
        assert kind.search is not None
        return _reply(kind.search(request["search"], Solution.from_dict(request["solution"])))
    if "open" in request:
        opened[:] = [kind.open(request["open"])]
        return {}
    (environment,) = opened
    if "reset" in request:
        return _turn(environment, environment.reset(request["reset"]), 0.0, False)
    return _turn(environment, *environment.step(request["step"]))


def main() -> None:
    """Serve requests until stdin ends."""
    channel = _channel()
    hello = json.loads(sys.stdin.readline())
    sys.path[:] = hello["path"]
    kind = _kind(hello["kind"])
    opened: list[Environment] = []
    for line in sys.stdin:
        try:
            reply = answer(kind, opened, json.loads(line))
        except Exception as error:  # the game's own; its episode has failed
            reply = {"error": f"{type(error).__name__}: {error}"}
        channel.write(json.dumps(reply) + "\n")
        channel.flush()


if __name__ == "__main__":
    main()

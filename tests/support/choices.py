"""A stub server that answers with several completions, and a cascade that asks it."""

from collections.abc import Sequence
from typing import Any

from cope import Cascade, Team
from cope.programs.preset import Preset
from cope.programs.preset_round import Round

from .fault_server import Answering, FaultServer, Reply

PROMPT_TOKENS = 50


def choice(text: str, **more: Any) -> dict[str, Any]:
    """Return a completion."""
    message = {"role": "assistant", "content": text}
    return {"index": 0, "finish_reason": "stop", "message": message, **more}


def several(
    texts: Sequence[str], *, most: int = 100, completion_tokens: int | None = None
) -> Answering:
    """Return what answers a request with as many completions as it asks for.

    Args:
        texts: the texts of the completions in turn, also over several requests.
        most: completions that a request gets at most.
        completion_tokens: what the server counts for any request; None counts 7 for each completion.
    """
    left: list[str] = []

    def answer(body: dict[str, Any]) -> Reply:
        count = min(body.get("n") or 1, most)
        while len(left) < count:
            left.extend(texts)
        given = [choice(left.pop(0)) for _ in range(count)]
        tokens = 7 * count if completion_tokens is None else completion_tokens
        usage = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": tokens}
        return Reply({"id": "1", "model": "m", "choices": given, "usage": usage})

    return answer


def cascade_on(server: FaultServer, *, early_stop: str = "exact", **options: Any) -> Cascade:
    """Return a round of eight samples on a server that takes several samples of a request."""
    preset = options.pop("preset", None)
    model = f"openai/m@{server.address}/v1"
    options = {"cache": False, "sampling": "batch"} | options
    team = Team(small=model, large=model, **options)
    spec = Round(reasoner="small", samples=8, temperature=0.8, threshold=0.75)  # pyright: ignore[reportCallIssue]
    last = Round(reasoner="large")  # pyright: ignore[reportCallIssue]
    preset = preset or Preset(name="several", rounds=(spec, last))
    return Cascade(preset, team, early_stop=early_stop)

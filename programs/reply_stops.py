"""End a reply after its answer, also of models that say something before it."""

from collections.abc import Awaitable, Callable
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from .domains.base import Domain

Settings = dict[str, Any]


def answer_stops(domain: Domain, predict: dspy.Predict) -> tuple[str, ...]:
    """Return the texts at which replies of a prompt end; none where they hold more than an answer.

    Args:
        domain: the kind of questions.
        predict: the reasoner's prompt.
    """
    signature: Any = predict.signature  # DSPy types it as an instance; it is a class
    return domain.answer_stops if len(signature.output_fields) == 1 else ()


async def acall_until_answer(
    acall: Callable[[Settings], Awaitable[dspy.Prediction]],
    config: Settings,
    trace: list[Any],
) -> dspy.Prediction:
    """Call a model whose reply ends at the stops of its settings, if there are any.

    A small model writes on after its answer until its limit of tokens. A reply that is only the
    beginning of one is asked for again without stops, because a model may think first, or say what
    it will do.

    Args:
        acall: makes the call with its settings.
        config: the settings.
        trace: DSPy's trace of the call. A reply that is asked for again leaves it.
    """
    if "stop" not in config:
        return await acall(config)
    before = len(trace)
    try:
        prediction = await acall(config)
        if prediction.answer is not None or not is_beginning(prediction.reasoning):
            return prediction
    except AdapterParseError:
        pass  # the reply is empty up to its stop
    del trace[before:]
    return await acall({name: value for name, value in config.items() if name != "stop"})


def is_beginning(text: str) -> bool:
    """Return whether a reply without an answer goes on after its stop: a thought, or a sentence.

    >>> is_beginning("<think>"), is_beginning("Next I do this:"), is_beginning("go to the moon")
    (True, True, False)
    """
    text = text.strip()
    return not text or text.startswith("<") or text.endswith((".", ":", "!", "?"))

"""End a reply after its answer, also of models that say something before it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from ..models.engines.base import LocalEngine
from .domains.base import Domain
from .reply_format import acall_in_format

Settings = dict[str, Any]


def answer_stops(domain: Domain, predict: dspy.Predict) -> tuple[str, ...]:
    """Return the texts at which replies of a prompt end; none where they hold more than an answer.

    Args:
        domain: the kind of questions.
        predict: the reasoner's prompt.
    """
    signature: Any = predict.signature  # DSPy types it as an instance; it is a class
    return domain.answer_stops if len(signature.output_fields) == 1 else ()


def answer_form(
    make: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None,
    engine: LocalEngine | None,
    inputs: Mapping[str, Any],
) -> Mapping[str, Any] | None:
    """Return the format of a question's answers; None without one, or where no engine keeps it.

    Args:
        make: returns the format, see `Domain`.
        engine: the tier's engine; None for an API.
        inputs: the question's inputs.
    """
    return None if make is None or engine is None else make(inputs)


async def acall_until_answer(
    acall: Callable[[Settings], Awaitable[dspy.Prediction]],
    config: Settings,
    trace: list[Any],
    response_format: Mapping[str, Any] | None = None,
    form: Mapping[str, Any] | None = None,
) -> dspy.Prediction:
    """Call a model whose reply ends at the stops of its settings, if there are any.

    A small model writes on after its answer until its limit of tokens. A reply that is only the
    beginning of one is asked for again without stops, because a model may think first, or say what
    it will do. A reply without an answer is asked for again in a format that only answers have.

    Args:
        acall: makes the call with its settings.
        config: the settings.
        trace: DSPy's trace of the call. Replies that are asked for again leave it, and so do those
            in a format, because they are no examples for optimizers.
        response_format: the format of all replies, see `acall_in_format`; None for text.
        form: the format that only answers have; None without any.

    Raises:
        AdapterParseError: when the last reply is empty.
    """
    before = len(trace)
    settings = config
    while True:
        prediction, error = await _ask(acall, settings, response_format)
        if prediction is not None and prediction.answer is not None:
            break
        free = {name: value for name, value in config.items() if name != "stop"}
        text = "" if prediction is None else prediction.reasoning
        if "stop" in settings and is_beginning(text):
            settings = free
        elif form is not None and "response_format" not in settings:
            settings = free | {"response_format": dict(form)}
        elif error is not None:
            raise error
        else:
            break
        del trace[before:]
    if "response_format" in settings:
        del trace[before:]
    assert prediction is not None
    return prediction


async def _ask(
    acall: Callable[[Settings], Awaitable[dspy.Prediction]],
    settings: Settings,
    response_format: Mapping[str, Any] | None,
) -> tuple[dspy.Prediction | None, AdapterParseError | None]:
    """Return a model's reply, or the error of one that is empty."""
    try:
        if response_format is None:
            return await acall(settings), None
        return await acall_in_format(acall, settings, response_format), None
    except AdapterParseError as error:
        return None, error


def is_beginning(text: str) -> bool:
    """Return whether a reply without an answer goes on after its stop: a thought, or a sentence.

    >>> is_beginning("<think>"), is_beginning("Next I do this:"), is_beginning("go to the moon")
    (True, True, False)
    """
    text = text.strip()
    return not text or text.startswith("<") or text.endswith((".", ":", "!", "?"))

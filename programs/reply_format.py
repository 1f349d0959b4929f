"""Ask for replies of a format, also from models that cannot be made to keep it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import dspy

from ..errors import CopeError

Settings = dict[str, Any]

_ABOUT_FORMAT = re.compile(r"response_format|schema|grammar|\bformat\b|json", re.I)


async def acall_in_format(
    acall: Callable[[Settings], Awaitable[dspy.Prediction]],
    config: Settings,
    response_format: Mapping[str, Any] | None,
) -> dspy.Prediction:
    """Call a model so that its reply has a format, as far as the model can be made to keep it.

    A provider or server that refuses the format is asked by the prompt alone. Others accept it and
    ignore it. So the reply must be checked in any case.

    Args:
        acall: makes the call with its settings.
        config: the settings without the format.
        response_format: the format as the OpenAI API names it; None for text.
    """
    if response_format is None:
        return await acall(config)
    try:
        return await acall(config | {"response_format": dict(response_format)})
    except (dspy.LMError, CopeError) as error:
        if not _is_refused(error):
            raise
    return await acall(config)


def _is_refused(error: Exception) -> bool:
    """Return whether an error says that the format, not the rest of a request, was refused."""
    if isinstance(error, dspy.LMUnsupportedFeatureError):
        return True
    refused = isinstance(error, CopeError | dspy.LMInvalidRequestError | dspy.LMServerError)
    return refused and bool(_ABOUT_FORMAT.search(str(error)))

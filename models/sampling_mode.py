"""How the samples of a prompt are requested: each by its own request, or several by one."""

import logging
import re
from dataclasses import dataclass, field
from typing import Literal, get_args

import dspy

from ..errors import CopeError, suggest_names
from .call import Call
from .sampling_cost import MeanCall
from .sampling_speed import SamplingSpeed, time_call

Sampling = Literal["requests", "batch", "auto"]
"""Each sample by its own request, several samples by one request, or the better of both."""

REQUESTS: Sampling = "requests"

_log = logging.getLogger(__name__)

_ABOUT_N = re.compile(
    r"(^|[^\w])n([^\w]|_cmpl|$)|choices|completions|candidates|parallel samples", re.I
)


def check_sampling(name: str) -> Sampling:
    """Return the name of a way to request samples.

    Raises:
        CopeError: for an unknown one.
    """
    for known in get_args(Sampling):
        if name == known:
            return known
    raise CopeError(f"no sampling is named {name!r}: {suggest_names(name, get_args(Sampling))}")


@dataclass
class SeveralSamples:
    """What is known of a tier's servers: whether one request can draw several samples.

    Attributes:
        sampling: how the user wants samples to be requested.
        is_taken: whether servers take the number of samples of a request, as far as is known.
        mean: the finished calls of the tier.
        speed: the seconds of its rounds.
    """

    sampling: Sampling = REQUESTS
    is_taken: bool = True
    mean: MeanCall = field(default_factory=MeanCall)
    speed: SamplingSpeed = field(default_factory=SamplingSpeed)
    _said: set[str] = field(default_factory=set)

    def add_call(self, call: Call) -> None:
        """Take note of a finished call of the tier."""
        self.mean.add(call)
        time_call(call)

    def refuse(self, tier: str, reason: str) -> None:
        """Request each sample of a tier by its own request from now on, and say so once."""
        self.is_taken = False
        self.say(f"{tier}: {reason}, so each sample is a request of its own")

    def say(self, line: str) -> None:
        """Log a line about a tier's server once."""
        if line not in self._said:
            self._said.add(line)
            _log.warning(line)


def refuses_several(error: Exception) -> bool:
    """Return whether an error of a server is about the number of samples of a request.

    >>> refuses_several(dspy.LMInvalidRequestError("'n' : number must be at most 1"))
    True
    """
    if isinstance(error, dspy.ContextWindowExceededError):
        return False
    refused = isinstance(error, dspy.LMInvalidRequestError | dspy.LMUnsupportedFeatureError)
    return refused and bool(_ABOUT_N.search(str(error)))

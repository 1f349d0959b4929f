"""Copy what the meter knows of a reply to its sample."""

from ..models import Meter
from .confidence.base import Sample


def copy_reply_facts(sample: Sample, meter: Meter) -> None:
    """Set whether a sample's reply was cut, and the log-probabilities of its tokens.

    Args:
        sample: the sample.
        meter: the calls of its reasoner.
    """
    sample.cut = any(call.truncated for call in meter.calls)
    for call in meter.calls:
        if call.logprob is not None and call.logprob_tokens:
            sample.logprob_mean = call.logprob / call.logprob_tokens
            sample.logprob_window = call.logprob_window

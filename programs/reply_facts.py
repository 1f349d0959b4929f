"""Copy what the meter knows of a reply to its sample, and choose the plan that is forwarded."""

from ..models import Meter
from .confidence.base import Sample, Verdict


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
            sample.logprob_tokens = call.logprob_tokens
            sample.logprob_window = call.logprob_window


def forwarded_plan(verdict: Verdict, samples: list[Sample], order: list[int]) -> str | None:
    """Return the plan for later rounds; None without any, empty when all say nothing.

    It is the plan of the first supporter that has one, or else of the first sample that has one.
    """
    plans = {sample.index: sample.plan for sample in samples}
    for index in (*verdict.supporters, *order):
        if plans.get(index):
            return plans[index]
    return "" if "" in plans.values() else None

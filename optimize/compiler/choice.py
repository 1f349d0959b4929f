"""Which program a compile keeps: the better of before and after, never one that is worse."""

from .candidates import Candidate, Candidates
from .metric import Metric


def best(candidates: Candidates, metric: Metric, before: Candidate) -> Candidate:
    """The best candidate that answered the whole validation set; the program as it was, where none is better.

    Args:
        candidates: all that were tried.
        metric: its objective is what they are compared by.
        before: the program as it was.
    """

    def worth(candidate: Candidate) -> tuple[float, float, float]:
        """The objective, then fewer tokens of the large tier, then fewer tokens."""
        keys = candidates.valkeys
        values = [metric.worth(candidate.scores[key], candidate.large_tokens[key]) for key in keys]
        return (
            sum(values) / len(values),
            -candidate.mean(keys, candidate.large_tokens),
            -candidate.mean(keys, candidate.tokens),
        )

    after = max(candidates.whole(), key=lambda candidate: (*worth(candidate), -candidate.number))
    if (
        metric.objective == "accuracy"
    ):  # as accurate with fewer tokens is no gain in what was asked for
        return after if worth(after)[0] > worth(before)[0] else before
    return after if worth(after) > worth(before) else before

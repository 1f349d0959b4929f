"""What a round decides by, and what it decided and why in a sentence."""

from ..programs.confidence.early_stopping import INEXACT
from ..programs.round_record import RoundRecord, kind_of
from .sources.base import RoundView, System


def decision(told: RoundRecord, round_: RoundView, last: bool) -> str:
    """Say why a round's answer was taken, or why the question went on.

    Args:
        told: the round, as a record of an evaluation holds it.
        round_: what it is.
        last: whether no round comes after it.

    >>> told = {"answer": "18", "votes": {"18": 6}, "confidence": 0.75, "threshold": 0.75, "accepted": True, "asked": 8}
    >>> decision(told, RoundView(1, "small", samples=8, threshold=0.75), False)
    '6 of 8 samples agree (75%), and 75% are enough: accepted.'
    """
    threshold = told["threshold"]
    found = _found(told, round_)
    if told["answer"] is None:
        return f"{found}: {'the question stays without an answer' if last else _on(told, round_)}."
    if threshold is None:
        return (
            f"{found}; this is the last round, so its answer is given."
            if not _lone(told, round_)
            else f"{found}."
        )
    if told["accepted"]:
        return f"{found}{'' if _by_tests(told) else f', and {threshold:.0%} are enough'}: accepted."
    return f"{found}{'' if _by_tests(told) else f', and {threshold:.0%} are needed'}: {_on(told, round_)}."


def gate(system: System, number: int) -> str:
    """What decides whether a round's answer is taken: `votes`, `tests` that the question shows, or `both`, by question.

    Args:
        system: the system.
        number: the round's.
    """
    told = [
        entry for record in system.records for entry in record.rounds if entry["round"] == number
    ]
    kinds = {"tests" if _by_tests(entry) else "votes" for entry in told if entry["votes"]}
    return kinds.pop() if len(kinds) == 1 else "both" if kinds else "votes"


def _found(told: RoundRecord, round_: RoundView) -> str:
    if told["answer"] is None:
        return "No answer could be read"
    if _by_tests(told):
        best = next(iter(told["votes"])).removeprefix("passes ")
        who = "A program passes" if best.startswith("all") else "The best program passes"
        return f"{who} {'the one shown test' if best == 'all 1' else f'{best} shown tests'}"
    if _lone(told, round_):
        return "One sample was asked, and its answer is given"
    lead = next(iter(told["votes"].values()), 0)
    if not lead:
        return "Nothing was shown to test the programs by"
    undrawn = round_.samples - told["asked"]
    rule = told.get("early_stop")
    if rule in INEXACT and undrawn > 0:
        agree = f"{lead} of {told['asked']} samples agree ({told['confidence']:.0%}"
        return f"{agree}; {undrawn} more were not drawn by {rule})"
    early = f"; {undrawn} more were not drawn, as they could change nothing" if undrawn > 0 else ""
    return f"{lead} of {round_.samples} samples agree ({told['confidence']:.0%}{early})"


def _lone(told: RoundRecord, round_: RoundView) -> bool:
    return round_.samples == 1 and told["threshold"] is None and not _by_tests(told)


def _by_tests(told: RoundRecord) -> bool:
    return kind_of(told) == "tests" and bool(told["votes"])


def _on(told: RoundRecord, round_: RoundView) -> str:
    plan = ", with a plan" if told.get("plan") else ""
    return f"the question goes on to round {round_.number + 1}{plan}"

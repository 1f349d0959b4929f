"""The systems that `--presets all` leaves out, as lines."""

from collections.abc import Iterator, Mapping

_SYSTEM = "SYSTEM"


def left_out_lines(left_out: Mapping[str, str]) -> Iterator[str]:
    """Yield the systems that are left out for one reason, and the reason.

    Reasons that differ only in the name of the system are one.

    Args:
        left_out: the reason of each system by its name.

    >>> reasons = {"cisc": "cisc is for text", "p-true": "p-true is for text", "abc": "has no tier"}
    >>> list(left_out_lines(reasons))
    ['left out: cisc, p-true: SYSTEM is for text', 'left out: abc: has no tier']
    """
    names: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        names.setdefault(reason.replace(name, _SYSTEM), []).append(name)
    for reason, systems in names.items():
        if len(systems) == 1:
            reason = left_out[systems[0]]
        yield f"left out: {', '.join(systems)}: {reason}"

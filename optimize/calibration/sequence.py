"""Order the settings of a calibration: by half of its questions, or before any question is read.

A fixed sequence of tests controls the chance of a wrong guarantee only if its order does not depend
on the tested losses (Bauer 1991). There are two ways to get such an order:

- `split`: half of the questions order the settings, and the other half test them.
- `monotone`: the thresholds alone order the settings, from the strictest to the loosest. That
  takes no question, so that all of them test.
"""

from collections.abc import Sequence

from ...errors import CopeError, suggest_names
from ...util.arrays import Array
from .risk_test import fewest_units

AUTO, MONOTONE, SPLIT = "auto", "monotone", "split"
SEQUENCES = (AUTO, MONOTONE, SPLIT)

_SPLIT_FROM = 4
"""Times the fewest units that can pass: from there on `auto` takes `split`.

In simulated cascades of two gates `monotone` costs less up to 2 times at a harm of 2%, and up to 20
times at 10% (`tests/optimize/calibration/test_guarantee.py`).
"""


def fewest_by_sequence(harm: float, delta: float) -> dict[str, int]:
    """Return, by sequence, the fewest units with which a setting that loses nothing passes.

    >>> fewest_by_sequence(0.02, 0.1)
    {'monotone': 114, 'split': 227}
    """
    tested = fewest_units(harm, delta)
    return {MONOTONE: tested, SPLIT: max(2 * tested - 1, 2)}  # of an odd number, one more is tested


def split_from(harm: float, delta: float) -> int:
    """Return the number of units from which `auto` takes `split`."""
    return _SPLIT_FROM * fewest_units(harm, delta)


def resolve_sequence(name: str, units: int, harm: float, delta: float) -> str:
    """Return the sequence of a name, `auto` included.

    `auto` looks at the number of units only. To take the sequence in which a setting passes would
    be to test twice, and two tests are wrong with a probability of up to 2 * delta.

    Args:
        name: a name of `SEQUENCES`.
        units: the number of independent units: questions, or groups.
        harm: the maximum mean loss.
        delta: the maximum probability of a wrong guarantee.

    Raises:
        CopeError: for another name.

    >>> resolve_sequence("auto", 150, 0.02, 0.1), resolve_sequence("auto", 800, 0.02, 0.1)
    ('monotone', 'split')
    """
    if name not in SEQUENCES:
        raise CopeError(f"no sequence is named {name!r}: {suggest_names(name, SEQUENCES)}")
    if name != AUTO:
        return name
    return SPLIT if units >= split_from(harm, delta) else MONOTONE


def monotone_path(levels: Sequence[Array]) -> list[tuple[float, ...]]:
    """Return thresholds of all gates, from the strictest to the loosest.

    Each step lowers one threshold to its next level: the highest one that is left and, of equal
    ones, that of the later round, because its answers had more help. So each setting accepts all
    that the one before it accepts, and uses no more.

    Args:
        levels: for each gate, its thresholds that can decide differently, the highest first.

    >>> from numpy import array
    >>> monotone_path([array([1.0, 0.5]), array([1.0, 0.5])])
    [(1.0, 1.0), (1.0, 0.5), (0.5, 0.5)]
    """
    thresholds = [float(gate[0]) for gate in levels]
    steps = []
    for number, gate in enumerate(levels):
        for level in gate[1:]:
            steps.append((float(level), number))
    path = [tuple(thresholds)]
    for level, number in sorted(steps, reverse=True):
        thresholds[number] = level
        path.append(tuple(thresholds))
    return path

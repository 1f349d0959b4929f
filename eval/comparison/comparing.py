"""Systems on the same questions, each beside one reference: accuracy, cost, and what is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import CopeError
from ..measures import LARGE, MEASURES, SMALL
from ..records import Record
from ..statistics import wilson
from .bootstrap import DRAWS
from .lines import Beside, beside, known_to
from .paired_test import holm, holm_levels
from .price_ratio import BASES, basis
from .systems import System
from .versus import ALPHA, Versus, versus

MARGIN = 0.03


@dataclass(frozen=True)
class Figures:
    """One system over all its questions.

    Attributes:
        n: questions with an outcome.
        accuracy: mean score.
        interval: its 95% Wilson interval.
        costs: by measure, mean for one question; None where it is not known.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    costs: dict[str, float | None]


@dataclass(frozen=True)
class Comparison:
    """Some systems on the same questions.

    Attributes:
        figures: by system.
        against: the reference's name.
        pairs: every other system beside the reference.
        by: the measure that tables and verdicts speak of.
        beside: by measure and system, where it stands against random escalation and the oracle.
        basis: what the price ratio is put on; None where it cannot be.
        groups: how many groups the questions are in; None where they are not grouped.
        margin: accuracy within which two systems count as equally accurate.
        draws: of the bootstrap.
        seed: of the bootstrap.
    """

    figures: dict[str, Figures]
    against: str
    pairs: tuple[Versus, ...]
    by: str
    beside: dict[str, dict[str, Beside]]
    basis: str | None
    groups: int | None
    margin: float
    draws: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data; None is what is not known or has no bound."""
        from .verdict import settling, verdict

        return {
            "systems": {name: vars(figures) for name, figures in self.figures.items()},
            "against": self.against, "by": self.by, "groups": self.groups, "margin": self.margin, "draws": self.draws,
            "bootstrap_seed": self.seed,
            "comparisons": [
                {**pair.as_dict(), "verdict": verdict(pair, self), "settling": None if pair.settled else settling(pair)}
                for pair in self.pairs
            ],
            "beside": {
                measure: {name: one.as_dict() for name, one in found.items()} for measure, found in self.beside.items()
            },
            "price_ratio_of": self.basis and BASES[self.basis],
        }  # fmt: skip


def compare(
    records: Mapping[str, Sequence[Record]],
    *,
    against: str | None = None,
    by: str | None = None,
    groups: Mapping[str, str] | None = None,
    margin: float = MARGIN,
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Hold systems against a reference, question by question.

    Questions that one of two systems has no outcome for are left out of that pair.

    Args:
        records: by the name of a preset or program, its outcome on each question, as `evaluate` and `replay_records` give them.
        against: the reference; `large` where it is there, else the last one, when None.
        by: one of `MEASURES`, for the verdicts; the first that is known when None.
        groups: by a question's key, what it belongs to; then whole groups are drawn.
        margin: accuracy within which two systems count as equally accurate, as a share.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        CopeError: for fewer than two systems, a reference or measure that is not there, or questions that have nothing
            in common.
    """
    if len(records) < 2:
        raise CopeError("a comparison needs two systems or more: name them with --presets and --programs")
    systems = {name: System.of(name, rows) for name, rows in records.items()}
    if empty := [name for name, system in systems.items() if not system.questions]:
        raise CopeError(f"{empty[0]} has no outcome on any question: leave it out")
    reference = against or (LARGE if LARGE in systems else list(systems)[-1])
    if reference not in systems:
        raise CopeError(f"--against {reference}: no such system; there are {', '.join(systems)}")
    measure = _measure(by, systems)
    groups = groups or None
    what = basis(systems)
    how = {"groups": groups, "draws": draws, "seed": seed}
    raw = [versus(system, systems[reference], what, **how) for name, system in systems.items() if name != reference]
    p = [pair.p for pair in raw]
    pairs = tuple(
        pair.held_to(adjusted, level) for pair, adjusted, level in zip(raw, holm(p), holm_levels(p, ALPHA), strict=True)
    )
    figures = {name: _figures(system) for name, system in systems.items()}
    keys = {key for system in systems.values() for key in system.questions}
    return Comparison(
        figures, reference, pairs, measure, _beside(systems, how), what,
        len({groups[key] for key in keys}) if groups else None, margin, draws, seed,
    )  # fmt: skip


def _figures(system: System) -> Figures:
    keys = list(system.questions)
    right = float(system.scores(keys).sum())
    costs = {name: float(system.costs(name, keys).mean()) if system.knows(name) else None for name in MEASURES}
    return Figures(len(keys), right / len(keys), wilson(right, len(keys)), costs)


def _measure(by: str | None, systems: Mapping[str, System]) -> str:
    """The measure that is asked for, or the first whose costs are known of all systems."""
    if by is not None:
        if lacking := [name for name, system in systems.items() if not system.knows(by)]:
            hint = "; give prices with --price" if by.startswith("cost") else ""
            raise CopeError(f"--by {by}: not known of {lacking[0]}{hint}")
        return by
    order = ("large-tokens", "large-calls")
    return next((name for name in order if all(system.knows(name) for system in systems.values())), order[-1])


def _beside(systems: Mapping[str, System], how: Mapping[str, Any]) -> dict[str, dict[str, Beside]]:
    found: dict[str, dict[str, Beside]] = {}
    for measure in (name for name in MEASURES if known_to(name, systems)):
        made = {
            name: beside(system, systems[SMALL], systems[LARGE], measure, **how)
            for name, system in systems.items()
            if name not in (SMALL, LARGE) and system.knows(measure)
        }
        found[measure] = {name: one for name, one in made.items() if one}
    return {measure: made for measure, made in found.items() if made}

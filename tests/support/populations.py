"""Synthetic populations of questions for a cascade of two gated rounds, in which every true risk and cost is known."""

from dataclasses import dataclass

import numpy as np
from scipy.special import comb

N = 8  # votes in a round

_grid = np.meshgrid(*(np.arange(size) for size in (N, 2, N, 2, 2, 2)), indexing="ij")
_votes1, _right1, _votes2, _right2, _large, _right3 = (axis.reshape(-1, 1) for axis in _grid)

TAUS = np.array([(a, b) for a in range(1, N + 1) for b in range(1, N + 1)]) / N
"""(settings, 2): all pairs of thresholds."""

_accept1, _accept2 = (_votes1 + 1) / N >= TAUS[:, 0], (_votes2 + 1) / N >= TAUS[:, 1]
_right = np.where(_accept1, _right1, np.where(_accept2, _right2, _right3))

LOSS = ((_right == 0) & (_large == 1)).astype(float)
"""(cells, settings): wrong where the large model alone, which costs 1, is right."""
COST = np.where(_accept1, 0.08, np.where(_accept2, 0.38, 1.38))


@dataclass(frozen=True)
class Populations:
    """Many populations; a question of any of them is one of the cells.

    Attributes:
        cells: (populations, cells): how likely each cell is.
        risk: (populations, settings): true mean loss.
        cost: (populations, settings): true mean cost.
    """

    cells: np.ndarray
    risk: np.ndarray
    cost: np.ndarray

    def draw(self, questions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A record of each population: sums of the losses and of the costs, (populations, settings)."""
        counts = rng.multinomial(questions, self.cells).astype(float)
        return counts @ LOSS, counts @ COST


def populations(count: int, rng: np.random.Generator, types: int = 6) -> Populations:
    """Populations that differ in how hard their questions are, how wrong answers agree, and how good each model is."""
    small = rng.beta(1.2, 0.8, (count, types))
    together = rng.uniform(0.2, 0.7, (count, 1))
    planned = small ** rng.uniform(0.6, 1.2, (count, 1))
    large = 1 - (1 - small) * rng.uniform(0.1, 0.6, (count, 1))
    slips = rng.uniform(0, 0.05, count)
    share = rng.dirichlet(np.full(types, 2.0), count)
    last = np.stack([np.stack([1 - slips, slips], -1), np.stack([slips, 1 - slips], -1)], -2)
    cells = np.einsum(
        "pt,pta,ptb,ptl,plr->pablr",
        share,
        _round(small, together),
        _round(planned, together),
        np.stack([1 - large, large], -1),
        last,
        optimize=True,
    ).reshape(count, -1)
    cells /= cells.sum(axis=1, keepdims=True)
    return Populations(cells, cells @ LOSS, cells @ COST)


def _round(right: np.ndarray, together: np.ndarray) -> np.ndarray:
    """The chance of each leading count and of its being right: x samples are right, and y of the others agree."""
    chance = np.zeros((*right.shape, N, 2))
    for x in range(N + 1):
        for y in range(N - x + 1):
            here = comb(N, x) * right**x * (1 - right) ** (N - x)
            here = here * comb(N - x, y) * together**y * (1 - together) ** (N - x - y)
            leads = x >= y and x > 0
            chance[..., max(x if leads else y, 1) - 1, int(leads)] += here
    return chance.reshape(*right.shape, 2 * N)

"""Skip the first rounds of a cascade where a trained router says that the small tier will fail.

A router in front of a cascade spares the small tier's cost on questions that escalate anyway
(arXiv 2605.06350).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import CopeError
from ..util.arrays import Array
from .pregate_spec import Pregate
from .preset import Preset
from .systems.router import Router
from .systems.trained_file import load_trained


class PregateRouter:
    """The router of a preset's gate, loaded.

    Args:
        pregate: the gate.
        preset: the rounds that it is in front of.
        models: the model of each tier of the team or record.

    Attributes:
        identity: a digest of what the router learned.

    Raises:
        CopeError: when the file is no router, or was trained for another model of round 1.
    """

    def __init__(self, pregate: Pregate, preset: Preset, models: Mapping[str, str]) -> None:
        trained = load_trained(pregate.file)
        router = trained.policy()
        tier = preset.rounds[0].reasoner
        if not isinstance(router, Router):
            raise CopeError(
                f"preset {preset.name!r}: pregate: {pregate.file} is a {trained.system}, which "
                "estimates no scores: train a knn-router or a logistic-router"
            )
        if tier not in trained.tiers:
            raise CopeError(
                f"preset {preset.name!r}: pregate: {pregate.file} knows {', '.join(trained.tiers)} "
                f"and not {tier}, which solves in round 1"
            )
        trained.check_model(tier, models, pregate.file)
        self.identity = trained.identity()
        self._router, self._place = router, trained.tiers.index(tier)
        self._threshold = pregate.threshold
        self._target = 2 if pregate.to == "next" else len(preset.rounds)

    def first_rounds(self, questions: Sequence[str]) -> Array:
        """Return (questions,) of int: the number of the first round that each question runs."""
        estimates = self._router.estimate(questions)[:, self._place]
        return np.where(estimates < self._threshold, self._target, 1)


def preset_router(preset: Preset, models: Mapping[str, str]) -> PregateRouter | None:
    """Return the router in front of a preset's rounds; None for a preset without one.

    Raises:
        CopeError: when it does not fit.
    """
    if preset.pregate is None:
        return None
    return PregateRouter(preset.pregate, preset, models)

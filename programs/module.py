"""The base class of the parts of a program: DSPy's module, whose predictors are found quickly."""

from types import SimpleNamespace
from typing import Any

import dspy


class ProgramModule(dspy.Module):
    """A module of DSPy whose predictors are found without a look at the calls made before.

    DSPy's walk visits every list of a module, also the history, to which each call to a model adds
    an entry. Optimizers ask for the predictors at every question, so a compile would slow down as
    it proceeds.
    """

    def named_parameters(self) -> list[tuple[str, Any]]:
        """Return the predictors by name, as DSPy does."""
        attributes: Any = SimpleNamespace(**vars(self))
        attributes.history = []
        return dspy.Module.named_parameters(attributes)


def instruct(predict: dspy.Predict, instructions: str | None) -> None:
    """Give a predictor the instructions of its preset, if the preset has any."""
    if instructions is not None:
        signature: Any = predict.signature  # DSPy types it as an optional instance; it is a class
        predict.signature = signature.with_instructions(instructions)

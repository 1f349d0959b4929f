"""The base class of the parts of a program: DSPy's module, whose predictors are found quickly."""

from types import SimpleNamespace
from typing import Any

import dspy

from ..models.scope import dspy_context, dspy_setting


class ProgramModule(dspy.Module):
    """A module of DSPy whose predictors are found without a look at the calls made before.

    DSPy's walk visits every list of a module, also the history, to which each call to a model adds
    an entry. Optimizers ask for the predictors at every question, so a compile would slow down as
    it proceeds.
    """

    async def acall(self, *args: Any, **kwargs: Any) -> Any:
        """Call the module; where nobody observes it, without DSPy's look for observers."""
        observed = self.callbacks or dspy_setting("callbacks") or dspy_setting("track_usage")
        if observed:
            return await super().acall(*args, **kwargs)
        callers = [*(dspy_setting("caller_modules") or ()), self]
        forward: Any = self.aforward
        with dspy_context(caller_modules=callers):
            return await forward(*args, **kwargs)

    def named_parameters(self) -> list[tuple[str, Any]]:
        """Return the predictors by name, as DSPy does."""
        attributes: Any = SimpleNamespace(**vars(self))
        attributes.history = []
        return dspy.Module.named_parameters(attributes)


class ProgramPart(ProgramModule):
    """A module inside a program, which has no `forward`.

    DSPy looks at each use of an attribute of a module, to warn where `forward` is called directly.
    """

    __getattribute__ = object.__getattribute__  # pyright: ignore[reportAssignmentType]


def instruct(predict: dspy.Predict, instructions: str | None) -> None:
    """Give a predictor the instructions of its preset, if the preset has any."""
    if instructions is not None:
        signature: Any = predict.signature  # DSPy types it as an optional instance; it is a class
        predict.signature = signature.with_instructions(instructions)

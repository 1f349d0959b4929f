"""Wrap the language models inside a user's optimizer, so that their calls are metered and count against the budget."""

import asyncio
import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...models import Price
from ...models.lm import TierLM
from ...programs import Cascade
from ..compiler.proposer import PROPOSER_TIER


class MeteredLM(TierLM):
    """A language model of any class, asked in its own way, whose calls are metered as the proposer's.

    Args:
        lm: the model. It stays as it was; its history grows.
    """

    def __init__(self, lm: dspy.BaseLM) -> None:
        # DSPy reads from the engine what the model can do; no call reaches it.
        engine = lm.engine if isinstance(lm, dspy.LM) else "auto"
        super().__init__(
            str(lm.model or type(lm).__name__), tier=PROPOSER_TIER, cache=False, engine=engine
        )
        self.model_type = lm.model_type
        self.kwargs, self.history = dict(lm.kwargs), lm.history
        self.inner: dspy.BaseLM = copy.copy(lm)
        # The model reports what a call used where DSPy keeps its history.
        self.inner.update_history = self.update_history

    async def _send(self, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> Any:
        request: dict[str, Any] = {}
        for name, value in self.kwargs.items():
            if name not in self.inner.kwargs or self.inner.kwargs[name] != value:
                request[name] = value  # set on the copy that an optimizer made of this model
        request |= kwargs
        # Not every model has an asynchronous form, and optimizers use the other one.
        if messages:
            return await asyncio.to_thread(self.inner, messages=messages, **request)
        return await asyncio.to_thread(self.inner, prompt, **request)

    def _keep_history(self, entry: dict[str, Any]) -> None:
        type(self.inner).update_history(self.inner, entry)


def find_lms(holder: Any, price: Price | None = None) -> list[TierLM]:
    """The models that an optimizer holds, each once, as they are lent.

    Found are those in its attributes, in their lists and dictionaries, in its predictors, in optimizers inside it, and in
    objects that it calls. A model that only a function's closure knows is not found.

    Args:
        holder: the optimizer.
        price: of those that have none of their own.
    """
    return list(_metered_lms(_find_lm_slots(holder, set()), price).values())


@contextmanager
def use_metered_lms(holder: Any, price: Price | None = None) -> Iterator[None]:
    """Inside, the models that an optimizer holds are lent ones, see `find_lms`; afterwards it has its own back."""
    places = list(_find_lm_slots(holder, set()))
    lent = _metered_lms(places, price)
    try:
        for place, key, lm in places:
            _set_slot(place, key, lent[id(lm)])
        yield
    finally:
        for place, key, lm in places:
            _set_slot(place, key, lm)


def nested_optimizers(holder: Any) -> Iterator[Teleprompter]:
    """The optimizers inside an optimizer."""
    for value in _nested_values(holder, set()):
        if isinstance(value, Teleprompter):
            yield value


def _metered_lms(
    places: Iterable[tuple[Any, Any, dspy.BaseLM]], price: Price | None
) -> dict[int, TierLM]:
    """By the identity of a model what stands in for it."""
    made: dict[int, TierLM] = {}
    for _, _, lm in places:
        if id(lm) in made:
            continue
        # A tier's model keeps to its limits and writes to the meter already, but what it proposes is no answer of its tier.
        lent = made[id(lm)] = (
            lm.copy(tier=PROPOSER_TIER) if isinstance(lm, TierLM) else MeteredLM(lm)
        )
        if price and not lent.runtime.price:
            lent.runtime = replace(lent.runtime, price=price)
    return made


def _find_lm_slots(holder: Any, seen: set[int]) -> Iterator[tuple[Any, Any, dspy.BaseLM]]:
    """Holder, key and model, of every model that is found."""
    for inside in (holder, *_nested_values(holder, seen)):
        for key, value in _items(inside):
            if isinstance(value, dspy.BaseLM):
                yield inside, key, value


def _nested_values(holder: Any, seen: set[int]) -> Iterator[Any]:
    """All that is inside and may hold models itself, once."""
    for _, value in _items(holder):
        bound = isinstance(value, MethodType)
        inside = value.__self__ if bound else value
        if id(inside) not in seen and _may_hold_lms(inside, bound):
            seen.add(id(inside))
            yield inside
            yield from _nested_values(inside, seen)


def _may_hold_lms(value: Any, called: bool) -> bool:
    if isinstance(value, dict | list | Teleprompter):
        return True
    if isinstance(value, dspy.BaseLM | Cascade | type | FunctionType):
        return False
    return (called or callable(value)) and hasattr(value, "__dict__")


def _items(holder: Any) -> list[tuple[Any, Any]]:
    if isinstance(holder, dict):
        return list(holder.items())
    return list(enumerate(holder)) if isinstance(holder, list) else list(vars(holder).items())


def _set_slot(holder: Any, key: Any, value: Any) -> None:
    if isinstance(holder, dict | list):
        holder[key] = value
    else:
        setattr(holder, key, value)

"""Wrap the language models inside a user's optimizer: their calls are metered and budgeted."""

import asyncio
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FunctionType, MethodType
from typing import Any, NamedTuple

import dspy
from dspy.teleprompt.teleprompt import Teleprompter

from ...models import Price
from ...models.lm import TierLM
from ...programs import Cascade
from ..compiler.proposer import PROPOSER_TIER


class MeteredLM(TierLM):
    """A language model of any class whose calls are metered as the proposer's.

    Args:
        lm: the model. It does not change, but its history grows.
    """

    def __init__(self, lm: dspy.BaseLM) -> None:
        # DSPy reads from the engine what the model can do; no call reaches it.
        engine = lm.engine if isinstance(lm, dspy.LM) else "auto"
        super().__init__(
            str(lm.model or type(lm).__name__), tier=PROPOSER_TIER, cache=False, engine=engine
        )
        # The model retries by itself, and its thread cannot be stopped.
        self.max_retries, self.runtime = 0, replace(self.runtime, timeout=None)
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


class _Slot(NamedTuple):
    """A place that holds a language model: an attribute, a list's index or a dictionary's key."""

    holder: Any
    key: Any
    lm: dspy.BaseLM

    def put(self, lm: dspy.BaseLM) -> None:
        if isinstance(self.holder, dict | list):
            self.holder[self.key] = lm
        else:
            setattr(self.holder, self.key, lm)


def find_lms(optimizer: Teleprompter, price: Price | None = None) -> list[TierLM]:
    """Return a metered LM for each language model inside an optimizer.

    The search covers the optimizer's attributes, their lists and dictionaries, its predictors,
    nested optimizers, and objects that it calls. It does not find a model that only the closure of
    a function holds.

    Args:
        optimizer: the optimizer.
        price: the price of models that have none.
    """
    return list(_metered_lms(_find_slots(optimizer), price).values())


@contextmanager
def use_metered_lms(optimizer: Teleprompter, price: Price | None = None) -> Iterator[None]:
    """Replace the language models inside an optimizer by metered ones, see `find_lms`."""
    slots = _find_slots(optimizer)
    metered = _metered_lms(slots, price)
    try:
        for slot in slots:
            slot.put(metered[id(slot.lm)])
        yield
    finally:
        for slot in slots:
            slot.put(slot.lm)


def nested_optimizers(optimizer: Teleprompter) -> list[Teleprompter]:
    """Return the optimizers inside an optimizer."""
    values = _nested_values(optimizer, set())
    return [value for value in values if isinstance(value, Teleprompter)]


def _metered_lms(slots: list[_Slot], price: Price | None) -> dict[int, TierLM]:
    """Return the replacement of each model, by the model's `id`."""
    metered: dict[int, TierLM] = {}
    for slot in slots:
        if id(slot.lm) in metered:
            continue
        if isinstance(slot.lm, TierLM):
            # It is metered already, but its proposals are not answers of its tier.
            lm: TierLM = slot.lm.copy(tier=PROPOSER_TIER)
        else:
            lm = MeteredLM(slot.lm)
        if price and not lm.runtime.price:
            lm.runtime = replace(lm.runtime, price=price)
        metered[id(slot.lm)] = lm
    return metered


def _find_slots(optimizer: Teleprompter) -> list[_Slot]:
    slots = []
    for holder in (optimizer, *_nested_values(optimizer, set())):
        for key, value in _items(holder):
            if isinstance(value, dspy.BaseLM):
                slots.append(_Slot(holder, key, value))
    return slots


def _nested_values(holder: object, seen: set[int]) -> Iterator[object]:
    """Yield each object inside `holder` that may hold models, once."""
    for _, value in _items(holder):
        bound = isinstance(value, MethodType)
        nested = value.__self__ if bound else value
        if id(nested) not in seen and _may_hold_lms(nested, bound):
            seen.add(id(nested))
            yield nested
            yield from _nested_values(nested, seen)


def _may_hold_lms(value: object, called: bool) -> bool:
    if isinstance(value, dict | list | Teleprompter):
        return True
    if isinstance(value, dspy.BaseLM | Cascade | type | FunctionType):
        return False
    return (called or callable(value)) and hasattr(value, "__dict__")


def _items(holder: object) -> list[tuple[Any, object]]:
    if isinstance(holder, dict):
        return list(holder.items())
    if isinstance(holder, list):
        return list(enumerate(holder))
    return list(vars(holder).items())

"""The asynchronous face of an engine for DSPy, and how a saved program gets it back."""

from typing import Any

from dspy.lm15 import Request, Response

from .base import LocalEngine
from .saved import find_engine_class


class AsyncEngineAdapter:
    """The asynchronous face of an engine, as DSPy wants it: an object of its own with an async `complete`."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        return await self.engine.agenerate(request)

    async def aclose(self) -> None:
        """Engines are shared; they end with the process."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "AsyncEngineAdapter":
        return self

    def dump_state(self) -> dict[str, Any]:
        return {
            "class": type(self.engine).__name__,
            "module": type(self.engine).__module__,
            **self.engine.dump_state(),
        }

    @classmethod
    def load_state(cls, state: dict[str, Any]) -> "AsyncEngineAdapter":
        """Return the adapter of the engine that a saved program names.

        Raises:
            CopeError: when it names what is no known engine.
        """
        state = dict(state)
        engine_class = find_engine_class(f"{state.pop('module')}:{state.pop('class')}")
        return cls(engine_class.load_state(state))

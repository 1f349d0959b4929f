"""The asynchronous adapter of an engine for DSPy, also in saved programs."""

from collections.abc import Sequence

from dspy.lm15 import Request, Response

from ...util.json_types import JsonObject
from .base import LocalEngine
from .saved import find_engine_class


class AsyncEngineAdapter:
    """Adapts an engine to DSPy, which needs a separate object with an asynchronous `complete`."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        """Return one completion."""
        return await self.engine.agenerate(request)

    async def complete_several(self, request: Request, count: int) -> Sequence[Response]:
        """Return several completions of one prompt, see `LocalEngine.agenerate_several`."""
        return await self.engine.agenerate_several(request, count)

    async def aclose(self) -> None:
        """Do nothing, because engines are shared until the process ends."""

    def __deepcopy__(self, memo: dict[int, object]) -> "AsyncEngineAdapter":
        return self

    def dump_state(self) -> JsonObject:
        """Return the engine's class and settings as JSON."""
        engine_class = type(self.engine)
        path = {"class": engine_class.__name__, "module": engine_class.__module__}
        return path | self.engine.dump_state()

    @classmethod
    def load_state(cls, state: JsonObject) -> "AsyncEngineAdapter":
        """Return the adapter of a saved engine.

        Raises:
            CopeError: when the engine's class is not known.
        """
        state = dict(state)
        engine_class = find_engine_class(f"{state.pop('module')}:{state.pop('class')}")
        return cls(engine_class.load_state(state))

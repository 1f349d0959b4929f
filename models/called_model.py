"""The part of a tier's language model that prices and errors of its calls need."""

from typing import Any, Protocol

from ..util.json_types import JsonObject
from .call import Call
from .prices import Price
from .runtime import TierRuntime


class CalledModel(Protocol):
    """A tier's language model as its helpers see it; `TierLM`, which imports them, is one."""

    model: str
    tier: str
    kwargs: dict[str, Any]
    runtime: TierRuntime

    @property
    def engine(self) -> Any:
        """The engine that makes the calls."""
        ...

    @property
    def price(self) -> Price | None:
        """The price of the calls; None when it is not known."""
        ...

    @property
    def asks_server(self) -> bool:
        """Whether requests go to a server, not to an engine in this process."""
        ...

    def price_of(
        self, prompt_tokens: int, completion_tokens: int, machine_seconds: float
    ) -> float | None:
        """Return the cost of such a call in USD; None when it is not known."""
        ...

    async def attempt_repeatedly(
        self, call: Call, prompt: str | None, messages: Any, kwargs: JsonObject, send: Any = None
    ) -> Any:
        """Make a request, again where its failure may pass, and set the price of its call."""
        ...

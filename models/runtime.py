"""What all calls of a tier share: limits, schedule, the machine's time and the price."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .concurrency import PrioritySemaphore, TierScheduler
from .engines.registry import DEFAULT_TIMEOUT
from .kept_requests import KeptRequests
from .meter import MachineTimeAccountant
from .prices import Price
from .prompt_tokens import PromptTokens
from .sampling_mode import REQUESTS, Sampling, SeveralSamples
from .server_pool import ServerPool


@dataclass(frozen=True)
class TierRuntime:
    """What all calls of a tier share.

    Attributes:
        semaphore: limits the requests in flight.
        scheduler: schedules the tiers of one host; None where they need not take turns.
        machine_time: divides the machine's time among calls.
        price: the user's price; None without one.
        timeout: seconds that one request to a server may take; None without a limit.
        prompt_tokens: the tokens of the latest prompts.
        kept_requests: prepared requests, for the next samples of the same prompt.
        servers: the servers of the model; None for one server, or for an engine.
        several: whether one request can draw several samples.
    """

    semaphore: PrioritySemaphore = field(default_factory=lambda: PrioritySemaphore(16))
    scheduler: TierScheduler | None = None
    machine_time: MachineTimeAccountant = field(default_factory=MachineTimeAccountant)
    price: Price | None = None
    timeout: float | None = DEFAULT_TIMEOUT
    prompt_tokens: PromptTokens = field(default_factory=PromptTokens)
    kept_requests: KeptRequests = field(default_factory=KeptRequests)
    servers: ServerPool | None = None
    several: SeveralSamples = field(default_factory=SeveralSamples)

    def __deepcopy__(self, memo: dict[int, object]) -> "TierRuntime":
        return self  # optimizers copy programs, but there is only one machine

    def __reduce__(
        self,
    ) -> tuple[Callable[..., "TierRuntime"], tuple[object, ...]]:
        """Pickle the settings, but not the requests in flight, which belong to this process."""
        time_slice = None if self.scheduler is None else self.scheduler.time_slice
        size, sampling = self.semaphore.size, self.several.sampling
        return _rebuild_runtime, (
            size,
            time_slice,
            self.price,
            self.timeout,
            sampling,
            self.servers,
        )


def _rebuild_runtime(
    size: int,
    time_slice: float | None,
    price: Price | None,
    timeout: float | None = DEFAULT_TIMEOUT,
    sampling: Sampling = REQUESTS,
    servers: ServerPool | None = None,
) -> TierRuntime:
    scheduler = None if time_slice is None else TierScheduler(time_slice)
    several = SeveralSamples(sampling)
    semaphore = PrioritySemaphore(size)
    return TierRuntime(
        semaphore, scheduler, price=price, timeout=timeout, servers=servers, several=several
    )

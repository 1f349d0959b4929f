"""Let requests in, whichever interface they come through: limits of their key, then a place."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .access import Access
from .accounts import Account
from .in_flight import InFlight, InFlightHere
from .places import Places


@dataclass
class Admission:
    """Counts the requests of one server.

    Attributes:
        access: keys and budget.
        places: how many requests are answered at once.
        in_flight: the running requests of each key.
    """

    access: Access
    places: Places
    in_flight: InFlight = field(default_factory=InFlightHere)

    async def enter(self, account: Account | None) -> Callable[[], None]:
        """Count a request, wait for a place, and return what gives the place back.

        Args:
            account: whose request it is; None where no key is needed.

        Raises:
            ApiError: 429 when the key has reached a limit or the queue is full, 503 when the server
                stops.
        """
        self.access.accounts.count_request(account)
        self.in_flight.enter(account)
        try:
            await self.places.take()
        except BaseException:
            self.in_flight.leave(account)
            raise

        def leave() -> None:
            self.places.give_back()
            self.in_flight.leave(account)

        return leave

"""How fast a tier answers a batch."""

from dataclasses import dataclass

import numpy as np

from ..errors import CopeError


@dataclass(frozen=True)
class TierSpeed:
    """How fast a tier answers, with all its requests in flight together.

    Attributes:
        read: tokens of prompts that it reads in a second; None where that takes no time of its own.
        written: tokens that it writes in a second; None for a batch service.
        hours: hours in which a batch service answers, however many requests there are.

    >>> TierSpeed.parse("40000/2500"), TierSpeed.parse("2500").written, TierSpeed.parse("24h").hours
    (TierSpeed(read=40000.0, written=2500.0, hours=0.0), 2500.0, 24.0)
    """

    read: float | None = None
    written: float | None = None
    hours: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "TierSpeed":
        """Parse `OUT` or `IN/OUT` in tokens a second, or `Nh` of a batch service.

        Raises:
            CopeError: when the text has none of these forms.
        """
        try:
            if text.endswith("h"):
                speed = cls(hours=float(text.removesuffix("h")))
            else:
                first, slash, second = text.partition("/")
                speed = cls(float(first) if slash else None, float(second if slash else first))
        except ValueError:
            speed = cls(written=0.0)
        given = [value for value in (speed.read, speed.written) if value is not None]
        if not all(0 < value < np.inf for value in given or [speed.hours]):
            raise CopeError(
                f"the speed {text!r} is not understood: write the tokens a second that the tier "
                "writes, or reads and writes, as in 2500 or 40000/2500; or 24h for a batch API"
            )
        return speed

    def hours_of(self, read: float, written: float) -> float:
        """Return the hours that so many tokens take."""
        if not read and not written:
            return 0.0
        seconds = 0.0
        if self.read is not None:
            seconds += read / self.read
        if self.written is not None:
            seconds += written / self.written
        return self.hours + seconds / 3600

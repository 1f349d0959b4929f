"""One request to a model: its labels, its usage and its price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["plan", "reason", "other"]


@dataclass(slots=True)
class Call:
    """One request to a model, as it was used and paid.

    Attributes:
        seconds: from the moment the engine took the request to its end.
        machine_seconds: the call's share of the machine's time; calls in flight together divide it.
        sample: the sample of its round that it was made for; None where it was made for all of them, or for none.
        usd: None when the price is not known. A cache hit costs 0.
        cache_hit: answered by the cache; its tokens were paid before and count as zero here.
        cancelled: given up because nothing depended on it any more; tokens as far as the engine told them.
        from_ledger: taken from the record of an earlier, interrupted run, with what it used then.
        logprob: the sum of its tokens' log-probabilities, where they were asked for and given.
    """

    tier: str = ""
    model: str = ""
    round: int = 0
    role: Role = "other"
    sample: int | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    usd: float | None = None
    seconds: float = 0.0
    machine_seconds: float = 0.0
    cache_hit: bool = False
    cancelled: bool = False
    truncated: bool = False
    from_ledger: bool = False
    logprob: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the call as a ledger holds it."""
        return {_FILE_KEYS.get(name, name): getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Call":
        """Return the call that a ledger holds."""
        return cls(**{_FIELDS.get(key, key): value for key, value in entry.items()})


# Fields that have another key in files.
_FILE_KEYS = {"cache_hit": "hit", "from_ledger": "restored"}
_FIELDS = {key: name for name, key in _FILE_KEYS.items()}

"""One request to a model: its labels, its usage and its price."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..util.json_types import JsonObject
from .cost import CostBounds
from .exchange import Exchange

Role = Literal["plan", "reason", "other"]


@dataclass(slots=True)
class Call:
    """One request to a model.

    Attributes:
        tier: the tier that was called.
        model: the model's name.
        round: the round, from 1; 0 for calls outside of rounds.
        role: what the call was for.
        sample: the sample of the round; None for a call made for all samples or for none.
        prompt_tokens: tokens of the prompt; None when the server does not report them.
        completion_tokens: tokens of the completion; None when the server does not report them.
        cached_tokens: tokens of the prompt that the engine had in its cache.
        usd: the price; None when it is not known.
        seconds: from the start of the request in the engine to its end; None when a cache does not
            keep them.
        machine_seconds: the call's share of the machine's time; concurrent calls divide it.
        cache_hit: answered by the cache. Tokens, price and seconds are those of the original call,
            which was paid for then.
        cancelled: stopped because its result was no longer needed. Its tokens are those that are
            known to be used.
        truncated: ended by the limit of tokens.
        from_ledger: restored from an earlier, interrupted run, with the usage of that time.
        logprob: the sum of the tokens' log-probabilities, if they were requested and returned.
        logprob_tokens: number of tokens in that sum.
        logprob_window: the lowest mean of the log-probabilities of successive tokens, see
            `lowest_window`.
        unreported_prompt: tokens at most that the prompt of a cancelled call has above
            `prompt_tokens`.
        unreported_completion: tokens at most that a cancelled call wrote above
            `completion_tokens`; None without any limit.
        usd_low: the price at least, of a call whose price is not known exactly.
        usd_high: the price at most of such a call; None when it is not known.
        prompt_shared: drawn by a request for several samples, whose prompt another of their calls
            counts.
        drafted: tokens that something drafted for the model, see `engines/draft.py`; None where
            nothing does.
        draft_accepted: those of them that the model accepted.
        estimated: the tokens of the completion are estimated, because the server counted one of
            several completions.
        exchange: what was sent and replied; it is in no file, see `Ledger.exchanges`.
    """

    tier: str = ""
    model: str = ""
    round: int = 0
    role: Role = "other"
    sample: int | None = None
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    cached_tokens: int = 0
    usd: float | None = None
    seconds: float | None = 0.0
    machine_seconds: float | None = 0.0
    cache_hit: bool = False
    cancelled: bool = False
    truncated: bool = False
    from_ledger: bool = False
    logprob: float | None = None
    logprob_tokens: int | None = None
    logprob_window: float | None = None
    unreported_prompt: int = 0
    unreported_completion: int | None = 0
    usd_low: float = 0.0
    usd_high: float | None = None
    prompt_shared: bool = False
    drafted: int | None = None
    draft_accepted: int | None = None
    estimated: bool = False
    exchange: Exchange | None = field(default=None, repr=False, compare=False)

    @property
    def cost(self) -> CostBounds:
        """The price, between its bounds."""
        if self.usd is not None:
            return CostBounds(self.usd, self.usd)
        return CostBounds(self.usd_low, self.usd_high)

    def as_dict(self) -> JsonObject:
        """Return the call as in a ledger's file, without what only some calls have."""
        fields: JsonObject = {}
        for name in self.__slots__:
            value = getattr(self, name)
            if name == "exchange":
                continue
            if name not in _OF_SOME_CALLS or (value is not None and value is not False):
                fields[_FILE_KEYS.get(name, name)] = value
        return fields

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> "Call":
        """Return a call of a ledger's file. Keys of other versions are ignored.

        Earlier versions counted a reply of the cache as nothing; what it had cost is unknown.
        """
        known = {}
        for key, value in entry.items():
            name = _FIELDS.get(key, key)
            if name in cls.__slots__:
                known[name] = value
        call = cls(**known)
        if call.cache_hit and "usd_low" not in entry and not call.usd:
            call.prompt_tokens = call.completion_tokens = None
            call.usd = call.seconds = call.machine_seconds = None
        return call


_OF_SOME_CALLS = (
    "logprob_tokens",
    "logprob_window",
    "prompt_shared",
    "drafted",
    "draft_accepted",
    "estimated",
)
# Fields that have another key in files.
_FILE_KEYS = {"cache_hit": "hit", "from_ledger": "restored"}
_FIELDS = {key: name for name, key in _FILE_KEYS.items()}

"""The programs that an optimizer tried, each with its score on every question it was asked."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Candidate:
    """One state of the program's prompts.

    Attributes:
        id: digest of the prompts.
        number: in the order of appearance; 0 is the program as it was before.
        state: instructions and demonstrations by predictor, in plain data.
        scores: by question, between 0 and 1.
        large_tokens: tokens that the large tier wrote, by question.
        tokens: all tokens, prompts included, by question.
        reject_reason: why it is not to be used, in words; None when it may be.
        calls: model calls that the compile had made when it appeared.
    """

    id: str
    number: int
    state: dict[str, Any]
    scores: dict[str, float] = field(default_factory=dict)
    large_tokens: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    reject_reason: str | None = None
    calls: int = 0

    def has_all(self, keys: Sequence[str]) -> bool:
        """Whether all these questions were asked."""
        return all(key in self.scores for key in keys)

    def mean(self, keys: Sequence[str], of: Mapping[str, float] | None = None) -> float:
        """The mean over those of the questions that were asked; 0 without any."""
        values = self.scores if of is None else of
        known = [values[key] for key in keys if key in values]
        return sum(known) / len(known) if known else 0.0


class CandidatePool:
    """All candidates of a compile, by digest. Safe to use from the threads of DSPy's optimizers."""

    def __init__(self, val_keys: Sequence[str]) -> None:
        self.val_keys = list(val_keys)
        self._found: dict[str, Candidate] = {}
        self._lock = threading.Lock()

    def __iter__(self):
        return iter(list(self._found.values()))

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, identity: str) -> Candidate:
        return self._found[identity]

    def __contains__(self, identity: str) -> bool:
        return identity in self._found

    def register(
        self, identity: str, state: dict[str, Any], calls: int, reject_reason: str | None = None
    ) -> Candidate:
        """The candidate of these prompts, noted when it is a new one."""
        with self._lock:
            if identity not in self._found:
                self._found[identity] = Candidate(
                    identity, len(self._found), state, reject_reason=reject_reason, calls=calls
                )
            return self._found[identity]

    def add_score(
        self, identity: str, key: str, value: float, large_tokens: int, tokens: int
    ) -> None:
        with self._lock:
            if candidate := self._found.get(identity):
                candidate.scores[key] = value
                candidate.large_tokens[key] = large_tokens
                candidate.tokens[key] = tokens

    def fully_evaluated(self) -> list[Candidate]:
        """Those that answered the whole validation set, the best first; of equal ones the earlier."""
        found = [
            c for c in self if not c.reject_reason and self.val_keys and c.has_all(self.val_keys)
        ]
        return sorted(found, key=lambda c: (-c.mean(self.val_keys), c.number))

    def most_promising(self, base: Candidate) -> Candidate | None:
        """Of those that were not asked the whole validation set, the one that was right most often where `base` was not.

        Args:
            base: what they are compared with, question by question; its mean stands where it was not asked.
        """
        usual = base.mean(list(base.scores))

        def gain(candidate: Candidate) -> float:
            return sum(
                value - base.scores.get(key, usual) for key, value in candidate.scores.items()
            )

        found = [c for c in self if not c.reject_reason and not c.has_all(self.val_keys)]
        best = max(found, key=gain, default=base)
        return best if best is not base and gain(best) > 0 else None

    def pareto_front(self) -> list[Candidate]:
        """Those that no other beats in accuracy and large-tier tokens a question at once, the cheapest first."""
        points = [
            (c.mean(self.val_keys, c.large_tokens), -c.mean(self.val_keys), c.number, c)
            for c in self.fully_evaluated()
        ]
        best, front = -1.0, []
        for _, accuracy, _, candidate in sorted(points, key=lambda point: point[:3]):
            if -accuracy > best:
                best = -accuracy
                front.append(candidate)
        return front


def proposal_rows(
    board: CandidatePool, worth: Callable[[float, int], float], kept: str
) -> Iterator[dict[str, Any]]:
    """Every candidate in a row: what it is, how it scored, and whether it was accepted.

    One is accepted when it answered all validation questions and was worth more than all before it; so is the one that
    is saved, which may be worth the same with fewer tokens.

    Args:
        board: the candidates.
        worth: what an answer's score is worth, with the tokens that the large tier wrote for it.
        kept: the id of the candidate that is saved.
    """
    keys, best = board.val_keys, -1.0
    for candidate in sorted(board, key=lambda candidate: candidate.number):
        asked = sum(key in candidate.scores for key in keys)
        whole, value = asked == len(keys), -1.0
        if whole:
            value = sum(
                worth(candidate.scores[key], candidate.large_tokens[key]) for key in keys
            ) / len(keys)
        if candidate.number == 0:
            outcome, why = "start", "the program as it was"
        elif candidate.reject_reason:
            outcome, why = "refused", candidate.reject_reason
        elif whole and value > best:
            outcome, why = "accepted", f"better than all before it: {best:.3f} -> {value:.3f}"
        elif candidate.id == kept:
            outcome, why = (
                "accepted",
                f"worth the same as the best before it, {best:.3f}, with fewer tokens",
            )
        elif whole:
            outcome, why = "rejected", f"{value:.3f} on validation, and {best:.3f} was known"
        else:
            outcome, why = "rejected", f"given up after {asked} of {len(keys)} validation questions"
        best = max(best, value)
        state = candidate.state
        yield {
            "number": candidate.number,
            "outcome": outcome,
            "why": why,
            "saved": candidate.id == kept,
            "accuracy": candidate.mean(keys) if asked else None,
            "questions": asked,
            "large_tokens": candidate.mean(keys, candidate.large_tokens) if asked else None,
            "tokens": candidate.mean(keys, candidate.tokens) if asked else None,
            "calls": candidate.calls,
            "instructions": {name: plain["instructions"] for name, plain in state.items()},
            "demonstrations": {name: len(plain["demos"]) for name, plain in state.items()},
            "id": candidate.id,
            "run": None,
        }

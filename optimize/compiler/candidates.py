"""The programs that an optimizer tries, each with its score on every question that it answered."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Candidate:
    """One state of the program's prompts.

    Attributes:
        id: the digest of the prompts.
        number: the order of appearance; 0 is the program before the compile.
        state: instructions and demonstrations by predictor, as plain data.
        scores: by question, between 0 and 1.
        large_tokens: by question, the tokens that the last tier wrote.
        tokens: by question, all tokens, including those of prompts.
        steps: by question, the steps of a game; 0 for another question.
        reject_reason: why the candidate may not be used; None when it may.
        calls: the model calls of the compile before the candidate appeared.
    """

    id: str
    number: int
    state: dict[str, Any]
    scores: dict[str, float] = field(default_factory=dict)
    large_tokens: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    reject_reason: str | None = None
    calls: int = 0

    def has_all(self, keys: Sequence[str]) -> bool:
        """Return whether the candidate answered all these questions."""
        return all(key in self.scores for key in keys)

    def mean(self, keys: Sequence[str], values: Mapping[str, float] | None = None) -> float:
        """Return the mean of `values`, by default the scores, over the answered questions.

        It is 0 without any.
        """
        if values is None:
            values = self.scores
        answered = [values[key] for key in keys if key in values]
        return sum(answered) / len(answered) if answered else 0.0


class CandidatePool:
    """All candidates of a compile, by digest. It is safe to use from the threads of an optimizer.

    Args:
        val_keys: the fingerprints of the validation questions.
    """

    def __init__(self, val_keys: Sequence[str]) -> None:
        self.val_keys = list(val_keys)
        self._candidates: dict[str, Candidate] = {}
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Candidate]:
        return iter(list(self._candidates.values()))

    def __len__(self) -> int:
        return len(self._candidates)

    def __getitem__(self, identity: str) -> Candidate:
        return self._candidates[identity]

    def __contains__(self, identity: str) -> bool:
        return identity in self._candidates

    def register(
        self, identity: str, state: dict[str, Any], calls: int, reject_reason: str | None = None
    ) -> Candidate:
        """Return the candidate with these prompts, after adding it when it is new."""
        with self._lock:
            if identity not in self._candidates:
                self._candidates[identity] = Candidate(
                    identity,
                    len(self._candidates),
                    state,
                    reject_reason=reject_reason,
                    calls=calls,
                )
            return self._candidates[identity]

    def add_score(
        self, identity: str, key: str, value: float, large_tokens: int, tokens: int, steps: int = 0
    ) -> None:
        """Add the score of one question; ignore a candidate that is not in the pool."""
        with self._lock:
            candidate = self._candidates.get(identity)
            if candidate is not None:
                candidate.scores[key] = value
                candidate.large_tokens[key] = large_tokens
                candidate.tokens[key] = tokens
                candidate.steps[key] = steps

    def fully_evaluated(self) -> list[Candidate]:
        """Return the candidates that answered the whole validation set, the best first.

        Of equal candidates the earlier one comes first.
        """
        if not self.val_keys:
            return []
        evaluated = [c for c in self if not c.reject_reason and c.has_all(self.val_keys)]
        return sorted(evaluated, key=lambda c: (-c.mean(self.val_keys), c.number))

    def most_promising(self, base: Candidate) -> Candidate | None:
        """Return the partly evaluated candidate with the largest score gain over `base`.

        Args:
            base: the candidate to compare with, question by question; its mean replaces the score
                of a question that it did not answer.

        Returns:
            None when no candidate gains.
        """
        base_mean = base.mean(list(base.scores))
        best, best_gain = None, 0.0
        for candidate in self:
            if candidate.reject_reason or candidate.has_all(self.val_keys):
                continue
            gain = 0.0
            for key, value in candidate.scores.items():
                gain += value - base.scores.get(key, base_mean)
            if gain > best_gain:
                best, best_gain = candidate, gain
        return best

    def pareto_front(self) -> list[Candidate]:
        """Return the candidates that none beats in accuracy and last-tier tokens, by cost."""

        def cheapest_first(candidate: Candidate) -> tuple[float, float, int]:
            tokens = candidate.mean(self.val_keys, candidate.large_tokens)
            return tokens, -candidate.mean(self.val_keys), candidate.number

        best, front = -1.0, []
        for candidate in sorted(self.fully_evaluated(), key=cheapest_first):
            accuracy = candidate.mean(self.val_keys)
            if accuracy > best:
                best = accuracy
                front.append(candidate)
        return front


def proposal_rows(
    pool: CandidatePool, objective_value: Callable[[float, int], float], saved: str
) -> Iterator[dict[str, Any]]:
    """Yield a row for every candidate: its prompts, its scores, and whether it was accepted.

    A candidate is accepted when it answered all validation questions and its value is higher than
    that of all earlier ones. The saved one is accepted too: it may have an equal value and fewer
    tokens.

    Args:
        pool: the candidates.
        objective_value: the value of an answer, by its score and the tokens that the last tier
            wrote for it.
        saved: the id of the saved candidate.
    """
    keys, best = pool.val_keys, -1.0
    for candidate in sorted(pool, key=lambda candidate: candidate.number):
        answered = sum(key in candidate.scores for key in keys)
        value = None
        if answered == len(keys):
            values = [objective_value(candidate.scores[k], candidate.large_tokens[k]) for k in keys]
            value = sum(values) / len(keys)
        outcome, why = _outcome(candidate, value, best, saved)
        if outcome == "rejected" and value is None:
            why = f"given up after {answered} of {len(keys)} validation questions"
        if value is not None:
            best = max(best, value)
        state = candidate.state
        yield {
            "number": candidate.number,
            "outcome": outcome,
            "why": why,
            "saved": candidate.id == saved,
            "accuracy": candidate.mean(keys) if answered else None,
            "questions": answered,
            "large_tokens": candidate.mean(keys, candidate.large_tokens) if answered else None,
            "tokens": candidate.mean(keys, candidate.tokens) if answered else None,
            "calls": candidate.calls,
            "instructions": {name: prompt["instructions"] for name, prompt in state.items()},
            "demonstrations": {name: len(prompt["demos"]) for name, prompt in state.items()},
            "id": candidate.id,
            "run": None,
        }


def _outcome(candidate: Candidate, value: float | None, best: float, saved: str) -> tuple[str, str]:
    """Return the outcome of a candidate and the reason.

    Args:
        candidate: the candidate.
        value: its value; None when it did not answer all validation questions.
        best: the highest value before it.
        saved: the id of the saved candidate.
    """
    if candidate.number == 0:
        return "start", "the program as it was"
    if candidate.reject_reason:
        return "refused", candidate.reject_reason
    if value is not None and value > best:
        return "accepted", f"better than all before it: {best:.3f} -> {value:.3f}"
    if candidate.id == saved:
        return "accepted", f"worth the same as the best before it, {best:.3f}, with fewer tokens"
    if value is None:
        return "rejected", ""
    return "rejected", f"{value:.3f} on validation, and {best:.3f} was known"

"""The result of a compile."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models import Usage
from ...programs import Cascade
from ...stats.intervals import paired_interval, wilson
from ...util.files import write_atomic
from .candidates import Candidate, CandidatePool
from .metric import Metric
from .prompts import with_prompts
from .session import CompileSession
from .splits import Splits


@dataclass(frozen=True)
class ValidationScores:
    """The scores of a program on the validation questions.

    Attributes:
        values: by question, between 0 and 1, in the questions' order.
        large_tokens: the mean number of tokens that the last tier wrote for a question.
        tokens: the mean number of all tokens of a question, including those of prompts.
    """

    values: list[float]
    large_tokens: float
    tokens: float

    @property
    def accuracy(self) -> float:
        return sum(self.values) / len(self.values) if self.values else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% Wilson interval of the accuracy."""
        return wilson(sum(self.values), len(self.values))

    @classmethod
    def from_candidate(cls, candidate: Candidate, keys: list[str]) -> "ValidationScores":
        return cls(
            [candidate.scores[key] for key in keys],
            candidate.mean(keys, candidate.large_tokens),
            candidate.mean(keys, candidate.tokens),
        )

    def as_dict(self) -> dict[str, Any]:
        low, high = self.interval
        return {
            "accuracy": self.accuracy,
            "low": low,
            "high": high,
            "n": len(self.values),
            "large_tokens": self.large_tokens,
            "tokens": self.tokens,
        }


@dataclass(frozen=True)
class CompileResult:
    """The result of a compile.

    Attributes:
        program: the better program of before and after, by the validation questions.
        before: the scores of the program before the compile.
        after: the scores of the best candidate; those of `before` when none is better.
        improved: whether `program` is a new one.
        frontier: the programs that no other beats in accuracy and last-tier tokens, the cheapest
            first.
        candidates: all candidates, in order of appearance.
        usage: what the compile used, over all attempts.
        stop_reason: why the optimizer was stopped early; None when it ended by itself.
        proposal_warnings: how many proposals failed or were no instruction; None when none did.
        provenance: the part of the program file on the compile: optimizer, splits, models, scores,
            usage.
    """

    program: Cascade
    before: ValidationScores
    after: ValidationScores
    improved: bool
    frontier: list[tuple[Cascade, ValidationScores]]
    candidates: list[Candidate]
    usage: Usage
    stop_reason: str | None
    proposal_warnings: str | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def gain(self) -> tuple[float, float, float]:
        """After minus before on the same questions: the mean and its 95% interval.

        The program before the compile gains exactly 0.
        """
        if not self.improved:
            return 0.0, 0.0, 0.0
        pairs = zip(self.after.values, self.before.values, strict=True)
        return paired_interval([after - before for after, before in pairs])

    def save(self, path: str | Path) -> Path:
        """Write the program file, with its provenance.

        Raises:
            CopeError: when it cannot be written.
        """
        return save_program(self.program, path, self.provenance)


def make_result(
    program: Cascade,
    session: CompileSession,
    metric: Metric,
    before: Candidate,
    stop_reason: str | None,
) -> CompileResult:
    """Return the result of a compile: the best candidate, and the Pareto front.

    Args:
        program: the program before the compile.
        session: the session with all candidates.
        metric: its objective decides.
        before: the candidate of the program before the compile.
        stop_reason: why the optimizer was stopped early; None when it ended by itself.
    """
    pool = session.candidates
    after = select_best(pool, metric, before)
    frontier = []
    for candidate in pool.pareto_front():
        scores = ValidationScores.from_candidate(candidate, pool.val_keys)
        frontier.append((with_prompts(program, candidate.state), scores))
    return CompileResult(
        program=with_prompts(program, after.state),
        before=ValidationScores.from_candidate(before, pool.val_keys),
        after=ValidationScores.from_candidate(after, pool.val_keys),
        improved=after is not before,
        frontier=frontier,
        candidates=list(pool),
        usage=session.guard.used,
        stop_reason=stop_reason,
    )


def provenance(
    result: CompileResult, optimizer: str, models: dict[str, str], splits: Splits
) -> dict[str, Any]:
    """Return the part of a program file on its compile.

    Args:
        result: the result.
        optimizer: the optimizer's name.
        models: the model of each tier, and of the proposer.
        splits: the questions.
    """
    document: dict[str, Any] = {"optimizer": optimizer, "models": models}
    document["answer_kind"] = result.program.answer_kind
    document |= prompt_settings_of(result.program)
    document["splits"] = splits.as_dict()
    if splits.duplicates:
        document["duplicates"] = splits.duplicates
    document["scores"] = {"before": result.before.as_dict(), "after": result.after.as_dict()}
    usage = result.usage.totals()
    usage["seconds"] = round(usage["seconds"], 1)
    document["budget"] = usage
    document["rows"] = splits.question_fingerprints()
    return document


def prompt_settings_of(program: Cascade) -> dict[str, Any]:
    """Return adapter, maximum reply length and context, each if all tiers have the same value.

    Prompts are chosen in one adapter, and score differently in another.
    """
    tiers = [program.team[name] for name in program.preset.tiers]
    values: dict[str, set[Any]] = {
        "adapter": {type(tier.adapter).__name__.removesuffix("Adapter").lower() for tier in tiers},
        "max_tokens": {tier.lm.kwargs.get("max_tokens") for tier in tiers},
        "context": {tier.context_tokens for tier in tiers},
    }
    settings = {}
    for name, different in values.items():
        value = different.pop()
        if not different and value is not None:
            settings[name] = value
    return settings


def save_program(program: Cascade, path: str | Path, provenance: dict[str, Any]) -> Path:
    """Write a program file with the provenance of its compile.

    Raises:
        CopeError: when it cannot be written.
    """
    path = Path(path)
    state = dict(program.dump_state())
    state["compiled"] = provenance
    text = json.dumps(state, indent=1, ensure_ascii=False, default=str)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text + "\n")
    except OSError as error:
        raise CopeError(
            f"cannot write the program {path}: {error.strerror}; choose another place with -o"
        ) from None
    return path


def select_best(pool: CandidatePool, metric: Metric, before: Candidate) -> Candidate:
    """Return the best candidate that answered the whole validation set; `before` if none is better.

    Args:
        pool: all candidates.
        metric: its objective decides.
        before: the program before the compile.
    """

    def value(candidate: Candidate) -> tuple[float, float, float]:
        """Return the objective's value, then fewer tokens of the last tier, then fewer tokens."""
        keys, total = pool.val_keys, 0.0
        for key in keys:
            tokens, steps = candidate.large_tokens[key], candidate.steps.get(key, 0)
            total += metric.objective_value(candidate.scores[key], tokens, steps)
        large_tokens = candidate.mean(keys, candidate.large_tokens)
        return total / len(keys), -large_tokens, -candidate.mean(keys, candidate.tokens)

    after = max(pool.fully_evaluated(), key=lambda c: (*value(c), -c.number))
    new, old = value(after), value(before)
    if metric.objective == "accuracy":
        # An equal accuracy with fewer tokens is no gain in the objective.
        new, old = new[:1], old[:1]
    return after if new > old else before

"""What a compile came to."""

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
from .splits import Splits


@dataclass(frozen=True)
class ValidationScores:
    """A program on the validation questions.

    Attributes:
        values: by question, between 0 and 1, in the questions' order.
        large_tokens: tokens that the large tier wrote, a question.
        tokens: all tokens, prompts included, a question.
    """

    values: list[float]
    large_tokens: float
    tokens: float

    @property
    def accuracy(self) -> float:
        return sum(self.values) / len(self.values) if self.values else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95% by Wilson."""
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
    """A compile's outcome.

    Attributes:
        program: the better of before and after, by the validation questions.
        before: the program as it was.
        after: the best that the optimizer found; the same as before when it found nothing better.
        improved: whether `program` is a new one.
        frontier: programs that no other beats in accuracy and large-tier tokens at once, the cheapest first.
        candidates: all that was tried, in order of appearance.
        usage: what compiling used, over all attempts.
        stop_reason: why the optimizer was stopped before its end; None when it ended by itself.
        proposal_warnings: how many of the proposals failed or were no instruction; None when none did.
        provenance: what a program file says about it: optimizer, splits, models, scores, what it cost.
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
        """After minus before on the same questions: mean, and its 95% interval. The program as it was gains 0 for certain."""
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


def provenance(
    made: CompileResult, optimizer: str, models: dict[str, str], splits: Splits
) -> dict[str, Any]:
    """What a program file says of how it came about."""
    return {
        "optimizer": optimizer,
        "models": models,
        **prompt_settings_of(made.program),
        "splits": splits.as_dict(),
        **({"duplicates": splits.duplicates} if splits.duplicates else {}),
        "scores": {"before": made.before.as_dict(), "after": made.after.as_dict()},
        "budget": {**made.usage.totals(), "seconds": round(made.usage.totals()["seconds"], 1)},
        "rows": splits.question_fingerprints(),
    }


def prompt_settings_of(program: Cascade) -> dict[str, Any]:
    """How a program's tiers are asked, as far as all are asked alike: adapter, most tokens of a reply, tokens of a request.

    Prompts are chosen for what they are written in, and measure as something else in another adapter.
    """
    tiers = [program.team[name] for name in program.preset.tiers]
    values = {
        "adapter": {type(tier.adapter).__name__.removesuffix("Adapter").lower() for tier in tiers},
        "max_tokens": {tier.lm.kwargs.get("max_tokens") for tier in tiers},
        "context": {tier.context_tokens for tier in tiers},
    }
    return {
        name: value
        for name, found in values.items()
        if len(found) == 1 and (value := found.pop()) is not None
    }


def save_program(program: Cascade, path: str | Path, provenance: dict[str, Any]) -> Path:
    """Write a program file that says what it was compiled on.

    Raises:
        CopeError: when it cannot be written.
    """
    path = Path(path)
    text = json.dumps(
        {**program.dump_state(), "compiled": provenance}, indent=1, ensure_ascii=False, default=str
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text + "\n")
    except OSError as error:
        raise CopeError(
            f"cannot write the program {path}: {error.strerror}; choose another place with -o"
        ) from None
    return path


def select_best(candidates: CandidatePool, metric: Metric, before: Candidate) -> Candidate:
    """Return the best candidate that answered the whole validation set; the program as it was, where none is better.

    Args:
        candidates: all that were tried.
        metric: its objective is what they are compared by.
        before: the program as it was.
    """

    def worth(candidate: Candidate) -> tuple[float, float, float]:
        """The objective, then fewer tokens of the large tier, then fewer tokens."""
        keys = candidates.val_keys
        values = [
            metric.objective_value(candidate.scores[key], candidate.large_tokens[key])
            for key in keys
        ]
        return (
            sum(values) / len(values),
            -candidate.mean(keys, candidate.large_tokens),
            -candidate.mean(keys, candidate.tokens),
        )

    after = max(
        candidates.fully_evaluated(), key=lambda candidate: (*worth(candidate), -candidate.number)
    )
    if (
        metric.objective == "accuracy"
    ):  # as accurate with fewer tokens is no gain in what was asked for
        return after if worth(after)[0] > worth(before)[0] else before
    return after if worth(after) > worth(before) else before

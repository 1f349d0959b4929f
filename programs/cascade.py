"""The cascade: rounds from cheap to dear, each asked only when the vote before it settled nothing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import dspy

from ..errors import CopeError
from ..models import Meter, Team, Usage, metered, run_sync
from .cascade_round import CascadeRound
from .domain import USUAL, domain_by_name
from .preset import Preset, load_preset, parse_preset
from .sample import Confidence, Sample


class Cascade(dspy.Module):
    """Rounds of planning, solving and voting; what a vote cannot settle goes on to the next round.

    The method is that of Lee et al., arXiv 2506.11578. All presets are this one module: `small` and `large` alone,
    self-consistency, the cascade with and without plans.

    Args:
        preset: a preset, its name, or a TOML file of the user's.
        team: the tiers; the default pair of embedded models when None.
        seed: all randomness depends on it: samples, their order, the plan that is handed on.
        full_samples: draw every sample, also those that can no longer change the decision.
        domain: the kind of questions: `short-answer` or `code`.
        confidence: how a round's samples become an answer; None is the domain's way: the vote's share, or tests that pass.

    Raises:
        CopeError: when the preset is wrong or names a tier that the team has not.

    >>> from cope import Cascade, Team
    >>> cascade = Cascade("cope", Team())
    >>> cascade(question="What is 6 times 7?").answer  # doctest: +SKIP
    '42'
    """

    def __init__(
        self,
        preset: Preset | str = "cope",
        team: Team | None = None,
        *,
        seed: int = 0,
        full_samples: bool = False,
        domain: str = USUAL,
        confidence: Confidence | None = None,
    ) -> None:
        super().__init__()
        self.preset = load_preset(preset) if isinstance(preset, str) else preset
        self.team = team or Team()
        self.seed, self.full_samples = seed, full_samples
        self.domain = domain
        kind = domain_by_name(domain)
        self.confidence: Confidence = confidence or kind.confidence()
        for tier in self.preset.tiers:
            _ = self.team[tier]
        for number in range(1, len(self.preset.rounds) + 1):
            setattr(self, f"round_{number}", CascadeRound(self.preset, number, kind))

    def rounds(self) -> Iterator[CascadeRound]:
        """The rounds in order."""
        return (getattr(self, f"round_{number}") for number in range(1, len(self.preset.rounds) + 1))

    def forward(self, question: str, **given: Any) -> dspy.Prediction:
        """The synchronous face, for scripts, notebooks, DSPy's Evaluate and its optimizers."""
        return run_sync(self.aforward(question, **given))

    async def aforward(self, question: str, **given: Any) -> dspy.Prediction:
        """Answer a question.

        Args:
            question: the question.
            given: what comes with a question for code: `tests` (visible ones, Python source; read from the question when
                they are left out), `setup` (source that they need) and `entry_point` (the function's name).

        Returns:
            A prediction with `answer` (None when no sample could be read), `confidence` (0 to 1), `round` (which
            answered), `plan` (the one that the answer was made with), `votes` (vote to count), `tests` (what came of the
            visible tests of a program that answers), `rounds` (each round's record), `usage` (by tier, round and role),
            `cost` (USD, None when a price is unknown), `seconds`.

        Raises:
            dspy.LMError: when a model failed; a failure is never an answer.
        """
        started = time.perf_counter()
        plans: dict[int, str] = {}
        records: list[dict[str, Any]] = []
        with metered() as meter:
            for round_ in self.rounds():
                began = time.perf_counter()
                result = await round_.acall(
                    question=question, plans=dict(plans), team=self.team, confidence=self.confidence,
                    seed=self.seed, full_samples=self.full_samples, given=given,
                )  # fmt: skip
                if result.plan:
                    plans[round_.number] = result.plan
                records.append(_record(round_, result, time.perf_counter() - began))
                _hand_to_optimizer(result)
                if result.accepted:
                    break
        return _prediction(records, meter, time.perf_counter() - started)

    def dump_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().dump_state(*args, **kwargs),
            "preset": self.preset.model_dump(mode="json", exclude_defaults=True),
            **({} if self.domain == USUAL else {"domain": self.domain}),
        }

    def load_state(self, state: dict[str, Any], **kwargs: Any) -> None:
        state = dict(state)
        if "preset" not in state:
            raise CopeError("the state is not that of a cascade: it names no preset")
        saved = parse_preset(state.pop("preset"), "in the program file")
        domain = state.pop("domain", USUAL)
        if domain != self.domain:
            raise CopeError(
                f"the program was saved for questions of kind {domain!r}, and this one is for {self.domain!r}"
            )
        if saved.rounds != self.preset.rounds:
            raise CopeError(
                f"the program was saved for preset {saved.name!r} with other rounds: load it with Cascade.from_file"
            )
        super().load_state(state, **kwargs)

    @classmethod
    def from_file(cls, path: str | Path, team: Team | None = None, **kwargs: Any) -> Self:
        """The program that `save` wrote: its preset, instructions and demonstrations.

        Raises:
            CopeError: when the file is not such a program.
        """
        try:
            state = json.loads(Path(path).read_text(encoding="utf-8"))
            preset = parse_preset(state["preset"], str(path))
            program = cls(preset, team, **{"domain": state.get("domain", USUAL), **kwargs})
            program.load_state(state)
        except OSError as error:
            raise CopeError(f"cannot read the program {path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CopeError(
                f"{path} is not a program saved by Cascade.save ({type(error).__name__}: {error})"
            ) from None
        return program


def _record(round_: CascadeRound, result: dspy.Prediction, seconds: float) -> dict[str, Any]:
    """A round as plain data, for the prediction and for the records of an evaluation."""
    verdict = result.verdict
    return {
        "round": round_.number,
        "accepted": result.accepted,
        "answer": verdict.answer,
        "confidence": verdict.confidence,
        "threshold": round_.spec.threshold,
        "votes": dict(verdict.votes),
        "supporters": list(verdict.supporters),
        "asked": len(result.samples),
        "plan": result.plan,
        "samples": [_sample(sample) for sample in result.samples],
        "seconds": seconds,
    }  # fmt: skip


def _sample(sample: Sample) -> dict[str, Any]:
    """A sample as plain data, with what came of its tests where it is a program."""
    plain = {name: getattr(sample, name) for name in ("index", "plan", "reasoning", "answer")}
    if sample.ballot is not None:
        plain["ballot"] = sample.ballot
    if sample.report is not None:
        plain["tests"] = [vars(outcome) for outcome in sample.report.outcomes]
    return plain


def _hand_to_optimizer(result: dspy.Prediction) -> None:
    """Put the winner's calls, and only those, into the trace that DSPy's optimizers learn from."""
    trace = dspy.settings.trace
    if trace is None:
        return
    winner = next((s for s in result.samples if s.index in result.verdict.supporters[:1]), None)
    shared = result.shared.trace if result.shared else []
    for entry in [*shared, *(winner.trace if winner else [])]:
        if len(trace) < dspy.settings.max_trace_size:
            trace.append(entry)


def _prediction(records: list[dict[str, Any]], meter: Meter, seconds: float) -> dspy.Prediction:
    last = records[-1]
    usage = meter.by("tier", "round", "role")
    total: Usage = meter.total()
    winner: dict[str, Any] = next((s for s in last["samples"] if s["index"] in last["supporters"][:1]), {})
    return dspy.Prediction(
        answer=last["answer"],
        confidence=last["confidence"],
        round=last["round"],
        plan=winner.get("plan") or next((r["plan"] for r in reversed(records) if r["plan"]), None),
        votes=last["votes"],
        tests=winner.get("tests", []),
        rounds=records,
        usage=[{"tier": t, "round": r, "role": role, **use.as_dict()} for (t, r, role), use in usage.items()],
        cost=total.usd if not total.unpriced else None,
        seconds=seconds,
    )

"""Log a compile to its MLflow run: the candidates while it runs, and the outcome."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import CopeError
from ...models import Usage
from ...programs import Cascade
from ...programs.diff_text import diff_lines
from ...programs.domains.registry import domain_by_name
from ...programs.program_diff import changes_between
from ...programs.program_view import view_from_state
from ...tracking import TrackerRun
from ...util.hashing import digest
from .candidates import Candidate, CandidatePool, proposal_rows
from .compilation import Compilation
from .output import save
from .prompts import prompt_state, prompts_text, templates
from .result import CompileResult, ValidationScores
from .session import CompileCallback, CompileSession

MAX_CHILD_RUNS = 50
"""Candidates with a run of their own; of more, the table tells."""


class CompileTracker(CompileCallback):
    """Logs a compile to its run. What the store refuses is said at the end, and stops nothing.

    Args:
        run: the open run.
        compilation: the compile.
        settings: all that decides what it comes to.
        known: steps of the candidates that an earlier attempt logged to the same run, and keeps on being noted.
        note: keeps `known` for the next attempt.
        notify: receives a line for the user.
    """

    def __init__(
        self,
        run: TrackerRun,
        compilation: Compilation,
        settings: Mapping[str, Any],
        known: dict[str, int],
        note: Callable[[dict[str, int]], None],
        notify: Callable[[str], None],
    ) -> None:
        self._run, self._compilation, self._settings = run, compilation, settings
        self._pool = compilation.session.candidates
        self._surrogate: CandidatePool | None = (
            None  # has candidates of its own, over fewer questions
        )
        self._known, self._note, self._notify = known, note, notify
        self._seen: set[str] = set()
        self._children: dict[str, str] = {}
        self._best = 0.0
        self._trouble: list[str] = []
        self._lock = threading.Lock()
        with self._collect_errors():
            self._children = run.children()
            run.log_metrics(
                {
                    f"budget_{name}": value
                    for name, value in vars(compilation.session.guard.budget).items()
                }
            )

    def on_score(self, session: CompileSession) -> None:
        """A question was scored; called from the threads of the optimizer."""
        with self._lock, self._collect_errors():
            pool = session.candidates
            if pool is not self._pool:
                self._surrogate = pool
            for candidate in pool:
                key = candidate.id if pool is self._pool else f"surrogate {candidate.id}"
                if (
                    key not in self._seen
                    and not candidate.reject_reason
                    and candidate.has_all(pool.val_keys)
                ):
                    self._seen.add(key)
                    self._log_candidate(key, candidate, pool, session.guard.used)

    def _log_candidate(
        self, key: str, candidate: Candidate, pool: CandidatePool, spent: Usage
    ) -> None:
        """A candidate has answered all validation questions."""
        accuracy = candidate.mean(pool.val_keys)
        own = pool is self._pool
        self._best = max(self._best, accuracy) if own else self._best
        if (
            key in self._known or self._trouble
        ):  # a store that does not answer is not to hold up the compile
            return
        figures = (
            {"candidate_accuracy": accuracy, "best_accuracy": self._best}
            if own
            else {"surrogate_accuracy": accuracy}
        )
        self._run.log_metrics({**figures, **_used(spent)}, spent.calls)
        if own and len(self._children) < MAX_CHILD_RUNS:
            self._log_child_run(candidate, spent.calls)
        self._known[key] = spent.calls
        self._note(self._known)

    def _log_child_run(self, candidate: Candidate, calls: int) -> None:
        if candidate.id in self._children:
            return
        scores = ValidationScores.from_candidate(candidate, self._pool.val_keys)
        low, high = scores.interval
        figures = {
            "accuracy": scores.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "questions": len(scores.values),
            "large_tokens": scores.large_tokens,
            "tokens": scores.tokens,
            "calls": calls,
        }
        texts = {"prompts.txt": prompts_text(candidate.state)}
        self._children[candidate.id] = self._run.log_child_run(
            candidate.id, f"candidate {candidate.number}", figures, texts
        )

    def log_outcome(self, made: CompileResult) -> None:
        """Log what the compile came to, and note the run in the outcome's provenance."""
        made.provenance["mlflow"] = self._run.id
        for part in (self._figures, self._candidates, self._texts, self._files, self._program):
            with self._collect_errors():
                part(made)

    def _figures(self, made: CompileResult) -> None:
        gain, low, high = made.gain
        figures = {
            "gain": gain,
            "gain_low": low,
            "gain_high": high,
            "candidates": len(made.candidates),
        }
        for name, scores in (("before", made.before), ("after", made.after)):
            figures |= {f"val_{name}": scores.accuracy, f"val_{name}_low": scores.interval[0]}
            figures |= {
                f"val_{name}_high": scores.interval[1],
                f"large_tokens_{name}": scores.large_tokens,
            }
            figures[f"tokens_{name}"] = scores.tokens
        self._run.log_metrics(figures)
        self._run.set_tags(
            {"improved": str(made.improved).lower(), "stopped": made.stop_reason or "no"}
        )

    def _candidates(self, made: CompileResult) -> None:
        """The table of proposals, accepted and rejected, and the same said of the children."""
        kept = digest(prompt_state(made.program))
        if kept in self._pool and self._pool[kept].has_all(self._pool.val_keys):
            self._log_child_run(
                self._pool[kept], self._known.get(kept, self._pool[kept].calls)
            )  # however many there are
        worth = self._compilation.metric.objective_value
        rows = list(proposal_rows(self._pool, worth, kept))
        for row in rows:
            row["run"] = self._children.get(row["id"])
            row["calls"] = min(row["calls"], self._known.get(row["id"], row["calls"]))
        self._run.log_table(rows, "candidates.json")
        if self._surrogate:
            self._run.log_table(
                list(proposal_rows(self._surrogate, worth, kept)), "candidates-surrogate.json"
            )
        counts = [row["outcome"] for row in rows]
        self._run.log_metrics(
            {name: counts.count(name) for name in ("accepted", "rejected", "refused")}
        )
        for row in rows:
            if row["run"]:
                self._run.set_tags(
                    {
                        "outcome": row["outcome"],
                        "why": row["why"],
                        "saved": str(row["saved"]).lower(),
                    },
                    row["run"],
                )

    def _texts(self, made: CompileResult) -> None:
        before = self._compilation.program
        self._run.log_text(prompts_text(prompt_state(before)), "prompts/before.txt")
        self._run.log_text(prompts_text(prompt_state(made.program)), "prompts/after.txt")
        changes = changes_between(
            view_from_state(before.dump_state()), view_from_state(made.program.dump_state())
        )
        lines = diff_lines("before", "after", changes, full=True)
        self._run.log_text("\n".join(line.text for line in lines), "prompts/diff.txt")

    def _files(self, made: CompileResult) -> None:
        """The program file, those of a frontier, and its pictures."""
        with TemporaryDirectory() as folder:
            program = Path(folder) / "program.json"
            save(made, program, frontier=len(made.frontier) > 1)
            for file in sorted(Path(folder).iterdir()):
                self._run.log_artifact(file)
        rows = [
            {
                "number": number,
                "accuracy": scores.accuracy,
                "large_tokens": scores.large_tokens,
                "tokens": scores.tokens,
            }
            for number, (_, scores) in enumerate(made.frontier, 1)
        ]
        self._run.log_table(rows, "frontier.json")
        for plot in made.provenance.get("plots", ()):
            self._run.log_artifact(Path(plot), "plots")

    def _program(self, made: CompileResult) -> None:
        """Its prompts to the registry, and itself among the models."""
        name = f"cope-{self._settings['task']}-{self._settings['preset']}"
        words = f"{self._settings['optimizer']}: {made.before.accuracy:.1%} -> {made.after.accuracy:.1%} on validation"
        prompts = [
            self._run.register_prompt(f"{name}-{part}", messages, words, tags)
            for part, messages, tags in templates(made.program)
        ]
        inputs = domain_by_name(made.program.domain).inputs
        example = {"question": str(self._compilation.splits.train[0].question)}
        self._run.log_model(make_servable(made.program), inputs, example, prompts)

    def close(self) -> None:
        """Log what was used, however the compile ended, and say what the store did not take."""
        spent = self._compilation.session.guard.used
        with self._collect_errors():
            self._run.log_metrics(_used(spent), spent.calls)
            self._run.end_children()
        for trouble in dict.fromkeys(self._trouble):
            self._notify(f"warning: {trouble}; the compile went on, and MLflow has not all of it")

    @contextmanager
    def _collect_errors(self) -> Iterator[None]:
        try:
            yield
        except CopeError as error:
            self._trouble.append(str(error))


def _used(spent: Usage) -> dict[str, float | None]:
    return {f"compile_{name}": value for name, value in spent.totals().items()}


def make_servable(program: Cascade) -> Cascade:
    """The program as a model for others: it reads answers in its domain's way.

    Model-written programs then run in a sandbox where it is served, whatever they ran in here.
    """
    fresh = type(program)(
        program.preset,
        program.team,
        seed=program.seed,
        domain=program.domain,
        answer_kind=program.answer_kind,
        saved_kind=program.saved_kind,
    )
    fresh.load_state(program.dump_state())
    return fresh

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
from ...programs.confidence.early_stopping import EXACT
from ...programs.diff_text import diff_lines
from ...programs.domains.registry import domain_by_name
from ...programs.program_diff import changes_between
from ...programs.program_view import view_from_state
from ...programs.prompt_inputs import prompt_inputs
from ...tracking import TrackerRun
from ...util.hashing import digest
from .candidates import Candidate, CandidatePool, proposal_rows
from .compilation import Compilation
from .output import save
from .prompts import prompt_state, prompts_text, templates
from .result import CompileResult, ValidationScores
from .session import CompileCallback, CompileSession

MAX_CHILD_RUNS = 50
"""Candidates with a run of their own; the table holds all of them."""


class CompileTracker(CompileCallback):
    """Log a compile to its run. Errors of the store are reported at the end, and stop nothing.

    Args:
        run: the open run.
        compilation: the compile.
        settings: the `document` of its settings.
        steps: by candidate, the step at which an earlier attempt logged it to the same run.
        save_steps: saves the steps for the next attempt.
        notify: receives a line for the user.
    """

    def __init__(
        self,
        run: TrackerRun,
        compilation: Compilation,
        settings: Mapping[str, Any],
        steps: dict[str, int],
        save_steps: Callable[[dict[str, int]], None],
        notify: Callable[[str], None],
    ) -> None:
        self._run, self._compilation, self._settings = run, compilation, settings
        self._pool = compilation.session.candidates
        self._surrogate: CandidatePool | None = None  # a surrogate has its own pool
        self._steps, self._save_steps, self._notify = steps, save_steps, notify
        self._logged: set[str] = set()
        self._children: dict[str, str] = {}
        self._best = 0.0
        self._errors: list[str] = []
        self._lock = threading.Lock()
        with self._collect_errors():
            self._children = run.children()
            bounds = vars(compilation.session.guard.budget)
            run.log_metrics({f"budget_{name}": bound for name, bound in bounds.items()})

    def on_score(self, session: CompileSession) -> None:
        """Log the candidates that have just been fully evaluated."""
        with self._lock, self._collect_errors():
            pool = session.candidates
            if pool is not self._pool:
                self._surrogate = pool
            for candidate in pool:
                key = candidate.id if pool is self._pool else f"surrogate {candidate.id}"
                if key in self._logged or candidate.reject_reason:
                    continue
                if candidate.has_all(pool.val_keys):
                    self._logged.add(key)
                    self._log_candidate(key, candidate, pool, session.guard.used)

    def _log_candidate(
        self, key: str, candidate: Candidate, pool: CandidatePool, usage: Usage
    ) -> None:
        accuracy = candidate.mean(pool.val_keys)
        metrics: dict[str, float | None] = {"surrogate_accuracy": accuracy}
        if pool is self._pool:
            self._best = max(self._best, accuracy)
            metrics = {"candidate_accuracy": accuracy, "best_accuracy": self._best}
        if key in self._steps or self._errors:
            return  # an earlier attempt logged it, or the store fails and must not cause delays
        metrics |= _usage_metrics(usage)
        self._run.log_metrics(metrics, usage.calls)
        if pool is self._pool and len(self._children) < MAX_CHILD_RUNS:
            self._log_child_run(candidate, usage.calls)
        self._steps[key] = usage.calls
        self._save_steps(self._steps)

    def _log_child_run(self, candidate: Candidate, calls: int) -> None:
        if candidate.id in self._children:
            return
        scores = ValidationScores.from_candidate(candidate, self._pool.val_keys)
        low, high = scores.interval
        metrics = {
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
            candidate.id, f"candidate {candidate.number}", metrics, texts
        )

    def log_outcome(self, result: CompileResult) -> None:
        """Log the result of the compile, and add the run's id to its provenance."""
        result.provenance["mlflow"] = self._run.id
        for log in (
            self._log_metrics,
            self._log_proposals,
            self._log_prompts,
            self._log_files,
            self._log_program,
        ):
            with self._collect_errors():
                log(result)

    def _log_metrics(self, result: CompileResult) -> None:
        gain, low, high = result.gain
        metrics = {
            "gain": gain,
            "gain_low": low,
            "gain_high": high,
            "candidates": len(result.candidates),
        }
        for name, scores in (("before", result.before), ("after", result.after)):
            metrics[f"val_{name}"] = scores.accuracy
            metrics[f"val_{name}_low"], metrics[f"val_{name}_high"] = scores.interval
            metrics[f"large_tokens_{name}"] = scores.large_tokens
            metrics[f"tokens_{name}"] = scores.tokens
        self._run.log_metrics(metrics)
        improved = str(result.improved).lower()
        self._run.set_tags({"improved": improved, "stopped": result.stop_reason or "no"})

    def _log_proposals(self, result: CompileResult) -> None:
        """Log the table of candidates, and the outcome of each to its own run."""
        saved = digest(prompt_state(result.program))
        if saved in self._pool and self._pool[saved].has_all(self._pool.val_keys):
            # The saved candidate has a run of its own, however many there are.
            candidate = self._pool[saved]
            self._log_child_run(candidate, self._steps.get(saved, candidate.calls))
        objective_value = self._compilation.metric.objective_value
        rows = list(proposal_rows(self._pool, objective_value, saved))
        for row in rows:
            row["run"] = self._children.get(row["id"])
            row["calls"] = min(row["calls"], self._steps.get(row["id"], row["calls"]))
        self._run.log_table(rows, "candidates.json")
        if self._surrogate:
            surrogate_rows = list(proposal_rows(self._surrogate, objective_value, saved))
            self._run.log_table(surrogate_rows, "candidates-surrogate.json")
        outcomes = [row["outcome"] for row in rows]
        names = ("accepted", "rejected", "refused")
        self._run.log_metrics({name: outcomes.count(name) for name in names})
        for row in rows:
            if row["run"]:
                tags = {"outcome": row["outcome"], "why": row["why"]}
                tags["saved"] = str(row["saved"]).lower()
                self._run.set_tags(tags, row["run"])

    def _log_prompts(self, result: CompileResult) -> None:
        before, after = self._compilation.program, result.program
        self._run.log_text(prompts_text(prompt_state(before)), "prompts/before.txt")
        self._run.log_text(prompts_text(prompt_state(after)), "prompts/after.txt")
        changes = changes_between(
            view_from_state(before.dump_state()), view_from_state(after.dump_state())
        )
        lines = diff_lines("before", "after", changes, full=True)
        self._run.log_text("\n".join(lines), "prompts/diff.txt")

    def _log_files(self, result: CompileResult) -> None:
        """Log the program file, and the files, table and plots of a Pareto front."""
        with TemporaryDirectory() as folder:
            program = Path(folder) / "program.json"
            save(result, program, frontier=len(result.frontier) > 1)
            for file in sorted(Path(folder).iterdir()):
                self._run.log_artifact(file)
        rows = []
        for number, (_, scores) in enumerate(result.frontier, 1):
            row = {"number": number, "accuracy": scores.accuracy}
            row |= {"large_tokens": scores.large_tokens, "tokens": scores.tokens}
            rows.append(row)
        self._run.log_table(rows, "frontier.json")
        for plot in result.provenance.get("plots", ()):
            self._run.log_artifact(Path(plot), "plots")

    def _log_program(self, result: CompileResult) -> None:
        """Register the prompts, and log the program as a model."""
        settings = self._settings
        name = f"cope-{settings['task']}-{settings['preset']}"
        before, after = result.before.accuracy, result.after.accuracy
        message = f"{settings['optimizer']}: {before:.1%} -> {after:.1%} on validation"
        prompts = []
        for part, messages, tags in templates(result.program):
            prompt = self._run.register_prompt(f"{name}-{part}", messages, message, tags)
            prompts.append(prompt)
        program = result.program
        inputs = domain_by_name(program.domain).inputs
        if program.task_signature is not None:
            inputs = dict.fromkeys(program.task_signature.inputs, "string")
        row = self._compilation.splits.train[0]
        fields = prompt_inputs(row.question, dict(row))
        example = {name: str(value) for name, value in fields.items() if name in inputs}
        self._run.log_model(make_servable(result.program), inputs, example, prompts)

    def close(self) -> None:
        """Log the usage, however the compile ended, and report the errors of the store."""
        usage = self._compilation.session.guard.used
        with self._collect_errors():
            self._run.log_metrics(_usage_metrics(usage), usage.calls)
            self._run.end_children()
        for error in dict.fromkeys(self._errors):
            self._notify(f"warning: {error}; the compile continued, and MLflow lacks parts of it")

    @contextmanager
    def _collect_errors(self) -> Iterator[None]:
        try:
            yield
        except CopeError as error:
            self._errors.append(str(error))


def _usage_metrics(usage: Usage) -> dict[str, float | None]:
    return {f"compile_{name}": value for name, value in usage.totals().items()}


def make_servable(program: Cascade) -> Cascade:
    """Return the program with the default confidence of its domain, as a model for others.

    When it is served, model-written programs run in the sandbox there, whatever they ran in here.
    """
    defaults = {"confidence": None, "early_stop": EXACT}
    fresh = type(program)(**(program.get_params() | defaults))
    fresh.load_state(program.dump_state())
    return fresh

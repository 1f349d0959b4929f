"""What a program file and MLflow are told about a compile, of the command or of Python."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ..models.team import ASKED
from ..optimize.compiler.store import NOTES

if TYPE_CHECKING:
    from ..optimize import Compilation, Compiled, Splits
    from ..programs import Cascade


def provenance(made: "Compiled", settings: dict[str, Any]) -> "Compiled":
    """The outcome with what its program file says: optimizer, splits, models, scores, what it cost."""
    proposed = "proposer" in made.provenance["models"]
    about = {
        "task": settings["task"],
        "optimizer": settings["optimizer"],
        **{
            name: settings[name]
            for name in ("chain", "objective", "surrogate", "only")
            if settings.get(name)
        },
        "models": {
            **settings["models"],
            **({"proposer": settings["reflection_lm"]} if proposed else {}),
        },
        **{name: settings[name] for name in (*ASKED, "shown") if settings.get(name)},
        "splits": made.provenance["splits"],
        **{name: made.provenance[name] for name in ("duplicates",) if name in made.provenance},
        "scores": {
            "before": made.before.as_dict(),
            "after": made.after.as_dict(),
        },  # of the program that was picked
        "budget": made.provenance["budget"],
        "seed": settings.get("seed", 0),
        "versions": _versions(),
        "rows": made.provenance["rows"],
    }
    return replace(made, provenance=about)


def run_tracked(compilation: "Compilation", task: str, *, store: str | None = None) -> "Compiled":
    """Run a compile that was prepared in Python, in an MLflow run like that of `cope compile`.

    Args:
        compilation: it is run here, and left open. With a folder of its own, a compile that goes on goes on in its run.
        task: names the experiment, `cope-compile-TASK`, and the prompts in the registry.
        store: address of the store; None is `MLFLOW_TRACKING_URI`, else SQLite in the working directory.

    Returns:
        The outcome. Its program file says as much as the command's; the run's id is `provenance["mlflow"]`.

    Raises:
        CopeError: when the store cannot be used, or the compile cannot work.
        dspy.LMError: when a model cannot be reached.

    >>> from cope import Cascade, run_tracked
    >>> from cope.eval import task_by_name
    >>> from cope.optimize import Compilation, split
    >>> task = task_by_name("gsm8k")
    >>> splits = split(task.load("train", 100), None)  # doctest: +SKIP
    >>> compilation = Compilation(Cascade("small"), splits, task.score, budget=500, folder="mine")  # doctest: +SKIP
    >>> made = run_tracked(compilation, "gsm8k")  # doctest: +SKIP
    >>> compilation.close()  # doctest: +SKIP
    >>> made.save("mine.json")  # doctest: +SKIP
    """
    job, program = compilation.job, compilation.program
    every = [name for name, _ in program.named_predictors()]
    settings = settings_of(
        task,
        program,
        compilation.splits,
        optimizer=compilation.optimizer.name,
        only=[] if compilation.names == every else compilation.names,
        proposer=str(compilation.proposer.model),
        chain=",".join(job.chain),
        objective=compilation.objective,
        surrogate=compilation.surrogate is not None,
        demos=job.demos,
        seed=job.seed,
    )
    with tracked_compile(compilation, settings, {"no_track": False, "store": store}) as log:
        made = provenance(compilation.run(), settings)
        log(made)
    return made


def settings_of(
    task: str,
    program: "Cascade",
    splits: "Splits",
    *,
    optimizer: str,
    only: Sequence[str],
    proposer: str,
    **more: Any,
) -> dict[str, Any]:
    """All that decides what a compile comes to, its budget apart; the same settings find the same folder.

    Args:
        task: its name.
        program: as it is before.
        splits: the questions.
        optimizer: its name.
        only: what is compiled, as the user says it; empty is all.
        proposer: the model that writes instructions.
        more: options that count where they are set, such as `demos` and `seed`.
    """
    from ..optimize.compiler.result import asked_with
    from ..util.hashing import digest

    return {
        "task": task,
        "optimizer": optimizer,
        "only": list(only),
        "preset": program.preset.name,
        "program": digest(program.dump_state()),
        "models": {tier: program.team[tier].model for tier in program.preset.tiers},
        "reflection_lm": proposer,
        "splits": {name: splits.print_of(name) for name in ("train", "val")},
        **asked_with(program),
        **{name: value for name, value in more.items() if value},
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in ("cope-dspy", "dspy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def check_tracking(options: Mapping[str, Any]) -> None:
    """Open the store before a model is asked.

    Raises:
        CopeError: when it cannot be used.
    """
    if not options["no_track"]:
        from ..tracking import check_store

        check_store(options["store"])


@contextmanager
def tracked_compile(
    compilation: "Compilation", settings: dict[str, Any], options: Mapping[str, Any]
) -> Iterator[Callable[["Compiled"], None]]:
    """An MLflow run around a compile, with a run inside it for each candidate. A compile that goes on goes on in its run.

    What it yields is told the outcome, and notes the run in its provenance.
    """
    if options["no_track"]:
        yield lambda made: None
        return
    from ..tracking import tracked
    from ..util.files import read_metadata, write_metadata
    from .compile_log import CompileLog

    file = compilation.folder / NOTES
    earlier = read_metadata(file)
    with tracked(
        f"cope-compile-{settings['task']}",
        f"{settings['preset']} {settings['optimizer']}",
        _params(compilation, settings),
        {"folder": str(compilation.folder)},
        earlier.get("mlflow_run"),
        options["store"],
        traces=False,
    ) as run:
        known = earlier.get("mlflow_steps", {}) if earlier.get("mlflow_run") == run.id else {}
        write_metadata(file, mlflow_run=run.id, mlflow_steps=known)
        log = CompileLog(
            run,
            compilation,
            settings,
            known,
            lambda steps: write_metadata(file, mlflow_steps=steps),
        )
        compilation.session.watchers.append(log.scored)
        try:
            yield log.outcome
        finally:
            log.close()


def _params(compilation: "Compilation", settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, flat, with the names that `cope eval` gives them."""
    flat = dict(settings)
    models, prints, proposer = flat.pop("models"), flat.pop("splits"), flat.pop("reflection_lm")
    sizes = {"train": len(compilation.splits.train), "val": len(compilation.splits.val)}
    return {
        **{f"model.{tier}": model for tier, model in models.items()},
        **({"model.proposer": proposer} if compilation.proposes else {}),
        **{
            f"split.{name}": f"{size} questions, fingerprint {prints[name]}"
            for name, size in sizes.items()
        },
        **flat,
        "only": ", ".join(flat["only"]) or "all",
        "predictors": ", ".join(compilation.names),
    }

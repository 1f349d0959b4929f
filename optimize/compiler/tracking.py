"""Track a compile in MLflow, and describe it in the program file."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...models.team import PROMPT_SETTINGS
from ...tracking import MlflowTracker, Tracker
from ...tracking.names import run_name
from ...util.files import read_metadata, write_metadata
from ...util.validate import check_type
from .compilation import Compilation
from .mlflow_log import CompileTracker
from .result import CompileResult
from .store import METADATA_FILE


def _warn(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def compile_provenance(result: CompileResult, settings: Mapping[str, Any]) -> CompileResult:
    """Return the result with the provenance of its program file.

    These are optimizer, splits, models, scores and usage.

    Args:
        result: the result.
        settings: the `document` of its settings.
    """
    known = result.provenance
    about: dict[str, Any] = {"task": settings["task"], "optimizer": settings["optimizer"]}
    for name in ("chain", "objective", "surrogate", "only"):
        if settings.get(name):
            about[name] = settings[name]
    about["models"] = dict(settings["models"])
    if "proposer" in known["models"]:
        about["models"]["proposer"] = settings["reflection_lm"]
    for name in (*PROMPT_SETTINGS, "shown"):
        if settings.get(name):
            about[name] = settings[name]
    about["splits"] = known["splits"]
    if "duplicates" in known:
        about["duplicates"] = known["duplicates"]
    # The scores of the program that was picked.
    about["scores"] = {"before": result.before.as_dict(), "after": result.after.as_dict()}
    about["budget"] = known["budget"]
    about["seed"] = settings.get("seed", 0)
    about["versions"] = _versions()
    about["rows"] = known["rows"]
    return replace(result, provenance=about)


def run_tracked(compilation: Compilation, task: str, *, store: str | None = None) -> CompileResult:
    """Run a compile that was prepared in Python, in an MLflow run like that of `cope compile`.

    Args:
        compilation: the compile; it is not closed. With a folder of its own, a resumed compile
            resumes its run.
        task: the name of the experiment, `cope-compile-TASK`, and of the prompts in the registry.
        store: the address of the store; None is `MLFLOW_TRACKING_URI`, else SQLite in the working
            directory.

    Returns:
        The result. Its provenance is that of the command; `provenance["mlflow"]` is the run's id.

    Raises:
        CopeError: when the store cannot be used, or the compile cannot work.
        dspy.LMError: when a model cannot be reached.

    >>> from cope import Cascade, run_tracked
    >>> from cope.eval import task_by_name
    >>> from cope.optimize import Compilation, CompileSettings, split
    >>> task = task_by_name("gsm8k")
    >>> splits = split(task.load("train", 100), None)  # doctest: +SKIP
    >>> settings = CompileSettings(budget=500, folder="mine")
    >>> compilation = Compilation(Cascade("small"), splits, task.score, settings)  # doctest: +SKIP
    >>> made = run_tracked(compilation, "gsm8k")  # doctest: +SKIP
    >>> compilation.close()  # doctest: +SKIP
    >>> made.save("mine.json")  # doctest: +SKIP
    """
    every = [name for name, _ in compilation.program.named_predictors()]
    settings = replace(
        compilation.settings,
        only=[] if compilation.trainable == every else compilation.trainable,
        proposer=str(compilation.proposer.model),
        chain=",".join(compilation.context.chain),
    )
    document = settings.document(task, compilation.program, compilation.splits)
    with tracked_compile(compilation, document, store) as log:
        result = compile_provenance(compilation.run(), document)
        log(result)
    return result


def _versions() -> dict[str, str]:
    found = {}
    for package in ("cope-dspy", "dspy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


@contextmanager
def tracked_compile(
    compilation: Compilation,
    settings: Mapping[str, Any],
    store: str | None = None,
    notify: Callable[[str], None] = _warn,
    tracker: Tracker | None = None,
    program: Path | None = None,
    data: str | None = None,
) -> Iterator[Callable[[CompileResult], None]]:
    """Open an MLflow run for a compile, with a nested run for each candidate.

    A resumed compile resumes its run.

    Args:
        compilation: the compile, which runs inside.
        settings: the `document` of its settings.
        store: the address of the store; None is `MLFLOW_TRACKING_URI`, else SQLite in the working
            directory.
        notify: receives a line for the user, without a newline.
        tracker: opens the run; None is MLflow.
        program: the file of the program before the compile; None is a preset.
        data: the file or the split of the questions, which is part of the run's name.

    Yields:
        A function that logs the result, and adds the run to its provenance.
    """
    file = compilation.folder / METADATA_FILE
    tracker = tracker or MlflowTracker()
    earlier = read_metadata(file)
    with tracker.open(
        f"cope-compile-{settings['task']}",
        run_name(settings["task"], [program or settings["preset"]], data, settings["optimizer"]),
        mlflow_params(compilation, settings),
        tags={"folder": str(compilation.folder), "program_file": str(program or "none")},
        run_id=earlier.get("mlflow_run"),
        store=store,
        traces=False,
    ) as run:
        steps: dict[str, int] = {}
        if earlier.get("mlflow_run") == run.id:
            steps = _logged_steps(earlier)
        write_metadata(file, mlflow_run=run.id, mlflow_steps=steps)
        log = CompileTracker(
            run,
            compilation,
            settings,
            steps,
            lambda steps: write_metadata(file, mlflow_steps=steps),
            notify,
        )
        with closing(log), compilation.session.with_callback(log):
            yield log.log_outcome


def _logged_steps(metadata: Mapping[str, Any]) -> dict[str, int]:
    """Return the steps that were logged before; none where the file is damaged."""
    steps = metadata.get("mlflow_steps", {})
    try:
        check_type(dict[str, int], steps)
    except ValueError:
        return {}
    return steps


def mlflow_params(compilation: Compilation, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as flat parameters, under the names of `cope eval`."""
    flat = dict(settings)
    models, fingerprints = flat.pop("models"), flat.pop("splits")
    proposer = flat.pop("reflection_lm")
    params: dict[str, Any] = {f"model.{tier}": model for tier, model in models.items()}
    if compilation.uses_proposer:
        params["model.proposer"] = proposer
    for name in ("train", "val"):
        size = len(getattr(compilation.splits, name))
        params[f"split.{name}"] = f"{size} questions, fingerprint {fingerprints[name]}"
    params |= flat
    params["only"] = ", ".join(flat["only"]) or "all"
    params["predictors"] = ", ".join(compilation.trainable)
    return params

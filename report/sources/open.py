"""Open a path as the source of a report: a recording, a run, or a comparison of several runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ...errors import CopeError
from ...eval.comparison.compare import DEFAULT_MARGIN
from ...eval.comparison.store import ComparisonStore
from ...eval.run.baseline_run import find_baseline_run
from ...eval.run.by_field import saved_values
from ...eval.run.store import RunStore, StoredRun, has_results, run_folders
from ...models.prices import Price
from ...programs.domains.base import Domain
from .base import ReportSource, ReportSystem, SamplesByPool, last_tier_in, run_facts
from .prices import check_priced_tiers, price_facts
from .repeats import comparison_repeats, run_repeats
from .run import run_domain, run_system


def open_source(path: Path, prices: Mapping[str, Price] | None = None) -> ReportSource:
    """Read the result of `cope eval`, `cope record`, `cope import` or `cope compare`.

    Args:
        path: the folder of a run, the file of a recording, or the folder of a comparison.
        prices: the user's prices by tier; other tiers have the price noted with their calls.

    Raises:
        CopeError: if the path is none of these, is damaged, or has no tier of `prices`.
    """
    if not path.exists():
        raise CopeError(
            f"there is no {path}: name a folder of `cope eval` or `cope compare`, "
            "or a file of `cope record`"
        )
    if not path.is_dir():
        from .recording import recording_source  # Arrow is slow to import

        return _with_prices(recording_source(path, prices), (), prices)
    if has_results(path):
        run = RunStore.read(path)
        return _with_prices(_run_source(run, prices), [run], prices)
    folders = run_folders(path)
    if not folders:
        raise CopeError(
            f"{path} holds no run: name a folder that `cope eval` or `cope compare` wrote, "
            "or a record's file"
        )
    runs = [RunStore.read(folder) for folder in folders]
    return _with_prices(_comparison_source(path, runs, prices), runs, prices)


def _with_prices(
    source: ReportSource, runs: Sequence[StoredRun], prices: Mapping[str, Price] | None
) -> ReportSource:
    """Return a source whose facts name the prices that its costs follow."""
    return replace(source, metadata=dict(source.metadata) | price_facts(runs, prices))


def _run_source(run: StoredRun, prices: Mapping[str, Price] | None) -> ReportSource:
    """Return a run, together with a run of the last tier alone on its questions, if any."""
    settings, folder = run.settings, run.path
    check_priced_tiers(prices or {}, settings.get("models", {}), folder.name)
    system, drawn = run_system(settings["preset"], run, 0, prices=prices)
    systems = [system]
    models = settings.get("models", {})
    last = last_tier_in(systems, models)
    reference = None
    if last in models:
        reference = find_baseline_run(
            folder.parent, settings, system.records, models[last], last, prices
        )
    if reference:
        wanted = system.records_by_key
        other, other_samples = run_system(
            last, RunStore.read(folder.parent / reference.run), len(system.rounds), False, prices
        )
        records = [record for record in other.records if record.key in wanted]
        systems.append(replace(other, records=records))
        drawn = _merge_samples([drawn, other_samples])
    source = _make_source(
        "run", folder, [run], systems, drawn, _mlflow_run(run.metadata), run_domain(run)
    )
    repeats = run_repeats(run)
    return replace(source, repeats={system.name: repeats} if repeats else {})


def _mlflow_run(notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a run was tracked, under the keys that a comparison's document uses."""
    return {"run": notes.get("mlflow_run"), "store": notes.get("mlflow_store")}


def _comparison_source(
    path: Path, runs: list[StoredRun], prices: Mapping[str, Price] | None
) -> ReportSource:
    # Only names and groups are read: the figures are computed again from the results.
    document = ComparisonStore(path).read_document()
    runs = [run for run in runs if not _is_left_out(run, document)]
    stored = {run.path: run for run in runs}
    names = _system_names(document, runs)
    settings = [run.settings for run in runs]
    check_priced_tiers(prices or {}, _models(settings), path.name)
    systems, drawn, first = [], [], 0
    for folder, name in names.items():
        system, samples = run_system(name, stored[folder], first, prices=prices)
        first += len(system.rounds)
        systems.append(system)
        drawn.append(samples)
    mlflow = document.get("mlflow") or {}
    source = _make_source(
        "comparison",
        path,
        runs,
        systems,
        _merge_samples(drawn),
        mlflow,
        run_domain(runs[0]),
        document.get("group_of"),
        document.get("left_out"),
    )
    repeats = comparison_repeats(path, document, document.get("group_of"))
    return replace(source, margin=document.get("margin", DEFAULT_MARGIN), repeats=repeats)


def _is_left_out(run: StoredRun, document: Mapping[str, Any]) -> bool:
    """Return whether a comparison started the run of a system and then left it out."""
    name = run.settings.get("system") or run.settings["preset"]
    is_listed = run.path.name in (document.get("folders") or {}).values()
    return name in (document.get("left_out") or {}) and not is_listed


def _system_names(document: Mapping[str, Any], runs: list[StoredRun]) -> dict[Path, str]:
    """Return the name of the system in each folder, in the order of the comparison.

    A folder that the comparison does not list has the name of its preset.
    """
    listed = {folder: name for name, folder in (document.get("folders") or {}).items()}
    order = list(listed)

    def position(run: StoredRun) -> tuple[int, str]:
        folder = run.path.name
        if folder in listed:
            return order.index(folder), folder
        return len(order), folder

    names: dict[Path, str] = {}
    for run in sorted(runs, key=position):
        own_name = run.settings.get("system") or run.settings["preset"]
        names[run.path] = str(listed.get(run.path.name, own_name))
    counts = Counter(names.values())
    for folder, name in names.items():
        if counts[name] > 1:
            names[folder] = folder.name
    return names


def _models(settings: list[dict[str, Any]]) -> dict[str, str]:
    """Return the model of each tier in the settings of some runs."""
    models: dict[str, str] = {}
    for one in settings:
        models.update(one.get("models", {}))
    return models


def _merge_samples(parts: list[dict[str, SamplesByPool]]) -> dict[str, SamplesByPool]:
    merged: dict[str, SamplesByPool] = {}
    for part in parts:
        for key, pools in part.items():
            merged.setdefault(key, {}).update(pools)
    return merged


def _make_source(
    kind: Literal["run", "comparison"],
    path: Path,
    runs: list[StoredRun],
    systems: list[ReportSystem],
    drawn: dict[str, SamplesByPool],
    mlflow: Mapping[str, Any],
    domain: Domain,
    groups: Mapping[str, str] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> ReportSource:
    settings = [run.settings for run in runs]
    tasks = dict.fromkeys(one["task"] for one in settings)
    if len(tasks) > 1:
        raise CopeError(
            f"{path} holds runs of several tasks ({', '.join(tasks)}): make a report of each"
        )
    return ReportSource(
        kind,
        path,
        settings[0]["task"],
        domain.name,
        _models(settings),
        tuple(systems),
        lambda key: drawn.get(key, {}),
        run_facts(settings[0], [run.metadata for run in runs]),
        groups=groups,
        skipped_presets=left_out or {},
        mlflow_run=_text_or_none(mlflow.get("run")),
        mlflow_store=_text_or_none(mlflow.get("store")),
        answer_kind=domain.answer_kind,
        values_by_field=_values_by_field(runs),
    )


def _values_by_field(runs: Sequence[StoredRun]) -> dict[str, dict[str, str]]:
    """Return the value of each question by its key, for each field that a run was broken down by.

    Runs on the same questions share them.
    """
    values: dict[str, dict[str, str]] = {}
    for run in runs:
        for field, found in saved_values(run).items():
            values.setdefault(field, {}).update(found)
    return values


def _text_or_none(value: object) -> str | None:
    return str(value) if value else None

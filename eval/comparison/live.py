"""Compare systems live: each is an ordinary evaluation, and they share their calls."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...models.prices import Price
from ...models.reprice import prices_to_json
from ...programs import System
from ...stats.tiers import last_tier_of
from ...util.hashing import digest
from ..judging.aucs import judged_systems
from ..recording.run import read_groups
from ..run.by_field import save_values, values_by_key
from ..run.example_keys import key_examples
from ..run.origin import program_origin, warn_about_pregate
from ..run.prices import stored_prices
from ..run.settings import question_settings, run_settings
from ..run.shared_ledger import LedgerGroup, SharingStats
from ..run.store import QuestionResult, RunStore
from ..run.warnings import warn_about_turns
from ..tasks.base import answer_kind_of, load_questions
from .compare import Comparison, compare
from .document import comparison_document, replies_of, reply_counts
from .failures import check_answers, failure_message, failures
from .in_blocks import BlockwiseAsking
from .model_time import model_times
from .plan_share import plan_shares
from .request import ComparisonCallbacks, ComparisonRequest
from .resolve import ComparedSystem, resolve_systems
from .store import ComparisonStore
from .tables import comparison_text
from .tracking import track_comparison


@dataclass(frozen=True)
class LiveComparison:
    """A comparison with its document and results.

    Attributes:
        comparison: the comparison.
        document: the same as plain data.
        incomplete: why it is incomplete; None if it is complete.
        results: the results of each system.
        groups: the group of a question by its key; None without groups.
    """

    comparison: Comparison
    document: dict[str, Any]
    incomplete: str | None
    results: dict[str, list[QuestionResult]]
    groups: dict[str, str] | None

    @property
    def spent(self) -> float:
        """The cost in USD of all calls at most; at least, if that is unknown."""
        calls = self.document["calls"]
        return calls.get("usd_high") or calls.get("usd_low") or 0.0


def run_comparison(request: ComparisonRequest, callbacks: ComparisonCallbacks) -> LiveComparison:
    """Evaluate the systems on the questions without a result, compare them, and write the folder.

    Args:
        request: the options of the comparison.
        callbacks: the functions of the caller.

    Raises:
        CopeError: if a system cannot be used or has no answer at all, or two systems have the same
            name.
    """
    data, run = request.data_options, request.run_options
    task, examples = load_questions(request.task, data.split, data.limit, data.data)
    request = replace(request, task=task)
    compared = resolve_systems(request, callbacks.notify)
    systems = compared.by_name
    groups = read_groups(data, examples)
    field = request.options.by_field
    fields = values_by_key(examples, field, "--by-field") if field else None
    if run.track:
        request.tracker.check(run.store)  # before hours of evaluation
    origins = {
        name: program_origin(system.path, examples, callbacks.notify, task.name)
        for name, system in systems.items()
    }
    for system in systems.values():
        warn_about_pregate(system.system, examples, callbacks.notify)
        warn_about_turns(system.system, callbacks.notify)
    store = ComparisonStore(_comparison_dir(request))
    stores = {
        name: _system_store(request, store.path, name, system.system)
        for name, system in systems.items()
    }
    with ExitStack() as stack:
        ledgers = LedgerGroup()
        for name, one in stores.items():
            stack.enter_context(one.open(run.fresh, ledger_factory=ledgers.open))
            one.update_metadata(
                answer_kind=answer_kind_of(request.task),
                domain=request.task.domain,
                program_file=origins[name]["program_file"],
            )
            if field and fields:
                save_values(one, field, fields)
        keys = key_examples(examples)
        asked = {name: one for name, one in systems.items() if stores[name].lacks_any(keys)}
        callbacks.load_models(request.team, list(_models_by_tier(request, asked)))
        answered = BlockwiseAsking(request, compared, stores, examples, callbacks).ask()
        results, stopped = answered.by_system, answered.stopped
        check_answers(results, stopped)
        options = request.options
        comparison = compare(
            results,
            reference=options.against,
            measure=options.by,
            groups=groups,
            margin=options.margin,
            seed=request.program_options.seed,
            last_tier=last_tier_of(one.system.tiers for one in systems.values()),
            fields=fields,
        )
        document = _build_document(
            request, comparison, systems, store, stores, results, origins, stopped
        )
        document["group_of"] = groups or None
        if compared.left_out is not None:
            document["left_out"] = compared.left_out
        document["by_field"], document["field_of"] = field, fields
        pictures = callbacks.draw(comparison, options.plot or store.plot_file)
        document["pictures"] = [str(file) for file in pictures]
        if run.track:
            text = comparison_text(comparison, document)
            document["mlflow"] = track_comparison(
                request.tracker, comparison, document, text, store, stores, run.store
            )
        store.write_document(document)
    incomplete = stopped or failure_message(document["failed"], len(examples))
    return LiveComparison(comparison, document, incomplete, results, groups)


def _comparison_dir(request: ComparisonRequest) -> Path:
    """Return the folder of the comparison.

    It does not depend on the systems, so that an added system makes only its own calls.
    """
    settings = question_settings(request.task, request.data_options)
    settings["seed"] = request.program_options.seed
    settings["early_stop"] = request.program_options.early_stop
    settings |= request.team_options.request_settings()
    settings["models"] = {name: tier.model for name, tier in request.team.tiers.items()}
    return request.run_options.directory / f"{request.task.name}-{digest(settings)[:8]}"


def _system_store(request: ComparisonRequest, root: Path, name: str, system: System) -> RunStore:
    settings = run_settings(
        request.task, request.data_options, request.team_options, request.team, system
    )
    if name != settings["preset"]:
        settings["system"] = name
    return RunStore(settings, root)


def _build_document(
    request: ComparisonRequest,
    comparison: Comparison,
    systems: Mapping[str, ComparedSystem],
    store: ComparisonStore,
    stores: Mapping[str, RunStore],
    results: Mapping[str, list[QuestionResult]],
    origins: Mapping[str, dict[str, Any]],
    stopped: str | None,
) -> dict[str, Any]:
    """Return the comparison with its settings as plain data."""
    sharing, prices = SharingStats(), _prices_used(stores) | request.team.prices
    for name, one in stores.items():
        sharing.count(name, RunStore.read(one.path), prices)
    document: dict[str, Any] = {"task": request.task.name}
    if request.task.test_visibility:
        document["shown"] = request.task.test_visibility
    if request.data_options.task_file is not None:
        document["task_file"] = request.data_options.task_file.digest
    document["split"] = request.data_options.split
    document["data"] = request.data_options.data_name
    if request.data_options.columns is not None:
        document["columns"] = request.data_options.columns.as_dict()
    document["answer_kind"] = answer_kind_of(request.task)
    document["models"] = _models_by_tier(request, systems)
    document["prices"] = prices_to_json(prices)
    document["seed"] = request.program_options.seed
    document |= comparison_document(comparison)
    document["replies"] = reply_counts({name: replies_of(rows) for name, rows in results.items()})
    usage = {name: [result.usage for result in rows] for name, rows in results.items()}
    document["plans"] = plan_shares(usage, comparison.last_tier)
    times = model_times(results, document["models"], comparison.last_tier)
    document["model_time"] = times
    document["calls"] = sharing.as_dict()
    document["folder"] = str(store.path)
    document["folders"] = {name: one.path.name for name, one in stores.items()}
    document["origins"] = {name: origins[name] for name in systems}
    document["failed"] = list(failures(results))
    document["stopped"] = stopped
    judged = judged_systems(results)
    if judged:
        document["judged"] = judged
    document["unknown"] = {}
    document["mlflow"] = None
    return document


def _prices_used(stores: Mapping[str, RunStore]) -> dict[str, Price]:
    """Return the prices by tier of the runs, which count where the user gives none."""
    prices: dict[str, Price] = {}
    for store in stores.values():
        prices |= stored_prices(store.metadata())
    return prices


def _models_by_tier(
    request: ComparisonRequest, systems: Mapping[str, ComparedSystem]
) -> dict[str, str]:
    models: dict[str, str] = {}
    for compared in systems.values():
        for tier in compared.system.tiers:
            models[tier] = request.team[tier].model
    return models

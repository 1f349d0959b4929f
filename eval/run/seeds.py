"""Evaluate one system with several seeds, each in a run of its own, and combine the runs."""

from dataclasses import replace

from ...util.files import write_metadata
from .callbacks import RunCallbacks
from .live import EvaluationRequest, LiveEvaluation, run_evaluation
from .repeats import combine_repeats
from .store import METADATA_FILE


def run_seeds(
    request: EvaluationRequest, callbacks: RunCallbacks, repeat: int = 1
) -> LiveEvaluation:
    """Evaluate with the seed of the request and those that follow.

    It ends early when an evaluation stopped before its last question. A budget is for all together.

    Args:
        request: the options of the evaluation.
        callbacks: the functions of the caller.
        repeat: number of seeds.

    Returns:
        The evaluation with the first seed, with what all seeds say together in its summary. Its
        folder names the others, and its MLflow run gets the figures.

    Raises:
        CopeError: see `run_evaluation`, and if a later seed left questions without an answer.
    """
    seed, run_options = request.program_options.seed, request.run_options
    runs = {seed: run_evaluation(request, callbacks)}
    first = last = runs[seed]
    while len(runs) < repeat and not last.made.outcome.stop_reason:
        if run_options.budget is not None:
            cost = last.made.summary.spent.cost
            left = max(0.0, run_options.budget - (cost.high or cost.low))
            run_options = replace(run_options, budget=left)
        options = replace(request.program_options, seed=seed + len(runs))
        last = run_evaluation(
            replace(request, program_options=options, run_options=run_options), callbacks
        )
        runs[options.seed] = last
    if len(runs) == 1:
        return first
    found = combine_repeats(
        {number: run.made.outcome.results for number, run in runs.items()}, first.groups
    )
    write_metadata(first.folder / METADATA_FILE, repeats=[run.folder.name for run in runs.values()])
    if first.made.run:
        earlier = request.tracker.earlier_run(first.made.run.id, first.made.run.uri)
        earlier.log_metrics(found.metrics())
    made = replace(first.made, summary=replace(first.made.summary, repeats=found))
    return replace(first, made=made, later=tuple(runs.values())[1:])

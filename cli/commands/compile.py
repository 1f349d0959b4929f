"""`cope compile`: better prompts for a program, by one of DSPy's optimizers, within a budget."""

import json
import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...optimize.optimizers.registry import OPTIMIZERS
from ..context import AppContext, pass_app
from ..options import (
    _team_of,
    flattened,
    given,
    lists_tasks,
    make_cascade,
    own_program,
    program_options,
    team_options,
)

if TYPE_CHECKING:
    from ...optimize import Compilation, Compiled
    from ...tracking import Tracker


class _Compile(click.Command):
    """A command whose help lists the optimizers."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Optimizers"):
            formatter.write_dl([(name, OPTIMIZERS[name].description) for name in OPTIMIZERS])


@click.command(cls=_Compile, short_help="Compile a program's prompts for a task.")
@click.argument("task")
@click.option(
    "--optimizer",
    default="bootstrap-random-search",
    show_default=True,
    metavar="NAME",
    help="Changes the prompts: one of the optimizers below.",
)
@click.option(
    "--chain", metavar="A,B", default="", help="With --optimizer chain: the optimizers, in order."
)
@click.option("--train", type=click.IntRange(1), metavar="N", help="Questions to learn from.")
@click.option("--val", type=click.IntRange(1), metavar="N", help="Questions to choose by.")
@click.option(
    "--train-split", default="train", show_default=True, metavar="NAME", help="Of the hub's set."
)
@click.option(
    "--val-split",
    default="validation",
    show_default=True,
    metavar="NAME",
    help="Where the data has it; else the rest of the training split.",
)
@click.option(
    "--data",
    metavar="FILE",
    help="A local copy: JSONL, CSV or Parquet with question and answer; a field split tells its parts.",
)
@click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PART",
    help="Compile the small or large tier, planner, reasoner, or round:N alone. Repeated: all must hold.",
)
@click.option(
    "--objective",
    type=click.Choice(["accuracy", "cost", "pareto"]),
    default="accuracy",
    show_default=True,
    help="Cost prefers right answers with few tokens of the large tier; pareto saves and draws a frontier.",
)
@click.option(
    "--pick",
    type=click.IntRange(1),
    metavar="N",
    help="Save program N of the frontier, 1 the cheapest, instead of the most accurate.",
)
@click.option(
    "--surrogate", is_flag=True, help="Run only the rounds that what is compiled can change."
)
@click.option(
    "--reflection-lm",
    metavar="MODEL",
    help="Proposes instructions; --price proposer=IN/OUT prices it. [default: the large tier's model]",
)
@click.option(
    "--demos",
    type=click.IntRange(0),
    default=4,
    show_default=True,
    metavar="N",
    help="Most demonstrations of a predictor.",
)
@click.option(
    "--budget-calls", type=click.IntRange(1), metavar="N", help="Most model calls, in all."
)
@click.option("--budget-tokens", type=click.IntRange(1), metavar="N", help="Most tokens, in all.")
@click.option(
    "--budget-usd",
    type=click.FloatRange(0, min_open=True),
    metavar="USD",
    help="Most money, in all.",
)
@click.option(
    "--budget-minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    help="Most minutes of model time.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The program file. [default: TASK-PRESET.json]",
)
@click.option(
    "--force", is_flag=True, help="Overwrite a program file that is there, whatever made it."
)
@click.option("--resume", is_flag=True, help="Go on with what an interrupted compile left.")
@click.option("--fresh", is_flag=True, help="Forget what an earlier compile left.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before it starts.")
@click.option("--dry-run", is_flag=True, help="Stop after the estimate.")
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path(".cope/compile"),
    show_default=True,
    help="Folder of compiles.",
)
@click.option("--no-track", is_flag=True, help="Do without MLflow.")
@click.option(
    "--store",
    metavar="URI",
    help="MLflow store. [default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@program_options
@team_options
@pass_app
@flattened
@lists_tasks
def command(app: AppContext, task: str, **options: Any) -> None:
    """Compile a program for TASK: {tasks}.

    Begins with the preset's own words, or with --program FILE. Says what it will do and what that takes, asks, and saves the
    better of before and after. The test split is never read.
    """
    from ...eval import answer_kind_of, task_by_name
    from ...models.team import ASKED
    from ...optimize import Compilation, CompileSettings
    from ...optimize.compiler.output import check_output_path, save
    from ...optimize.compiler.splits import load_splits
    from ...optimize.compiler.store import check_compile_dir, report_kept_state
    from ..display.compile import print_plan, print_result, result_document
    from ..display.compile_progress import CompileProgress

    chosen = task_by_name(task, visible=options["visible"], unsafe=options["unsafe_code"])
    # What was asked before is kept in the compile's own folder; a cache beside it would make its figures untrue.
    prices, proposer_price = _prices(options)
    team, start = (
        app.make_team(_team_of({**options, "no_cache": True, "prices": prices})),
        own_program(options),
    )
    cascade = make_cascade(options, team, chosen.domain, start)
    cascade = cascade.with_answer_kind(answer_kind_of(chosen))
    splits = load_splits(
        chosen,
        options["data"],
        train_split=options["train_split"],
        val_split=options["val_split"],
        train=options["train"],
        val=options["val"],
        seed=options["seed"],
        chosen=[name for name in ("train_split", "val_split") if given(name)],
    )
    view = CompileProgress()
    dry_run, pareto = options["dry_run"], options["objective"] == "pareto"
    settings = CompileSettings(
        optimizer=options["optimizer"],
        budget=_budget(options),
        only=options["only"],
        objective=options["objective"],
        proposer=options["reflection_lm"],
        demos=options["demos"],
        seed=options["seed"],
        chain=options["chain"],
        surrogate=options["surrogate"],
        callbacks=[view],
        fresh=options["fresh"] and not dry_run,
        proposer_price=proposer_price,
    )
    context = {
        "test_visibility": chosen.shown,
        "prompt_settings": {name: options[name] for name in ASKED},
    }
    document = settings.document(chosen.name, cascade, splits, **context)
    fingerprint = settings.fingerprint(chosen.name, cascade, splits, **context)
    compile_id = f"{chosen.name}-{cascade.preset.name}-{options['optimizer']}-{fingerprint}"
    output = options["output"] or Path(f"{task}-{cascade.preset.name}.json")
    folder = options["runs"] / compile_id
    check_compile_dir(
        folder, resume=options["resume"], fresh=options["fresh"], dry_run=dry_run, notify=_notify
    )
    check_output_path(output, compile_id, overwrite=options["force"] or dry_run, frontier=pareto)
    compilation = Compilation(cascade, splits, chosen.score, replace(settings, folder=folder))
    try:
        if not (dry_run or options["no_track"]):
            app.tracker.check(options["store"])
        compilation.check()
        app.load_models(
            team,
            cascade.preset.tiers,
            extra_lms=[compilation.proposer] if compilation.proposes else (),
        )
        with view:
            guess = compilation.estimate()
        print_plan(compilation, document, guess)
        if dry_run:
            if options["as_json"]:
                document |= {"duplicates": splits.dropped, "estimate": guess.as_dict()}
                click.echo(json.dumps(document, indent=1, ensure_ascii=False))
            return
        if not options["yes"]:
            _ask()
        view.set_estimate(guess)
        with report_kept_state(folder, _notify), view:
            made = _run(compilation, document, options, start, output, app.tracker)
    finally:
        compilation.close()
    frontier = save(made, output, frontier=pareto)
    if (number := options["pick"]) and number > (count := len(made.frontier)):
        raise CopeError(
            f"the frontier has {count} programs, so there is no {number}, and the best is saved: the same command with "
            f"--resume and a --pick of 1 to {count} asks nothing again"
        )
    if options["as_json"]:
        document = result_document(made, document, guess, output, frontier)
        document["duplicates"] = splits.dropped
        click.echo(json.dumps(document, indent=1, ensure_ascii=False, default=str))
    else:
        print_result(made, cascade, output, frontier, _measured_by(task, options, output))


def _ask() -> None:
    """Ask whether to start; a script that is asked has no answer, and learns how to give one."""
    try:
        click.confirm("Start?", abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise CopeError("not started: answer y, or say --yes so that it does not ask") from None


def _notify(message: str) -> None:
    click.echo(message, err=True)


def _run(
    compilation: "Compilation",
    settings: dict[str, Any],
    options: Mapping[str, Any],
    start: Path | None,
    output: Path,
    tracker: "Tracker",
) -> "Compiled":
    """Compile, in an MLflow run unless the user wants none."""
    from ...optimize.compiler.output import add_origin, pick_from_frontier, plot_frontier
    from ...optimize.compiler.tracking import compile_provenance, tracked_compile

    with ExitStack() as stack:
        log = None
        if not options["no_track"]:
            tracked = tracked_compile(compilation, settings, options["store"], _notify, tracker)
            log = stack.enter_context(tracked)
        before = compilation.program.dump_state()
        result = pick_from_frontier(compilation.run(), options["pick"], before)
        result = compile_provenance(result, settings)
        add_origin(result, compilation.folder.name, start)
        if options["objective"] == "pareto":
            plots = plot_frontier(result, compilation, settings, output)
            result.provenance["plots"] = [str(file) for file in plots]
        if log is not None:
            log(result)
    return result


def _measured_by(task: str, options: Mapping[str, Any], output: Path) -> str:
    """The command that measures the program on questions that it has not met."""
    from ...eval.tasks.data import splits_in
    from ...models.team import ASKED

    words = ["cope", "eval", task, "--program", str(output)]
    if data := options["data"]:
        words += ["--data", data if "test" in splits_in(data) else "OTHER.jsonl"]
    for name in ("small", "large", *ASKED, "visible", "weights"):
        if given(name):
            words += [f"--{name.replace('_', '-')}", str(options[name])]
    for name, model in options["tiers"]:
        words += ["--tier", f"{name}={model}"]
    return shlex.join([*words, *(["--unsafe-code"] if options["unsafe_code"] else [])])


def _prices(options: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], Any]:
    """The prices of the tiers, and that of the proposer, which is no tier unless the user names one so."""
    from ...optimize.compiler.proposer import TIER

    own = {TIER} - dict(options["tiers"]).keys()
    prices = [(name, price) for name, price in options["prices"] if name not in own]
    return prices, next((price for name, price in options["prices"] if name in own), None)


def _budget(options: Mapping[str, Any]) -> Any:
    from ...optimize import Budget

    minutes = options["budget_minutes"]
    return Budget(
        options["budget_calls"],
        options["budget_tokens"],
        options["budget_usd"],
        minutes * 60 if minutes else None,
    )

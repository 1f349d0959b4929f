"""`cope record`: every round of a preset on a task, all samples kept in one file that is replayed without a model."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...programs.confidence.early_stopping import NONE
from ..options import (
    compiled_in,
    flattened,
    make_cascade,
    make_team,
    prepare,
    program_file,
    program_options,
    team_options,
)
from ..output_files import check_output
from ..warnings import warn_of_met, warn_of_settings

if TYPE_CHECKING:
    from ...eval import Recorder
    from ...models import Team
    from ...programs import Cascade


@click.command()
@click.argument("task")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="At most N questions, from the start."
)
@click.option("--split", default="test", show_default=True, help="Which part of the hub's set.")
@click.option(
    "--data", metavar="FILE", help="A local copy: JSONL, CSV or Parquet with question and answer."
)
@click.option(
    "--visible",
    type=click.Choice(["one", "all"]),
    default="one",
    show_default=True,
    help="mbpp: tests that models see.",
)
@click.option(
    "--also",
    multiple=True,
    default=("large",),
    show_default=True,
    metavar="PRESET",
    help="Record this preset's rounds beside, on the same questions; none for no other. Repeatable.",
)
@click.option(
    "--group", metavar="COLUMN", help="Rows of --data with the same value there belong together."
)
@click.option(
    "--logprobs",
    is_flag=True,
    help="Ask for log-probabilities; that takes a local engine more time.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The record. [default: TASK-PRESET.parquet]",
)
@click.option(
    "--budget",
    type=click.FloatRange(0),
    metavar="USD",
    help="Stop before this is spent; what is done is saved.",
)
@click.option(
    "--questions",
    type=click.IntRange(1),
    metavar="N",
    help="Questions in flight; the default keeps the models busy.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path),
    default=Path(".cope/record"),
    show_default=True,
    help="Folder where every call is kept, so that an interrupted record goes on.",
)
@click.option("--fresh", is_flag=True, help="Forget what an earlier run of the same command left.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@program_options
@team_options
@flattened
def command(task: str, **options: Any) -> None:
    """Record TASK: gsm8k, math500, mbpp, humaneval, or jsonl for your own questions.

    Every round is asked, whatever the gates say, with all samples: other thresholds, fewer samples and presets of the same
    rounds are then replayed by cope eval --replay FILE. The same command goes on where an interrupted one stopped.
    """
    from ...eval import Recorder, RunStore, ShortAnswer, is_record, task_by_name

    chosen = task_by_name(task, visible=options["visible"], unsafe=options["unsafe_code"])
    if isinstance(chosen, ShortAnswer):
        chosen = replace(
            chosen, labelled=False
        )  # rows without an answer are recorded too, and not scored
    options |= {
        "no_cache": True,
        "early_stop": NONE,
    }  # a reply from the cache has no tokens of its own
    team = make_team(options)
    if options["logprobs"]:
        _ask_logprobs(team)
    programs, files = _programs(options, team, chosen)
    recorder = Recorder(programs)
    options["output"] = options["output"] or Path(
        f"{chosen.name}-{recorder.first.preset.name}.parquet"
    )
    read = [Path(file) for file in (options["data"], options["program"]) if file]
    check_output(
        options["output"], read, "record", is_record
    )  # now, rather than after hours of asking
    examples = chosen.load(options["split"], options["limit"], options["data"])
    groups, compiled = (
        groups_of(options, examples),
        _compiled(files, examples, {**options, "shown": chosen.shown}),
    )
    folder = RunStore(_settings(chosen, options, recorder), options["runs"])
    with folder.open(options["fresh"], accept=recorder.holds):
        prepare(
            team, dict.fromkeys(tier for c in recorder.cascades.values() for tier in c.preset.tiers)
        )
        stopped = _run(chosen, examples, recorder, folder, groups, options, compiled)
    if stopped:
        raise CopeError(stopped)


def _programs(
    options: Mapping[str, Any], team: "Team", task: Any
) -> "tuple[dict[str, Cascade], dict[str, Path | None]]":
    """The program to record, and the presets beside it, by name; and the files that they come from."""
    from ...eval import answer_kind_of

    kind = answer_kind_of(task)
    file = program_file(options, team, task.domain, task.name)
    own = make_cascade(options, team, task.domain, file).with_answer_kind(kind)
    programs, files = {own.preset.name: own}, {own.preset.name: file}
    for name in options["also"]:
        if name == "none" or name in programs:
            continue
        other = {**options, "preset": name, "program": None, "thresholds": ()}
        file = program_file(other, team, task.domain, task.name)
        beside = make_cascade(other, team, task.domain, file).with_answer_kind(kind)
        if beside.preset.name in programs:
            raise CopeError(
                f"two programs of a record have the name {beside.preset.name!r}: give --also {name} another"
            )
        programs[beside.preset.name], files[beside.preset.name] = beside, file
    return programs, files


def _compiled(
    files: "Mapping[str, Path | None]", examples: list[Any], asked: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """By program, which questions it was compiled on, for replays; what an accuracy of it would not say is said on stderr."""
    found = {}
    for name, file in files.items():
        about = compiled_in(file) if file else {}
        warn_of_met(
            about, (example.question for example in examples), name if len(files) > 1 else None
        )
        warn_of_settings(about, asked)
        if "rows" in about:
            found[name] = {"rows": about["rows"]}
    return found


def _ask_logprobs(team: "Team") -> None:
    for tier in team.tiers.values():
        tier.lm.kwargs["logprobs"] = True


def groups_of(options: Mapping[str, Any], examples: list[Any]) -> dict[str, str]:
    """By a question's key, the value of its row in the column that says what belongs together."""
    from ...eval.run.store import key_examples
    from ...eval.tasks.data import from_file, of_split

    column = options["group"]
    if column is None:
        return {}
    if not options["data"]:
        raise CopeError("--group names a column of your own file: give it with --data FILE")
    rows = of_split(from_file(options["data"], ()), options["split"], options["data"])
    if lacking := [number for number, row in enumerate(rows, 1) if row.get(column) is None]:
        raise CopeError(
            f"{options['data']} row {lacking[0]} has no {column!r}, which --group names"
        )
    return {key: str(row[column]) for key, row in zip(key_examples(examples), rows, strict=False)}


def _settings(task: Any, options: Mapping[str, Any], recorder: "Recorder") -> dict[str, Any]:
    """All that decides what a call gives; thresholds, number of samples and presets beside only say which are made."""
    from ...util.hashing import digest

    state = recorder.first.dump_state()
    rounds = [
        {k: v for k, v in r.items() if k not in ("threshold", "samples", "plans")}
        for r in state["preset"]["rounds"]
    ]
    team = recorder.first.team
    return {
        "task": task.name,
        **_made_with(task, options),
        "preset": recorder.first.preset.name,
        "program": digest({**state, "preset": rounds}),
        "models": {tier: team[tier].model for tier in recorder.first.preset.tiers},
        "seed": options["seed"],
    }


def _made_with(task: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **({"shown": task.shown} if task.shown else {}),
        "split": options["split"],
        "data": Path(options["data"]).name if options["data"] else None,
        **{name: options[name] for name in ("adapter", "max_tokens", "context", "logprobs")},
    }


def _run(
    task: Any,
    examples: list[Any],
    recorder: "Recorder",
    folder: Any,
    groups: dict[str, str],
    options: Mapping[str, Any],
    compiled: dict[str, dict[str, Any]],
) -> str | None:
    """Ask, write the record and print what is in it; returns why questions are left, or that some failed, if so."""
    from ...eval import evaluate, write_record
    from ..display.evaluation import LiveView

    path = options["output"]
    with LiveView(
        len(examples), list(folder.results.values()), len(recorder.first.preset.rounds)
    ) as view:
        work = evaluate(
            task,
            examples,
            recorder.first,
            folder,
            in_flight=options["questions"],
            budget=options["budget"],
            finished=view.add,
            asking=recorder.asking,
        )
        outcome = asyncio.run(work)
    failed = [record for record in outcome.records if record.error]
    good = len(outcome.records) - len(failed)
    if good:
        settings = _made_with(task, options) | ({"compiled": compiled} if compiled else {})
        manifest = recorder.manifest(
            task, outcome.records, settings=settings, group=options["group"]
        )
        write_record(path, manifest, recorder.rows(outcome.records, groups))
        _show(path, manifest, options["as_json"], outcome.stopped)
    if failed and not outcome.stopped:
        why = f"a model failed on {len(failed)} of {len(examples)} questions, first on {failed[0].id} ({failed[0].error})"
        return f"{why}; they are not in the record, and the same command asks them again"
    return outcome.stopped


def _show(path: Path, manifest: Any, as_json: bool, stopped: str | None) -> None:
    from ..display.recording import contents, print_contents

    found = {**contents(path), "stopped": stopped}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print_contents(found)

"""`cope compare TASK`: every system is an ordinary evaluation, and they answer from each other's calls."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import CopeError
from .commands.compare import USUAL
from .commands.eval import origin_of, settings_of
from .commands.record import groups_of
from .context import AppContext
from .display.comparison import print_comparison
from .options import NO_PROGRAM, _team_of, make_cascade, program_file

if TYPE_CHECKING:
    from ..eval import Record, RunStore
    from ..models import Team
    from ..programs import Cascade


def compare_live(task: str, options: Mapping[str, Any], app: AppContext) -> None:
    """Ask what is left to ask, compare, write the comparison's folder and print.

    Raises:
        CopeError: for systems that cannot be used or told apart, and when questions are left or models failed.
    """
    from ..eval import task_by_name
    from ..eval.run.shared_ledger import LedgerGroup

    chosen = task_by_name(task, visible=options["visible"], unsafe=options["unsafe_code"])
    options = {**options, "no_cache": True}  # a reply from the cache has no tokens of its own
    team = app.make_team(_team_of(options))
    systems = _systems(options, team, chosen)
    examples = chosen.load(options["split"], options["limit"], options["data"])
    groups = groups_of(options, examples)
    if not options["no_track"]:
        from ..tracking import check_store

        check_store(options["store"])  # before hours of asking, rather than after them
    origins = {name: origin_of(file, examples) for name, (_, file) in systems.items()}
    cascades = {name: cascade for name, (cascade, _) in systems.items()}
    place = _place(chosen, options, team, list(cascades.values()))
    with ExitStack() as stack:
        folders = {
            name: _folder(chosen, options, place, name, cascade)
            for name, cascade in cascades.items()
        }
        ledgers = LedgerGroup()
        for folder in folders.values():
            stack.enter_context(folder.open(options["fresh"], ledger_factory=ledgers.open))
        app.load_models(
            team,
            dict.fromkeys(tier for cascade in cascades.values() for tier in cascade.preset.tiers),
        )
        records, stopped = _evaluated(chosen, examples, cascades, folders, options)
        document = _told(
            chosen, options, place, cascades, folders, records, groups, origins, stopped
        )
    if stopped:
        raise CopeError(stopped)
    _check_failures(document["failed"], len(examples))


def _systems(
    options: Mapping[str, Any], team: "Team", task: Any
) -> "dict[str, tuple[Cascade, Path | None]]":
    """The systems by name, with the program files that they come from."""
    from ..eval import answer_kind_of

    plain = options["programs"] == (NO_PROGRAM,)
    found: dict[str, tuple[Cascade, Path | None]] = {}
    for source, file in named_systems(options, options["presets"] or USUAL):
        given = {
            **options,
            "preset": source,
            "program": NO_PROGRAM if plain else None,
            "thresholds": (),
        }
        file = file or program_file(given, team, task.domain, task.name)
        cascade = make_cascade(given, team, task.domain, file)
        cascade = cascade.with_answer_kind(answer_kind_of(task))
        name = Path(source).stem if source.endswith(".json") else cascade.preset.name
        check_new(name, found)
        found[name] = cascade, file
    check_enough(found, options["against"])
    return found


def named_systems(
    options: Mapping[str, Any], presets: tuple[str, ...]
) -> list[tuple[str, Path | None]]:
    """What the user names, presets first: the name, and the file where it is a program."""
    programs = () if options["programs"] == (NO_PROGRAM,) else options["programs"]
    return [*((name, None) for name in presets), *((name, Path(name)) for name in programs)]


def check_new(name: str, found: Mapping[str, Any]) -> None:
    """Raises: CopeError when a system has this name already."""
    if name in found:
        raise CopeError(
            f"two systems have the name {name!r}: leave one out, or give its file another name"
        )


def check_enough(found: Mapping[str, Any], against: str | None) -> None:
    """Raises: CopeError when there is nothing to compare, or no such reference."""
    if len(found) < 2:
        here = ", ".join(found) or "none"
        raise CopeError(
            f"a comparison needs two systems or more, and here is {here}: name more with --presets"
        )
    if against is not None and against not in found:
        raise CopeError(f"--against {against}: no such system; there are {', '.join(found)}")


def _place(task: Any, options: Mapping[str, Any], team: "Team", cascades: "list[Cascade]") -> Path:
    """The comparison's folder: the same for any systems on the same task and models, so that one more asks only its own calls."""
    from ..util.hashing import digest

    shared = settings_of(task, options, cascades[0])
    settings = {
        name: value for name, value in shared.items() if name not in ("preset", "program", "models")
    }
    models = {name: tier.model for name, tier in team.tiers.items()}
    return options["runs"] / f"{task.name}-{digest({**settings, 'models': models})[:8]}"


def _folder(
    task: Any, options: Mapping[str, Any], place: Path, name: str, cascade: "Cascade"
) -> "RunStore":
    from ..eval import RunStore

    settings = settings_of(task, options, cascade)
    return RunStore(settings | ({"system": name} if name != settings["preset"] else {}), place)


def _evaluated(
    task: Any,
    examples: list[Any],
    cascades: "dict[str, Cascade]",
    folders: "dict[str, RunStore]",
    options: Mapping[str, Any],
) -> "tuple[dict[str, list[Record]], str | None]":
    """The records of every system, one system after the other, and why questions are left, if so."""
    from ..eval import evaluate
    from .display.evaluation import LiveView

    records: dict[str, list[Record]] = {}
    stopped = None
    for name, cascade in cascades.items():
        folder = folders[name]
        click.echo(f"{name} ({len(records) + 1} of {len(cascades)})", err=True)
        done = list(folder.results.values())[: len(examples)]
        with LiveView(len(examples), done, len(cascade.preset.rounds)) as view:
            work = evaluate(
                task,
                examples,
                cascade,
                folder,
                in_flight=options["questions"],
                budget=_left(options["budget"], folders, name),
                finished=view.add,
            )
            outcome = asyncio.run(work)
        records[name], stopped = (
            outcome.records,
            stopped or (outcome.stopped and f"{name}: {outcome.stopped}"),
        )
    return records, stopped


def _left(budget: float | None, folders: "dict[str, RunStore]", name: str) -> float | None:
    """What the other systems' answers leave of the budget."""
    if budget is None:
        return None
    others = (folder for other, folder in folders.items() if other != name)
    return max(
        0.0,
        budget - sum(record.usd or 0.0 for folder in others for record in folder.results.values()),
    )


def _told(
    task: Any,
    options: Mapping[str, Any],
    place: Path,
    cascades: "dict[str, Cascade]",
    folders: "dict[str, RunStore]",
    records: "dict[str, list[Record]]",
    groups: dict[str, str],
    origins: Mapping[str, Any],
    stopped: str | None,
) -> dict[str, Any]:
    """Compare, keep the comparison in its folder and in MLflow, and print it."""
    from ..eval import RunStore
    from ..eval.comparison import compare, comparison_document
    from ..eval.comparison.store import ComparisonStore
    from ..eval.run.shared_ledger import SharingStats
    from ..report.plots.comparison import draw_comparison
    from .compare_track import track

    if not all(any(record.error is None for record in rows) for rows in records.values()):
        first = next(
            name
            for name, rows in records.items()
            if not any(record.error is None for record in rows)
        )
        failed = [record.error for record in records[first] if record.error]
        raise CopeError(
            stopped or f"{first} has no answer at all ({failed[0] if failed else 'no questions'})"
        )
    found = compare(
        records,
        against=options["against"],
        by=options["by"],
        groups=groups,
        margin=options["margin"] / 100,
        seed=options["seed"],
    )
    store, sharing = ComparisonStore(place), SharingStats()
    for name, folder in folders.items():
        sharing.count(name, RunStore.read(folder.path))
    models = {
        tier: cascade.team[tier].model
        for cascade in cascades.values()
        for tier in cascade.preset.tiers
    }
    document = {
        "task": task.name,
        **({"shown": task.shown} if task.shown else {}),
        "split": options["split"],
        "data": Path(options["data"]).name if options["data"] else None,
        "models": models,
        "seed": options["seed"],
        **comparison_document(found),
        "calls": sharing.as_dict(),
        "folder": str(place),
        "folders": {name: folder.path.name for name, folder in folders.items()},
        "origins": dict(origins),
        "failed": [
            {"system": n, "id": r.id, "error": r.error}
            for n, rows in records.items()
            for r in rows
            if r.error
        ],
        "stopped": stopped,
        "unknown": {},
        "mlflow": None,
        "group_of": groups or None,
    }
    document["pictures"] = [
        str(file) for file in draw_comparison(found, options["plot"] or store.plot_file)
    ]
    if not options["no_track"]:
        document["mlflow"] = track(document, found, options, store, folders)
    store.write_document(document)
    if options["as_json"]:
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        print_comparison(found, document)
    return document


def _check_failures(failed: list[dict[str, Any]], questions: int) -> None:
    if failed:
        first = failed[0]
        raise CopeError(
            f"a model failed on {len(failed)} answers to {questions} questions, first {first['system']} on {first['id']} "
            f"({first['error']}); the same command asks them again"
        )

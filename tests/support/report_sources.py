"""A record and runs made with scripted models, whose replies would be dangerous if a page took them for HTML."""

import asyncio
from pathlib import Path
from typing import Any

from cope import Cascade, load_preset
from cope.eval import Recording, RunStore, evaluate, task_by_name
from cope.models import Price
from cope.report import open_source, render_page, report_data
from support.recordings import examples, recorder, recording, team_of, unsure

HOSTILE = "</script><script>window.harmed = 1</script><img src=x onerror='window.harmed = 1'>"


def hostile(ask: Any) -> str:
    """Plans and solutions that break out of whatever they stand in."""
    said = unsure(ask)
    return f"{HOSTILE} {said}" if said.strip() else said


def dangerous(count: int) -> list[Any]:
    found = examples(count)
    for example in found:
        example.question += f" {HOSTILE}"
    return found


def record_in(folder: Path, questions: int = 12) -> Recording:
    """`cope`, and the large model alone beside; in the file `r.parquet`."""
    team = team_of(hostile, prices={"large": Price(1, 2)})
    return recording(recorder(team, "cope", "large"), folder, dangerous(questions))


def run_in(root: Path, preset: str, count: int = 6, **settings: Any) -> Path:
    """A run's folder, as `cope eval` leaves it."""
    team = team_of(hostile)
    cascade = Cascade(load_preset(preset).with_overrides(samples=3), team)
    models = {tier: team[tier].model for tier in cascade.preset.tiers}
    folder = RunStore(
        {"task": "jsonl", "preset": preset, "models": models, "early_stop": "exact", **settings},
        root,
    )
    with folder.open():
        asyncio.run(evaluate(task_by_name("jsonl"), dangerous(count), cascade, folder))
    return folder.path


def write_page(record: Path, page: Path) -> Path:
    """The page of a record's file, as `cope report` writes it."""
    source = open_source(record)
    page.write_text("".join(render_page(source, report_data(source))), encoding="utf-8")
    return page

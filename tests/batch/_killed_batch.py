"""A batch against a server: `_killed_batch.py FOLDER NAME ADDRESS RUNNER` answers FOLDER/in.jsonl."""

import sys
from pathlib import Path

from cope import Cascade, Team, load_preset
from cope.batch.job import TableJob
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price

SAMPLES = 2

if __name__ == "__main__":
    folder, name, address, runner = Path(sys.argv[1]), *sys.argv[2:5]
    tiers = [f"openai/{tier}@{address}/v1" for tier in ("small", "large")]
    prices = {"small": Price(1, 2), "large": Price(10, 20)}
    team = Team(*tiers, cache=False, prices=prices, limits={"small": 4, "large": 4})
    preset = load_preset("cope").with_overrides(samples=SAMPLES, thresholds=(0.75, 0.75))
    options = BatchOptions(
        folder=str(folder / name),
        mapping=ColumnMapping(question="text"),
        shard_rows=50,
        runner=runner,
        runner_settings={"master": "local[2]"} if runner == "spark" else {},
        calls=str(folder / f"{name}.calls"),
    )
    cascade = Cascade(preset, team, answer_kind="text", early_stop="none")
    report = run_batch(TableJob(file_table(folder / "in.jsonl"), cascade, options, "text"))
    print(sum(stage.usage.calls for stage in report.stages))

"""A batch against a server: `_killed_batch.py FOLDER NAME ADDRESS` answers FOLDER/in.jsonl."""

import sys
from pathlib import Path

from cope import Cascade, Team
from cope.batch.job import TableJob
from cope.batch.stages.job import run_batch
from cope.batch.stages.options import BatchOptions
from cope.batch.tables import file_table
from cope.eval.tasks.columns import ColumnMapping
from cope.models import Price

if __name__ == "__main__":
    folder, name, address = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    tiers = [f"openai/{tier}@{address}/v1" for tier in ("small", "large")]
    prices = {"small": Price(1, 2), "large": Price(10, 20)}
    team = Team(*tiers, cache=False, prices=prices, limits={"small": 4, "large": 4})
    cascade = Cascade("cope", team, answer_kind="text", early_stop="none")
    options = BatchOptions(
        folder=str(folder / name), mapping=ColumnMapping(question="text"), shard_rows=10
    )
    report = run_batch(TableJob(file_table(folder / "in.jsonl"), cascade, options, "text"))
    print(sum(stage.usage.calls for stage in report.stages))

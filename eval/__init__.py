"""Tasks, the resumable evaluation run, its records and its figures; records of all samples, and their replay."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .code_task import CodeTask
from .measures import LARGE, MEASURES, SMALL, Measure
from .records import DEFAULT_RUNS, Record, RunFolder
from .run import Outcome, evaluate
from .seen import Seen, seen_by
from .statistics import paired_interval, wilson
from .summary import LargeAlone, Spent, Summary, large_alone, summarise
from .task import Score, ShortAnswer, Task
from .tasks import TASKS, task_by_name

if TYPE_CHECKING:
    from .importing import import_samples
    from .record_schema import Manifest, read_record, write_record
    from .recorded import Recording
    from .recorded_round import RecordedRound
    from .recording import Recorder
    from .replay import Replay
    from .replay_figures import Outcomes, Sweep
    from .replay_table import Replayed, replay_records

# Loaded on first use: an evaluation does without Arrow.
_HOMES = {
    "Manifest": ".record_schema",
    "Outcomes": ".replay_figures",
    "RecordedRound": ".recorded_round",
    "Recorder": ".recording",
    "Recording": ".recorded",
    "Replay": ".replay",
    "Replayed": ".replay_table",
    "Sweep": ".replay_figures",
    "import_samples": ".importing",
    "read_record": ".record_schema",
    "replay_records": ".replay_table",
    "write_record": ".record_schema",
}

__all__ = [
    "DEFAULT_RUNS", "LARGE", "MEASURES", "SMALL", "TASKS", "CodeTask", "LargeAlone", "Manifest", "Measure", "Outcome",
    "Outcomes", "Record", "RecordedRound", "Recorder", "Recording", "Replay", "Replayed", "RunFolder", "Score", "Seen",
    "ShortAnswer", "Spent", "Summary", "Sweep", "Task", "evaluate", "import_samples", "large_alone", "paired_interval",
    "read_record", "replay_records", "seen_by", "summarise", "task_by_name", "wilson", "write_record",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module 'cope.eval' has no attribute {name!r}")

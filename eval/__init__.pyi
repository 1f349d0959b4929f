from .code_task import CodeTask as CodeTask
from .importing import import_samples as import_samples
from .record_schema import (
    Manifest as Manifest,
    is_record as is_record,
    read_record as read_record,
    write_record as write_record,
)
from .recorded import Recording as Recording
from .recorded_round import RecordedRound as RecordedRound
from .recording import Recorder as Recorder
from .records import DEFAULT_RUNS as DEFAULT_RUNS, Record as Record, RunFolder as RunFolder
from .replay import Replay as Replay
from .replay_figures import Outcomes as Outcomes, Sweep as Sweep
from .replay_table import Replayed as Replayed, replay_records as replay_records
from .run import Outcome as Outcome, evaluate as evaluate
from .seen import Seen as Seen, seen_by as seen_by
from .summary import (
    LargeAlone as LargeAlone,
    Spent as Spent,
    Summary as Summary,
    large_alone as large_alone,
    summarise as summarise,
)
from .task import Score as Score, ShortAnswer as ShortAnswer, Task as Task
from .tasks import TASKS as TASKS, task_by_name as task_by_name

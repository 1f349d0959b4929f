from .recording.importer import import_samples as import_samples
from .recording.recorder import Recorder as Recorder
from .recording.recording import Recording as Recording
from .recording.round import RecordedRound as RecordedRound
from .recording.schema import (
    Manifest as Manifest,
    is_record as is_record,
    read_record as read_record,
    write_record as write_record,
)
from .replay.records import Replayed as Replayed, replay_records as replay_records
from .replay.replay import Replay as Replay
from .replay.results import Outcomes as Outcomes, Sweep as Sweep
from .run.contamination import Seen as Seen, seen_by as seen_by
from .run.evaluate import Outcome as Outcome, evaluate as evaluate
from .run.store import (
    DEFAULT_RUNS as DEFAULT_RUNS,
    QuestionResult as QuestionResult,
    Record as Record,
    RunStore as RunStore,
    StoredRun as StoredRun,
)
from .run.summary import (
    LargeAlone as LargeAlone,
    Summary as Summary,
    large_alone as large_alone,
    summarise as summarise,
)
from .tasks.base import (
    Score as Score,
    ShortAnswer as ShortAnswer,
    Task as Task,
    answer_kind_of as answer_kind_of,
)
from .tasks.code import CodeTask as CodeTask
from .tasks.registry import TASKS as TASKS, task_by_name as task_by_name

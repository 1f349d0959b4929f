from .recording.importer import import_samples as import_samples
from .recording.recorder import Recorder as Recorder
from .recording.recording import Recording as Recording
from .recording.round import RecordedRound as RecordedRound
from .recording.schema import (
    RecordingManifest as RecordingManifest,
    is_recording as is_recording,
    read_recording as read_recording,
    write_recording as write_recording,
)
from .replay.records import ReplayedResults as ReplayedResults, replay_results as replay_results
from .replay.replay import Replay as Replay
from .replay.results import ReplayOutcomes as ReplayOutcomes, Sweep as Sweep
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
from .tasks.options import TaskOptions as TaskOptions
from .tasks.registry import (
    TASKS as TASKS,
    register_task as register_task,
    task_by_name as task_by_name,
)

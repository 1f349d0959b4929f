from .recording.importer import import_samples as import_samples
from .recording.parquet_file import (
    is_recording as is_recording,
    read_recording as read_recording,
    write_recording as write_recording,
)
from .recording.recorder import Recorder as Recorder
from .recording.recording import Recording as Recording
from .recording.rematch import open_recording as open_recording
from .recording.round import RecordedRound as RecordedRound
from .recording.schema import RecordingManifest as RecordingManifest
from .replay.records import ReplayedResults as ReplayedResults, replay_results as replay_results
from .replay.replay import Replay as Replay
from .replay.results import ReplayOutcomes as ReplayOutcomes, Sweep as Sweep
from .run.baseline_run import find_baseline_run as find_baseline_run
from .run.contamination import Contamination as Contamination, count_overlap as count_overlap
from .run.evaluate import EvaluationOutcome as EvaluationOutcome, evaluate as evaluate
from .run.question_result import QuestionResult as QuestionResult, Record as Record
from .run.store import DEFAULT_RUNS as DEFAULT_RUNS, RunStore as RunStore, StoredRun as StoredRun
from .run.summary import (
    BaselineResult as BaselineResult,
    Summary as Summary,
    summarize as summarize,
)
from .tasks.base import (
    Score as Score,
    ShortAnswerTask as ShortAnswerTask,
    Task as Task,
    answer_kind_of as answer_kind_of,
    load_questions as load_questions,
    read_answers_of as read_answers_of,
    with_inferred_kind as with_inferred_kind,
)
from .tasks.code import CodeTask as CodeTask
from .tasks.options import TaskOptions as TaskOptions
from .tasks.registry import (
    TASKS as TASKS,
    register_task as register_task,
    task_by_name as task_by_name,
)

"""MLflow, and no other room knows its API: one run an evaluation or a compile, a trace for each question of an evaluation.

`store` says where runs are kept, `run` opens them, `prompts` and `model` put what a compile made into MLflow's registry of
prompts and among its models. MLflow takes seconds to import, so that every use of it does so by itself.
"""

from .prompts import prompt_template
from .run import TrackedRun, question_span, tracked_run
from .store import ARTIFACTS, DEFAULT_STORE, open_store, store_file, store_uri
from .tracker import MlflowTracker, Tracker, TrackerRun

__all__ = [
    "ARTIFACTS",
    "DEFAULT_STORE",
    "MlflowTracker",
    "TrackedRun",
    "Tracker",
    "TrackerRun",
    "open_store",
    "prompt_template",
    "question_span",
    "store_file",
    "store_uri",
    "tracked_run",
]

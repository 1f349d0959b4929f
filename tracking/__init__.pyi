from .address import check_address as check_address, store_file as store_file
from .names import run_name as run_name
from .prompts import prompt_template as prompt_template
from .rows_model import save_rows_model as save_rows_model
from .run import (
    TrackedRun as TrackedRun,
    question_span as question_span,
    tracked_run as tracked_run,
)
from .store import (
    ARTIFACTS as ARTIFACTS,
    DEFAULT_STORE as DEFAULT_STORE,
    open_store as open_store,
    store_uri as store_uri,
)
from .table_function import (
    save_table_function as save_table_function,
    spark_function as spark_function,
)
from .tracker import (
    MlflowTracker as MlflowTracker,
    Tracker as Tracker,
    TrackerRun as TrackerRun,
)

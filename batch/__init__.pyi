from .answer_columns import ADDED_COLUMNS as ADDED_COLUMNS, AnsweredRow as AnsweredRow
from .api import run as run
from .job import TableJob as TableJob, TableReport as TableReport, answer_table as answer_table
from .stages.job import BatchCallbacks as BatchCallbacks, run_batch as run_batch
from .stages.options import BatchOptions as BatchOptions
from .stages.report import BatchReport as BatchReport
from .tables import Table as Table

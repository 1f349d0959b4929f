from .answer_columns import ADDED_COLUMNS as ADDED_COLUMNS, AnsweredRow as AnsweredRow
from .api import run as run
from .job import TableJob as TableJob, TableReport as TableReport, answer_table as answer_table
from .tables import Table as Table

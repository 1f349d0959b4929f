"""The user's own questions with short answers, from a file in JSONL, CSV or Parquet."""

from .base import ShortAnswerTask
from .registry import USER_TASK

JSONL = ShortAnswerTask(USER_TASK)

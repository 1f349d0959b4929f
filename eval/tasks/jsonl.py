"""The user's own questions with short answers, from a file in JSONL, CSV or Parquet."""

from .base import ShortAnswer
from .registry import OWN_QUESTIONS

JSONL = ShortAnswer(OWN_QUESTIONS)

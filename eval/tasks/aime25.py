"""AIME 2025: 30 problems whose answers are whole numbers from 0 to 999."""

from .aime import AimeTask

AIME25 = AimeTask(
    "aime25", ("math-ai/aime25", None), question_field="problem", answer_kind="number"
)

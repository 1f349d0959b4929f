"""AIME 2024: 30 problems whose answers are whole numbers from 0 to 999."""

from .aime import AimeTask

AIME24 = AimeTask(
    "aime24", ("math-ai/aime24", None), question_field="problem", answer_kind="number"
)

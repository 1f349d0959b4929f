"""MATH-500: 500 competition problems of MATH (Lightman et al., arXiv 2305.20050)."""

from .base import ShortAnswerTask

MATH500 = ShortAnswerTask(
    "math500", ("HuggingFaceH4/MATH-500", None), question_field="problem", answer_kind="math"
)

"""GSM8K: word problems of grade school mathematics (Cobbe et al., arXiv 2110.14168)."""

from .base import ShortAnswerTask

GSM8K = ShortAnswerTask(
    "gsm8k", ("openai/gsm8k", "main"), answer_marker="####", answer_kind="number", saved_kind="math"
)

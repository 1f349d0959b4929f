"""Agreement by character n-grams."""

from collections.abc import Sequence

from .agreement import Agreement
from .similarity import group_alike


class NgramAgreement(Agreement):
    """Samples say the same when the cosine of their character 4-grams is at least 0.6.

    It makes no call. It tells wordings apart rather than meanings, so long answers agree less than
    short ones.
    """

    kind = "agreement"

    async def group(self, question: str, texts: Sequence[str]) -> list[int]:
        return group_alike(texts)

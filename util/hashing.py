"""Digests of plain data, and the fingerprint of a question."""

import hashlib
import json
from typing import Any


def digest(*parts: Any) -> str:
    """Return a short digest of plain data.

    >>> digest({"a": 1}) == digest({"a": 1})
    True
    """
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def question_fingerprint(question: str) -> str:
    """Return a digest of a question's text, ignoring spacing and case.

    >>> question_fingerprint("What is  1?") == question_fingerprint("what is 1?")
    True
    """
    return digest(" ".join(question.split()).casefold())

"""Compare answers that are JSON by their values."""

from functools import lru_cache

from ..json_text import NoJson, canonical_json, json_in_reply, read_json
from .base import NormalFormKind


class JsonKind(NormalFormKind):
    """A JSON value; white space, the order of keys, and 1.0 for 1 do not count.

    >>> JSON.equal_by_normal_form('{"a": 1, "b": []}', '{"b":[],"a":1.0}')
    True
    >>> JSON.parse('```json\\n{"a": 1}\\n```')
    '{"a": 1}'
    """

    name = "json"
    comparison = "as JSON values"

    def parse(self, text: str) -> str | None:
        """Return the JSON in a reply as the model wrote it; None when there is none."""
        try:
            found = json_in_reply(text)
            _ = canonical_json(read_json(found))
        except (NoJson, RecursionError):
            return None
        return found

    def normalize(self, answer: str) -> str:
        """Return the value in one form; a text that is no JSON stays as it is."""
        return _normal_form(answer)


@lru_cache(maxsize=1024)
def _normal_form(answer: str) -> str:
    try:
        return canonical_json(read_json(answer.strip()))
    except (NoJson, RecursionError):
        return answer.strip()


JSON = JsonKind()

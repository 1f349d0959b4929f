"""A grammar of llama.cpp for one text out of a list.

llama.cpp turns each text of a JSON schema's `enum` into an alternative of its own, and compares
every token of the vocabulary with each of them. Texts that begin alike share their beginning here,
so that few alternatives are left at each token (benchmarks/choices.py).
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from ...util.text import common_start

_MOST = 200  # texts; each may nest in the one before, and a parser's stack is limited


def choice_grammar(schema: object) -> str | None:
    """Return the grammar of a schema that allows some texts and nothing else.

    Args:
        schema: a JSON schema.

    Returns:
        A grammar in llama.cpp's GBNF, whose replies are those that the schema allows: JSON strings.
        None for any other schema, and for one with very many texts.

    >>> print(choice_grammar({"enum": ["go east", "go west", "look"]}))
    root ::= "\\"" ("go " ("east\\"" | "west\\"") | "look\\"")
    """
    if not isinstance(schema, dict) or schema.keys() - {"type", "enum"}:
        return None
    texts: Any = schema.get("enum")
    if schema.get("type", "string") != "string" or not isinstance(texts, list):
        return None
    if not 0 < len(texts) <= _MOST or not all(isinstance(text, str) for text in texts):
        return None
    quoted = {_quoted(text) for text in texts}
    return f"root ::= {_one_of(sorted(quoted))}"


def _one_of(texts: Sequence[str]) -> str:
    """Return an expression for sorted texts, none of which is the beginning of another."""
    alternatives = []
    for _, group in groupby(texts, key=lambda text: text[0]):
        alike = list(group)
        start = common_start(alike[0], alike[-1])  # sorted, so that all have it
        expression = _quoted(alike[0][:start])
        if len(alike) > 1:
            rest = _one_of([text[start:] for text in alike])
            expression += f" ({rest})"
        alternatives.append(expression)
    return " | ".join(alternatives)


def _quoted(text: str) -> str:
    """Return a text as a JSON string, and so as a literal: GBNF has the same escapes."""
    return json.dumps(text, ensure_ascii=False)

"""The grammar of a list of texts allows each of them as a JSON string, and nothing else."""

import json
import re

import pytest
from hypothesis import given, strategies as st

from cope.models.engines.choice_grammar import choice_grammar

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
TEXTS = st.lists(st.text('ab 1"\\\né', max_size=6), min_size=1, max_size=30)


def as_regex(grammar: str) -> str:
    """The same language as a regular expression: literals, groups and alternatives are all that a grammar has."""
    body = grammar.removeprefix("root ::= ")
    found, end = "", 0
    for literal in LITERAL.finditer(body):
        between = body[end : literal.start()]
        assert not between.strip(" ()|")
        found += between.replace(" ", "") + re.escape(re.sub(r"\\(.)", r"\1", literal.group(1)))
        end = literal.end()
    return found + body[end:].replace(" ", "")


@given(TEXTS, st.text('ab 1"\\\né', max_size=6))
def test_it_allows_the_texts_and_no_other(texts: list[str], other: str):
    allowed = re.compile(as_regex(str(choice_grammar({"type": "string", "enum": texts}))))
    for text in [*texts, other]:
        reply = json.dumps(text, ensure_ascii=False)
        assert bool(allowed.fullmatch(reply)) == (text in texts)
        assert not allowed.fullmatch(reply[:-1])


def test_no_two_alternatives_begin_alike():
    """Else each token would be compared with all texts."""
    grammar = choice_grammar({"enum": [f"go to shelf {number}" for number in range(40)]})
    assert str(grammar).count("go to shelf ") == 1


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"enum": []},
        {"type": "number", "enum": ["a"]},
        {"enum": ["a", 1]},
        {"enum": "ab"},
        {"enum": ["a"], "minLength": 2},
        {"type": "object", "properties": {"action": {"enum": ["a"]}}},
        {"enum": [str(number) for number in range(1000)]},
        True,
        None,
    ],
)
def test_other_schemas_have_none(schema: object):
    assert choice_grammar(schema) is None

"""What a program file says about its compile."""

from typing import Any

import pytest

from cope.programs.compile_metadata import setting_mismatches


@pytest.mark.parametrize(
    ("compiled", "asked", "words"),
    [
        ({}, {"adapter": "json", "max_tokens": 9, "context": 64}, None),
        ({"context": 2048}, {"context": 4096}, None),
        ({"context": 4096}, {"context": 2048}, "--context 4096, and here it is 2048:"),
        (
            {"shown": "1 of 3 tests shown"},
            {"shown": "all 3 tests shown"},
            "with 1 of 3 tests shown, and here all 3",
        ),
        ({"shown": "1 of 3 tests shown"}, {"shown": ""}, None),
    ],
)
def test_what_is_unknown_or_larger_is_no_difference(compiled: Any, asked: Any, words: str | None):
    said = setting_mismatches(compiled, asked)
    assert (said is None) if words is None else words in str(said)

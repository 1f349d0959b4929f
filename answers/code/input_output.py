"""Read examples that a docstring writes as its arguments and, after "output", the value."""

import re
from collections.abc import Iterator
from itertools import islice

from .calls import MAX_TRIES, parse_literal_call
from .written_values import written_value

_MAX_REGION = 1_000
"""Characters before "output" that are searched for the arguments."""

_OUTPUT = re.compile(
    r"\b(?:output|result|answer)(?:[ ](?:should|must|will|would)[ ]be|[ ]is)?[ ]?[:=]?\s{1,40}`?",
    re.IGNORECASE,
)
_INPUT = re.compile(r"\binputs?[ ]?[:=]\s{0,40}`?", re.IGNORECASE)


def input_output_examples(text: str, name: str, parameters: list[str]) -> Iterator[str]:
    r"""Yield a test for each example of a text that names the arguments and the output.

    The arguments have the names of the parameters ("Input: items = [1, 2], k = 1", "For n = 3 the
    output should be 9"), or all follow "Input:".

    Args:
        text: the value of a docstring, cleaned by `clean_text`.
        name: the function's name.
        parameters: the names of the parameters that a call has to give, in order.

    >>> list(input_output_examples("Input: n = 3\nOutput: 9", "square", ["n"]))
    ['assert square(3) == 9']
    """
    start = 0
    for m in islice(_OUTPUT.finditer(text), MAX_TRIES):
        value = written_value(text, m.end())
        if value is None or not parameters:
            continue
        region = text[max(start, m.start() - _MAX_REGION) : m.start()]
        start = value.end
        arguments = _named(region, parameters) or _after_input(region, name, len(parameters))
        if arguments:
            yield f"assert {name}({', '.join(arguments)}) == {value.source}"


def _named(region: str, parameters: list[str]) -> list[str]:
    """Return the last value of each parameter in a text; none if one is missing."""
    found: list[str] = []
    for parameter in parameters:
        source = ""
        for m in re.finditer(rf"(?<![\w.]){re.escape(parameter)}[ ]?[=:][ ]?", region):
            value = written_value(region, m.end(), last=False)
            source = value.source if value else ""
        if not source:
            return []
        found.append(source)
    return found


def _after_input(region: str, name: str, count: int) -> list[str]:
    """Return the values in the line after the last "Input:", if they are as many as wanted."""
    starts = [m.end() for m in _INPUT.finditer(region)]
    if not starts:
        return []
    line = region[starts[-1] :].split("\n", 1)[0].strip().rstrip("`,.;")
    call = parse_literal_call(f"{name}({line})")
    if call is None or call.keywords or len(call.args) != count:
        return []
    return [line]

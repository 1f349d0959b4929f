"""Keys of examples, under which their results are stored."""

import dspy

from ...util.hashing import digest

_SCORING_FIELDS = ("hidden", "hidden_setup")
"""What scores an answer beside the right answer, and is no input."""


def key_examples(examples: list[dspy.Example]) -> dict[str, dspy.Example]:
    """Return the examples by a digest of their content: all that decides the answer or its score.

    So a row whose tests were edited is a new question, while other columns may change. Equal rows
    get different keys, so that each of them counts.

    >>> rows = [dspy.Example(question="1 + 1", answer="2").with_inputs("question")]
    >>> list(key_examples(rows * 2))
    ['bb6630f057ace370', 'bb6630f057ace370-2']
    """
    by_key: dict[str, dspy.Example] = {}
    for example in examples:
        base = digest(example.question, example.answer, *_further_content(example))
        key, copy = base, 1
        while key in by_key:
            copy += 1
            key = f"{base}-{copy}"
        by_key[key] = example
    return by_key


def _further_content(example: dspy.Example) -> list[object]:
    names = {*example.inputs().keys(), *_SCORING_FIELDS} - {"question"}
    content = {name: example[name] for name in sorted(names) if name in example}
    return [content] if content else []

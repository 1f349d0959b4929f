"""Keys of examples, under which their results are stored."""

import dspy

from ...util.hashing import digest


def key_examples(examples: list[dspy.Example]) -> dict[str, dspy.Example]:
    """Return the examples by a digest of their content.

    Equal rows get different keys, so that each of them counts.
    """
    by_key: dict[str, dspy.Example] = {}
    for example in examples:
        base = digest(example.question, example.answer)
        key, copy = base, 1
        while key in by_key:
            copy += 1
            key = f"{base}-{copy}"
        by_key[key] = example
    return by_key

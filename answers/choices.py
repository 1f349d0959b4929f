"""The options of a question: read from a cell, shown under the question, found from the answer."""

import json
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

MAX_CHOICES = len(ascii_uppercase)
_SEPARATORS = "|;,"


def read_choices(cell: Any) -> list[str]:
    """Return the options in a cell.

    Args:
        cell: a list; an object with the options under `text`; or a text, which is a JSON list, or
            options separated by `|`, `;` or `,`.

    Raises:
        ValueError: with the reason, if the cell has fewer than two options, more than there are
            letters, or the same option twice.

    >>> read_choices("red|green"), read_choices({"text": ["red", "green"], "label": ["A", "B"]})
    (['red', 'green'], ['red', 'green'])
    """
    if isinstance(cell, dict):
        cell = cell.get("text")
    if isinstance(cell, str):
        cell = _split(cell)
    if not isinstance(cell, list | tuple):
        raise ValueError("its choices are no list")
    choices = [str(option).strip() for option in cell]
    if len(choices) < 2 or "" in choices:
        raise ValueError("it needs two choices or more, and none may be empty")
    if len(choices) > MAX_CHOICES:
        raise ValueError(f"it has {len(choices)} choices, and {MAX_CHOICES} is the most")
    if len({option.casefold() for option in choices}) < len(choices):
        raise ValueError("two of its choices are the same")
    return choices


def _split(text: str) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            pass
    for separator in _SEPARATORS:
        if separator in text:
            return text.split(separator)
    return [text]


def with_choices(question: str, choices: Sequence[str], letters: bool) -> str:
    """Return a question with its options below it.

    Args:
        question: the question.
        choices: the options in order.
        letters: whether the answer is a letter, else the text of an option.

    >>> print(with_choices("Which color?", ["red", "green"], letters=True))
    Which color?
    <BLANKLINE>
    A. red
    B. green
    <BLANKLINE>
    Answer with the letter of one option.
    """
    if letters:
        lines = [f"{ascii_uppercase[place]}. {option}" for place, option in enumerate(choices)]
        request = "Answer with the letter of one option."
    else:
        lines = [f"- {option}" for option in choices]
        request = "Answer with one of these options, as it is written here."
    return "\n".join([question, "", *lines, "", request])


def letter_of(answer: Any, choices: Sequence[str]) -> str:
    """Return the letter of a right answer.

    Args:
        answer: the text of an option, its letter, or, as a number that is not text, its place from
            0, as data sets of the hub have it.
        choices: the options.

    Raises:
        ValueError: if it is none of the options.

    >>> letter_of("green", ["red", "green"]), letter_of("b", ["red", "green"])
    ('B', 'B')
    """
    place = find_choice(str(answer), choices)
    if place is None and isinstance(answer, int) and 0 <= answer < len(choices):
        place = answer
    if place is None:
        raise ValueError(f"its answer {str(answer)[:40]!r} is none of its choices")
    return ascii_uppercase[place]


def find_choice(text: str, choices: Sequence[str]) -> int | None:
    """Return the place of the option that a text names by its words or its letter; else None."""
    wanted = text.strip().casefold()
    for place, option in enumerate(choices):
        if option.casefold() == wanted:
            return place
    letter = wanted.strip("().").upper()
    if len(letter) == 1 and letter in ascii_uppercase[: len(choices)]:
        return ascii_uppercase.index(letter)
    return None

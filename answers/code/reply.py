"""Read the program in a reply to a question: whole, or as the body of the question's own head."""

from ...util.arguments import check_argument
from .entry_point import guess_entry_point
from .extract import complete_function, extract_program as extract_from_text
from .partial_parse import parse_or_none
from .repairs import REPAIRS
from .statements import defined_names


def extract_program(reply: str, question: str, entry_point: str | None = None) -> str | None:
    r"""Return the program in a model's reply to a question. Nothing of it is run.

    Thoughts, channels of raw chat formats, fences, prose, interpreter prompts, examples of use,
    exits at top level and the reply's own tests are left out.

    Args:
        reply: what the model wrote.
        question: the question. If it is the head of a program, the reply may be only the body of
            its last function, and the program then contains the head's imports and helpers.
        entry_point: the name of the wanted function or class; found in the question when None.

    Returns:
        Source that parses, or None when the reply contains no program.

    Example:
        >>> print(extract_program("    return 2 * x", "def double(x):\n    '''Twice x.'''"))
        def double(x):
            '''Twice x.'''
            return 2 * x
        >>> extract_program("I do not know.", "Write a function double(x).") is None
        True
    """
    check_argument("extract_program(reply)", reply, str, "the text of a reply")
    check_argument("extract_program(question)", question, str, "the text of the question")
    name = entry_point or guess_entry_point(question)
    program = _read(reply, question, name)
    if _defines(program, name):
        return program
    for repair in REPAIRS:
        repaired = repair(reply)
        if repaired != reply:
            candidate = _read(repaired, question, name)
            if _defines(candidate, name):
                return candidate
    return program


def _read(reply: str, question: str, name: str | None) -> str | None:
    if name:
        completed = complete_function(question, reply, name)
        if completed:
            return completed
    return extract_from_text(reply, name)


def _defines(program: str | None, name: str | None) -> bool:
    tree = parse_or_none(program) if program else None
    return tree is not None and (name is None or name in defined_names(tree.body))

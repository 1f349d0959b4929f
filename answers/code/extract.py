"""Extract a Python program from a small model's reply. Nothing of it is run here.

Small models rarely keep a format. They fence the program or not, explain it, add examples of its
use, write it twice, or are cut off at the token limit. `extract_program` keeps the code that parses
and defines something. `complete_function` makes a whole program of a reply to a question that is
itself the head of one.
"""

import ast
import re
import textwrap
from itertools import chain

from .fences import Block, code_blocks, joined_fences, strip_wrappers
from .function_body import body_lines, code_size, first_indented, function_body
from .partial_parse import (
    Piece,
    dedent_lines,
    is_bare,
    parsable_pieces,
    parse_or_none,
)
from .statements import (
    FUNCTION_NODES,
    defined_names,
    is_definition,
    is_stub,
    names_read,
    program_statements,
    without_own_tests,
)

__all__ = ["complete_function", "extract_program"]


def extract_program(text: str, entry_point: str | None = None) -> str | None:
    r"""Extract the program in a reply.

    Fenced blocks are joined; a later definition of a name replaces an earlier one, unless it is cut
    off or empty. Of broken or unfinished code the longest part that parses is returned. Code that
    only exercises the program (prints, asserts, a main block, reading input) is left out.

    Args:
        text: What the model wrote. Only the first 100,000 characters after its thoughts are read.
        entry_point: The name that is wanted, where it is known. A block that defines it goes before
            others.

    Returns:
        Source that parses, or None when nothing does, or when it is only the body of a function.

    Example:
        >>> reply = "Sure!\n```python\ndef double(x):\n    return 2 * x\nprint(double(2))\n```"
        >>> print(extract_program(reply))
        def double(x):
            return 2 * x
        >>> extract_program("I am not sure.") is None
        True
    """
    reply = strip_wrappers(text)
    try:
        whole = parse_or_none(reply)
        if whole and any(
            is_definition(s) for s in whole.body
        ):  # marks of a fence in it are part of a docstring
            return _assemble([Block(reply.split("\n"), False)], entry_point)
        joined = joined_fences(reply)
        tree = parse_or_none("\n".join(dedent_lines(joined)))
        if tree and any(is_definition(s) for s in tree.body):  # a fence in a docstring
            return _assemble([Block(joined, True)], entry_point)
        return _assemble(code_blocks(reply), entry_point)
    except RecursionError:  # deep nesting that the parser took and a walk over its tree does not
        return None


def _assemble(parts: list[Block], entry_point: str | None) -> str | None:
    found = [list(parsable_pieces(block.lines)) for block in parts]
    written = [s for piece in chain(*found) for s in piece.body]
    if entry_point not in defined_names(written) and any(
        isinstance(s, ast.Return) for s in written
    ):
        return None  # the body of a function that has no head
    # A block's examples may call what another block defines, so the names of all blocks are needed.
    functions = defined_names(s for s in written if is_definition(s))
    kept: list[tuple[Piece, list[ast.stmt]]] = []
    for block in found:
        if functions and not any(
            _defines_something(s, functions) for piece in block for s in piece.body
        ):
            continue
        body = [s for piece in block for s in piece.body]
        wanted = set(map(id, program_statements(body, entry_point)))
        kept += [(piece, [s for s in piece.body if id(s) in wanted]) for piece in block]
    kept = _without_repeats(kept)
    program = without_own_tests([s for _, body in kept for s in body], entry_point)
    chosen = set(map(id, program))
    kept = [(piece, [s for s in body if id(s) in chosen]) for piece, body in kept]
    no_program = (ast.Import, ast.ImportFrom)
    if all(isinstance(s, no_program) or is_bare(s) for _, body in kept for s in body):
        return None
    source = "\n\n\n".join(filter(None, (_piece_source(piece, body) for piece, body in kept)))
    return source if parse_or_none(source) else None


def _defines_something(statement: ast.stmt, functions: set[str]) -> bool:
    """Return whether a block with this statement is more than an example of use."""
    if is_definition(statement) or isinstance(statement, (ast.Import, ast.ImportFrom)):
        return True
    return (
        isinstance(statement, (ast.Assign, ast.AnnAssign)) and not names_read(statement) & functions
    )


def _without_repeats(
    kept: list[tuple[Piece, list[ast.stmt]]],
) -> list[tuple[Piece, list[ast.stmt]]]:
    """Keep one definition of every name: the last complete one, or else the last."""
    best: dict[str, tuple[bool, ast.stmt]] = {}
    doubtful: set[int] = set()
    for piece, body in kept:
        for statement in body:
            if not is_definition(statement):
                continue
            cut = piece.cut and statement is piece.body[-1]
            if cut and is_stub(statement):
                doubtful.add(id(statement))  # nothing useful was written of it
                continue
            whole = not cut and not is_stub(statement)
            for name in defined_names([statement]):
                if name not in best or whole or not best[name][0]:
                    best[name] = (whole, statement)
    chosen = {id(statement) for _, statement in best.values()} - doubtful
    unique: list[tuple[Piece, list[ast.stmt]]] = []
    for piece, body in kept:
        unique.append((piece, [s for s in body if not is_definition(s) or id(s) in chosen]))
    return unique


def _piece_source(piece: Piece, body: list[ast.stmt]) -> str:
    """Return the lines of the piece without those of the dropped statements."""
    if not body:
        return ""
    keep = set(map(id, body))
    kept_lines: set[int] = set()
    dropped_lines: set[int] = set()
    for statement in piece.body:
        lines = kept_lines if id(statement) in keep else dropped_lines
        lines.update(_line_range(statement))
    if kept_lines & dropped_lines:  # two statements in a line, of which one is dropped
        return ast.unparse(ast.Module(body, []))
    source = "\n".join(line for n, line in enumerate(piece.lines, 1) if n not in dropped_lines)
    if dropped_lines:
        source = re.sub(r"\n{4,}", "\n\n\n", source)
    return source.strip("\n")


def _line_range(statement: ast.stmt) -> range:
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    return range(first, (statement.end_lineno or statement.lineno) + 1)


def complete_function(prompt: str, text: str, entry_point: str) -> str | None:
    """Return a whole program from a reply to a question that is itself the head of a program.

    Args:
        prompt: The head: imports, helper functions, the signature and its docstring.
        text: The reply: a program, or only the body of the function, indented or not.
        entry_point: The function that the prompt asks for.

    Returns:
        The prompt's imports and helpers that the reply does not define, and the reply's program; or
        the prompt with the body; None when neither can be read.

    Example:
        >>> head = "def double(x):\\n    '''Twice x.'''"
        >>> print(complete_function(head, "return 2 * x", "double"))
        def double(x):
            '''Twice x.'''
            return 2 * x
    """
    prompt = prompt.replace("\r\n", "\n").rstrip()
    head = parse_or_none(prompt) or parse_or_none(f"{prompt}\n    pass")
    program = extract_program(text, entry_point)
    if head is None:
        return program
    try:
        tree = parse_or_none(program) if program else None
        names = defined_names(tree.body) if tree else set()
        if program and entry_point in names:
            return _with_helpers(prompt, head, names, program)
        return _from_body(prompt, head, text, entry_point) or program
    except RecursionError:
        return None


def _with_helpers(prompt: str, head: ast.Module, names: set[str], program: str) -> str:
    lines = prompt.split("\n")
    needed = [
        s
        for s in head.body
        if not isinstance(s, ast.Expr) and not (defined_names([s]) and defined_names([s]) <= names)
    ]
    before = ["\n".join(lines[n - 1] for n in _line_range(s)) for s in needed]
    joined = "\n".join([*before, "", program]) if before else program
    return joined if parse_or_none(joined) else program


def _from_body(prompt: str, head: ast.Module, text: str, entry_point: str) -> str | None:
    """Return the prompt with the function body in a reply, and the helper functions after it."""
    function = next(
        (s for s in reversed(head.body) if isinstance(s, FUNCTION_NODES) and s.name == entry_point),
        None,
    )
    if function is None:
        return None
    lines, tail = body_lines(text)
    as_written, indented = function_body(lines), function_body(first_indented(lines))
    body = as_written if code_size(as_written) >= code_size(indented) else indented
    if not body:
        return None
    indent = "    "
    if function.body[0].lineno > function.lineno:
        indent = " " * function.body[0].col_offset
    program = f"{prompt}\n{textwrap.indent(body, indent)}"
    more = extract_program("\n".join(tail)) if tail else None
    if more:
        program = f"{program}\n\n\n{more}"
    return program if parse_or_none(program) else None

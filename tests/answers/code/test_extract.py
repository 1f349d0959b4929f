"""Programs read out of what small models write: whole, in pieces, broken, or cut off."""

import ast
import textwrap
import time
import warnings

import pytest
from support.sweeps import sweep

from cope.answers.code.extract import complete_function, extract_program

F = "def f(x):\n    return x + 1"
G = "def g(x):\n    return 2 * x"
HEAD = '''import math
from typing import List


def helper(x):
    return math.floor(x)


def f(x: float) -> int:
    """Round down, then add one.
    >>> f(1.5)
    2
    """
'''


def same(left: str | None, right: str) -> bool:
    """Whether two sources are the same program, whatever their spaces."""
    return left is not None and ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))


@pytest.mark.parametrize(
    "reply",
    [
        F,
        f"```python\n{F}\n```",
        f"```py\n{F}\n```\nThis adds one; it's simple.",
        f"```\n{F}\n```",
        f"~~~python\n{F}\n~~~",
        f"````python\n{F}\n````",
        f"Here is the function:\n\n```python\n{F}\n```\nIt's done.",
        f"1. The program:\n   ```python\n{textwrap.indent(F, '   ')}\n   ```",
        f"Sure:\n```python\n{F}",
        f"Sure:\n```python\n{F}```\nThat's it.",
        f"Here is what you wanted:\n\n{F}\n\nThis function's job is to add one.",
        f"```python {F}\n```",
        f"The code:\n\n{textwrap.indent(F, '    ')}\n\nDone.",
        " def f(x):\n     return x + 1",
        ">>> def f(x):\n...     return x + 1\n...\n>>> f(1)\n2",
        f"[PYTHON]\n{F}\n[/PYTHON]\n[TESTS]\nassert f(1) == 2\n[/TESTS]",
        f"<code>{F}</code>",
        f"<pre><code class='python'>\n{F}\n</code></pre>",
        f"Program: {F}",
        f"**Program:**\n```python\n{F}\n```",
        f"{F}<|im_end|>\n<|im_start|>user\ndef h(): pass",
        f"<think>def h(): pass\nHmm.</think>\n{F}",
        F.replace("\n", "\r\n"),
        F.replace("    ", "\t"),
        f"\ufeff{F}\x00",
        f"[[ ## program ## ]]\n{F}\n\n[[ ## completed ## ]]",
        '{"program": "def f(x):\\n    return x + 1\\n"}',
        '{"program": "def f(x):\\n    return x + 1',
        "def f(x):\\n    return x + 1",
        f"```bash\npip install numpy\n```\n```python\n{F}\n```\n```text\nx = 3\n```",
        f"```python\n{F}\n```\nExample:\n```python\nresult = f(3)\nprint(result)\n```\nOutput:\n```\n4\n```",
        f"```python\n{F}\n\nprint(f(1))\nassert f(1) == 2\nfor i in range(3):\n    print(f(i))\n```",
        f"{F}\n\nif __name__ == '__main__':\n    n = int(input())\n    print(f(n))",
        f"n = int(input())\n{F}\nprint(f(n))",
        f"{F}\nresult = f(3)\nprint(result)",
        f"{F}\n\n{F}\n\ndef f(x):\n    return (x +",
        f"```python\n{F}\n```\nA template:\n```python\ndef f(x):\n    pass\n```",
        f"def f(x):\n    return 0\n\nBetter, since it's right:\n\n{F}",
        f"def broken(x)\n    return x\n\n{F}",
    ],
)
def test_a_program_is_read_whatever_is_around_it(reply: str):
    assert same(extract_program(reply), F)


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        (f"```python\n{G}\n```\nand\n```python\n{F}\n```", f"{G}\n{F}"),
        (f"```python\nimport math\n```\n```python\n{F}\n```", f"import math\n{F}"),
        (
            f"```python\n{F}\n{G}\n```\nbetter:\n```python\ndef f(x):\n    return 3\n```",
            f"{G}\ndef f(x):\n    return 3",
        ),
        (f"```python\n{F}\n```python\n{G}\n```", f"{F}\n{G}"),
        (f"First it's f:\n{F}\nthen it's g:\n{G}\nDone.", f"{F}\n{G}"),
        (f"```python\n{F}\n```\n```python\nM = 7\n```", f"{F}\nM = 7"),
        ("f = lambda x: x + 1", "f = lambda x: x + 1"),
        (
            "import math; print(1)\ndef f(x): return math.pi",
            "import math\ndef f(x): return math.pi",
        ),
        ('def f(x):\n    """Doc.\n    ```\n    f(1)\n    ```\n    """\n    return x',) * 2,
        ('def f(x):\n    answer: int = x\n    tag = "<code>"\n    return answer',) * 2,
        ("import sys\nsys.setrecursionlimit(9999)\nM = 10 ** 9 + 7\ndef f(x):\n    return x % M",)
        * 2,
        ("t = [0] * 9\nfor i in range(9):\n    t[i] = i\ndef f(x):\n    return t[x]",) * 2,
        (
            "try:\n    import numpy as np\nexcept ImportError:\n    np = None\ndef f(x):\n    return np",
        )
        * 2,
        (
            "from functools import cache\n@cache\ndef f(x):\n    return x\nf(3)",
            "from functools import cache\n@cache\ndef f(x):\n    return x",
        ),
        (
            "def f(x):\n\tif x:\n\t\treturn 1\n        return 2",
            "def f(x):\n    if x:\n        return 1\n    return 2",
        ),
        (
            "def f(x):\n\tfor i in x:\n        return i",
            "def f(x):\n    for i in x:\n        return i",
        ),
    ],
)
def test_what_defines_something_is_kept_and_a_later_definition_wins(reply: str, program: str):
    assert same(
        extract_program(f"```python\n{reply}\n```" if "```" not in reply else reply), program
    )


@pytest.mark.parametrize(
    ("reply", "program"),
    [
        (f"{F}\n\ndef g(x):\n    '''Doc.'''\n    if x >", F),
        (f"{F}\n\ndef g(x", F),
        (f"{F}\n\n@cache\n", F),
        (f"{F}\n\nTABLE = [1, 2,\n    3, 4", F),
        (
            f"{F}\n\ndef g(x):\n    y = 2\n    for i in y:\n        if i >",
            f"{F}\ndef g(x):\n    y = 2",
        ),
        (
            "def f(x):\n    y = x\n    try:\n        a = 1\n        b = 2\n        c = (3",
            "def f(x):\n    y = x",
        ),
        ("def f(x):\n    y = '''never\n    ended\n    at all", None),
        ("def f(x):\n    y = 1\n    return '''never\n    ended", "def f(x):\n    y = 1"),
        (
            "def f(x):\n    if x:\n        return 1\n    else:",
            "def f(x):\n    if x:\n        return 1",
        ),
        ("def f(x):\n    '''Doc.'''\n    if x >", None),
        (
            "class A:\n    def f(self):\n        return 1\n    def g(self",
            "class A:\n    def f(self):\n        return 1",
        ),
    ],
)
def test_of_a_reply_that_is_cut_off_the_useful_part_is_kept(reply: str, program: str | None):
    for text in (reply, f"```python\n{reply}"):
        read = extract_program(text)
        assert read is None if program is None else same(read, program)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Sure",
        "I am not sure: it's hard.",
        "42",
        "    return x + 1",
        "for i in x:\n    pass\nreturn 3",
        "```\n```",
        "import math",
        "```bash\nls\n```",
        "print(1)",
    ],
)
def test_no_program_is_none(reply: str):
    assert extract_program(reply) is None
    assert extract_program(reply, "f") is None


def test_the_entry_point_distinguishes_an_example_from_a_program():
    reply = f"{F}\ny = f(3)\nf2 = f(4)"
    assert same(extract_program(reply, "f"), F)
    assert same(extract_program(reply, "f2"), f"{F}\nf2 = f(4)")
    assert same(extract_program(G, "f"), G)  # another name: the tests will say so


def test_comments_and_spaces_of_the_program_stay():
    program = "# Adds one.\ndef f(x):\n    # why\n    return x + 1  # so"
    assert extract_program(f"```python\n{program}\n\nprint(f(1))\n```") == program


HOSTILE = {
    "brackets": "(" * 100_000,
    "braces": "{" * 100_000,
    "minus": "-" * 90_000 + "1",
    "nots": "not " * 25_000 + "1",
    "deep blocks": "\n".join(" " * i + "if 1:" for i in range(300)),
    "attributes": "x" + ".a" * 49_000,
    "sums": "x = 1" + "+1" * 49_000,
    "prose": "it's \"a def x (\n" * 6_000,
    "unclosed defs": "def f(x:\n" * 11_000,
    "fences": "```\n" * 25_000,
    "tries": "try:\n x\n" * 12_000,
    "tags": "<code " * 16_000,
    "marks": "[[ ## " * 16_000,
    "strings": "{" + '"program": "' + "\\\\" * 40_000,
    "spaces": " " * 100_000,
    "blank lines": ("\n" + " " * 40) * 2_400 + "x",
    "surrogates": "\ud800" * 1_000 + "\ndef (",
}


@sweep("name", HOSTILE, every=4)
def test_a_hostile_reply_neither_raises_nor_takes_long(name: str):
    start = time.process_time()
    assert extract_program(HOSTILE[name]) is None
    assert complete_function(HEAD, HOSTILE[name], "f") is None
    assert time.process_time() - start < 5


def test_a_long_reply_is_read_from_its_start():
    assert same(extract_program(f"{F}\n\n" + "# more\n" * 100_000), F)
    many = (
        "\n".join(f"def f{n}(x):\n    return {n}" for n in range(600)) + "\ndef g(x):\n    return ("
    )
    assert same(extract_program(many), many.rpartition("\ndef g")[0])


def test_warnings_of_the_parser_are_not_passed_on():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            extract_program("def f(x):\n    return '\\d' is x")
            == "def f(x):\n    return '\\d' is x"
        )


BODY = "    y = helper(x)\n    for i in range(1):\n        y += 1\n    return y\n"


@pytest.mark.parametrize(
    "reply",
    [
        BODY,
        textwrap.dedent(BODY),
        BODY.strip(),
        BODY.replace("    ", "\t"),
        f"```python\n{BODY}```",
        f"```python\n{textwrap.dedent(BODY)}\n```\nIt's done.",
        f"{BODY}\n\nprint(f(1))\nThis isn't code.",
        f"{BODY}<|im_end|>",
        f"The body is:\n\n{BODY}",
        HEAD + BODY,
        f"```python\n{HEAD}{BODY}```",
    ],
)
def test_a_body_or_a_whole_program_completes_the_head(reply: str):
    assert same(complete_function(HEAD, reply, "f"), HEAD + BODY)


def test_the_heads_helpers_stand_before_a_program_that_does_not_repeat_them():
    program = complete_function(HEAD, "```python\ndef f(x):\n    return helper(x) + 1\n```", "f")
    assert same(program, HEAD.partition("def f")[0] + "def f(x):\n    return helper(x) + 1")
    own = complete_function(
        HEAD, "def helper(x):\n    return int(x)\n\ndef f(x):\n    return helper(x) + 1", "f"
    )
    assert own is not None
    assert own.count("def helper") == 1 and "int(x)" in own and "import math" in own


def test_helpers_that_follow_a_body_are_kept():
    reply = "    return other(x) + 1\n\n\ndef other(x):\n    return int(x)\n\nprint(f(1))"
    program = complete_function(HEAD, reply, "f")
    assert same(program, HEAD + reply.partition("\n\nprint")[0])


def test_a_body_cut_off_keeps_what_parses():
    assert same(
        complete_function(HEAD, "    y = 1\n    if y:\n        return 1\n    return (y +", "f"),
        HEAD + "    y = 1\n    if y:\n        return 1",
    )


@pytest.mark.parametrize("reply", ["", "I don't know.", "Sure", "```\n```", "import math"])
def test_a_reply_without_a_body_completes_nothing(reply: str):
    assert complete_function(HEAD, reply, "f") is None


def test_a_head_without_docstring_is_completed():
    assert same(complete_function("def f(x):", "return x + 1", "f"), F)
    assert same(complete_function("No head at all", F, "f"), F)

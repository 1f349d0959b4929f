"""The one task of a user's own Python file, found by its type, and one line for every file that has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cope.cli.errors import error_message
from cope.errors import CopeError
from cope.eval.tasks.task_file import TaskFile, load_task_file

IMPORTS = """\
from dataclasses import dataclass, replace

from cope.eval import Score, ShortAnswerTask, Task
from cope.eval.tasks.gsm8k import GSM8K
"""
CLASS = """
@dataclass(frozen=True)
class Riddles:
    name: str = "riddles"
    domain: str = "short-answer"
    test_visibility: str = ""

    def load(self, split, limit=None, data=None):
        return [dspy.Example(id="1", question="2 + 2?", answer="4").with_inputs("question")]

    async def score(self, example, answer):
        return Score(float(answer == example.answer), "")
"""


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Take back what a file adds to the path of modules."""
    monkeypatch.syspath_prepend(tmp_path)
    return


def load(folder: Path, text: str) -> TaskFile:
    file = folder / "mine.py"
    file.write_text(text)
    return load_task_file(file)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (IMPORTS + CLASS, "riddles"),
        ("from __future__ import annotations\n" + IMPORTS + CLASS, "riddles"),
        (IMPORTS + CLASS + "TASK = Riddles('own')", "own"),
        (IMPORTS + CLASS + "TASK = Riddles('own')\nSAME = TASK", "own"),
        (IMPORTS + CLASS + "_OTHER = Riddles('other')\nTASK = Riddles('own')", "own"),
        (IMPORTS + CLASS + "class Hard(Riddles):\n    name = 'hard'\n", "riddles"),
        (IMPORTS + CLASS.replace("Riddles:", "Riddles(Task):"), "riddles"),
        (IMPORTS + "TASK = ShortAnswerTask('quiz')", "quiz"),
        (IMPORTS + "TASK = replace(GSM8K, name='bbh:own')", "bbh:own"),
        (
            "import helper_of_mine\n" + IMPORTS + "T = ShortAnswerTask(helper_of_mine.NAME)",
            "helped",
        ),
    ],
)
def test_the_task_is_found_by_its_type(tmp_path: Path, text: str, name: str):
    (tmp_path / "helper_of_mine.py").write_text("NAME = 'helped'")
    file = load(tmp_path, text)
    assert file.task.name == name == file.task_named(None).name == file.task_named(name).name
    with pytest.raises(CopeError, match=r"defines the task .*, not 'gsm8k': leave out the name"):
        file.task_named("gsm8k")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.py defines no task: give it one object or class with name, domain"),
        (IMPORTS, "defines no task"),
        (IMPORTS + CLASS + "A = Riddles('a')\nB = Riddles('b')", "several tasks (A, B): keep one"),
        (IMPORTS + CLASS + CLASS.replace("Riddles", "More"), "several tasks (Riddles, More)"),
        (IMPORTS + CLASS.replace("    domain", "    _domain"), "no Task: it has no domain"),
        (IMPORTS + CLASS.replace('str = "riddles"', "str"), "mine.py: TypeError: Riddles.__init__"),
        (IMPORTS + CLASS.replace("short-answer", "riddles"), "kind of questions"),
        (IMPORTS + CLASS.replace('"riddles"', '"../up"'), "its name is '../up': give it letters"),
        (IMPORTS + CLASS.replace('"riddles"', "'a\\n'"), "its name is"),
        (IMPORTS + CLASS.replace('str = "riddles"', "int = 1"), "its name is 1"),
        (IMPORTS + CLASS.replace("async def", "def"), "line 15: score is awaited: write async def"),
        ("x = 1\nx = (", "mine.py line 2: SyntaxError: '(' was never closed: correct the file"),
        ("x = 1\n\nraise ValueError('a\\nb')", "mine.py line 3: ValueError: a: correct the file"),
        ("import no_such_module_x", "mine.py line 1: ModuleNotFoundError: No module named"),
        ("def f():\n    {}['a']\nf()", "mine.py line 2: KeyError: 'a': correct the file"),
        ("raise SystemExit", "mine.py line 1: SystemExit: correct the file"),
        ("a = '\0'", "mine.py: SyntaxError"),
        ("x = 'caf\udce9'", "SyntaxError"),
        (IMPORTS + "T = ShortAnswerTask('a', wrong=1)", "mine.py line 5: TypeError"),
    ],
)
def test_a_file_without_one_usable_task_is_one_line(tmp_path: Path, text: str, message: str):
    file = tmp_path / "mine.py"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CopeError) as raised:
        load_task_file(file)
    assert message in str(raised.value).replace(f"{tmp_path}/", "")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("name", "why"), [("none.py", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str, why: str):
    with pytest.raises(CopeError, match=why):
        load_task_file(tmp_path / name)


def test_what_a_file_prints_is_no_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    load(tmp_path, "print('hello')\n" + IMPORTS + CLASS)
    assert capsys.readouterr() == ("", "hello\n")


def test_the_digest_is_that_of_the_content(tmp_path: Path):
    first, second = load(tmp_path, IMPORTS + CLASS), load(tmp_path, IMPORTS + CLASS)
    assert first.digest == second.digest != load(tmp_path, IMPORTS + CLASS + "# more").digest


def test_an_error_of_the_users_code_names_its_line(tmp_path: Path):
    text = IMPORTS + CLASS.replace("return [dspy", "1 / 0\n        return [dspy")
    task = load(tmp_path, text).task
    with pytest.raises(ZeroDivisionError) as raised:
        task.load("test")
    assert error_message(raised.value).endswith(
        "mine.py line 13: ZeroDivisionError: division by zero: correct the file"
    )

"""A program's tests and their outcomes."""

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "fail", "error"]


@dataclass(frozen=True)
class TestSuite:
    """Tests for a program.

    Attributes:
        tests: Python sources. Statements, most often one `assert`, pass when they raise nothing. A
            single expression passes when it has a value, which is reported.
        setup: trusted source that runs before the tests, such as helpers that they use.
        entry_point: a name that is always the program's, even if the setup or Python itself has the
            same name.

    A name is the program's if neither the tests nor the setup define it and if it is not a builtin
    or a module of the standard library. It is called in the program's process, which returns plain
    data or a reference to an object of the program.

    >>> TestSuite(("assert double(2) == 4",)).tests
    ('assert double(2) == 4',)
    """

    tests: tuple[str, ...]
    setup: str = ""
    entry_point: str | None = None


@dataclass(frozen=True)
class TestOutcome:
    """One test's outcome.

    Attributes:
        test: the test's source.
        passed: whether the test passed.
        message: the reason for a failure, one line; empty when the test passed.
        value: the `repr` of a single expression's value; None for statements, failures, and values
            that differ only by their address in memory.
        is_error: whether the test could not be judged: it is not valid Python, passes an argument
            that cannot be sent to the program, or its setup fails. Then it has not passed.
    """

    test: str
    passed: bool
    message: str = ""
    value: str | None = None
    is_error: bool = False


@dataclass(frozen=True)
class TestReport:
    """The outcomes of a program's run.

    Attributes:
        outcomes: one for each test, in order.
        seconds: the wall time of the run, without the wait for a free worker.
    """

    outcomes: tuple[TestOutcome, ...] = field(default_factory=tuple)
    seconds: float = 0.0

    @property
    def passed(self) -> int:
        """Return the number of tests that passed."""
        return sum(outcome.passed for outcome in self.outcomes)

    @property
    def errors(self) -> int:
        """Return the number of tests that could not be judged."""
        return sum(outcome.is_error for outcome in self.outcomes)

    @property
    def verdict(self) -> Verdict:
        """Return "pass", "fail" when a test was judged and failed, or else "error"."""
        if self.all_passed:
            return "pass"
        wrong = len(self.outcomes) - self.passed - self.errors
        return "fail" if wrong else "error"

    @property
    def all_passed(self) -> bool:
        """Return whether there are tests and all passed."""
        return bool(self.outcomes) and self.passed == len(self.outcomes)

    @property
    def message(self) -> str:
        """Return the message of the first failed test; empty when none failed."""
        return next((outcome.message for outcome in self.outcomes if not outcome.passed), "")

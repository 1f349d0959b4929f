"""Define a program's tests and their outcomes."""

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "fail", "error"]


@dataclass(frozen=True)
class TestSuite:
    """Tests for a program.

    Attributes:
        tests: each is Python source: statements, most often one `assert`, which pass when they
            raise nothing; or a lone expression, which passes when it has a value, and reports it.
        setup: trusted source that runs before the tests, such as helpers that they use.
        entry_point: a name that is always the program's, whatever the setup or Python itself calls
            so.

    A name that neither the tests nor the setup define, and that is no builtin and no module of the
    standard library, is the program's: it is called there, and what comes back is plain data or a
    reference to something over there.

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
        test: its source.
        passed: whether it passed.
        message: why it failed, in a line; empty when it passed.
        value: what a lone expression gave, as `repr` writes it; None for statements, failures, and
            values that only an address in memory tells apart.
        is_error: whether the test could not be judged: it is not valid Python, hands over what
            cannot be handed to the program, or its setup fails. Then it has not passed.
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
        seconds: wall time of the run, without the wait for a free place.
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
        """Return whether there are tests and all passed. An untested program has shown nothing."""
        return bool(self.outcomes) and self.passed == len(self.outcomes)

    @property
    def message(self) -> str:
        """Return why the first failed test failed, in one line; empty when none failed."""
        return next((outcome.message for outcome in self.outcomes if not outcome.passed), "")

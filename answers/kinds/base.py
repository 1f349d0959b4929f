"""Define the interface of answer kinds: parse an answer from a reply, and compare two answers."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol


class AnswerKind(Protocol):
    """A kind of answers, named by a task. It groups equal samples in a vote and scores answers.

    To add a kind, write an object with these members, or a subclass of `NormalFormKind`, which
    needs only `name`, `parse` and `normalize`. Register it by one line in the `pyproject.toml` of
    your package, and name it in a task's `answer_kind`:

        [project.entry-points."cope.answer_kinds"]
        color = "my_package.color:COLOR"

    Three members are optional: `comparison`, how tables say that answers are compared, such as "as
    numbers"; `accepts(gold, answer)`, for a right answer that accepts answers which are not equal
    to it; and `parse_for(text, question)`, the answer in a text in which `parse` finds none, for
    kinds that need the question to find it.

    In a script, `ANSWER_KINDS.register("color", COLOR)` does the same for this process.
    """

    @property
    def name(self) -> str:
        """Return the name under which tasks, program files and records refer to the kind."""
        ...

    def parse(self, text: str) -> str | None:
        """Return the answer in an answer field or a whole reply; None when there is none."""
        ...

    def equal_by_normal_form(self, a: str, b: str) -> bool | None:
        """Compare two answers by their spelling; None when only `equal_async` can decide."""
        ...

    async def equal_async(self, a: str, b: str) -> bool:
        """Compare two answers without blocking the event loop. This may take seconds."""
        ...

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the groups of equal answers in order of first appearance; None stays None."""
        ...


class NormalFormKind(ABC):
    """Base class for kinds whose answers are the same exactly when their normal forms are.

    A kind of another package is a subclass with `name`, `parse` and `normalize`, and one line in
    its `pyproject.toml`:

        [project.entry-points."cope.answer_kinds"]
        color = "my_package.color:COLOR"
    """

    name: str
    comparison: str = ""
    """How answers are compared, for tables, such as "as numbers"; empty for "as" and the name."""

    @abstractmethod
    def parse(self, text: str) -> str | None:
        """Return the answer in an answer field or a whole reply; None when there is none."""

    @abstractmethod
    def normalize(self, answer: str) -> str:
        """Return the normal form of an answer."""

    def equal_by_normal_form(self, a: str, b: str) -> bool | None:
        """Return whether two answers have the same normal form."""
        return self.normalize(a) == self.normalize(b)

    async def equal_async(self, a: str, b: str) -> bool:
        """Return whether two answers have the same normal form."""
        return self.normalize(a) == self.normalize(b)

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the normal forms in order of first appearance; None stays None."""
        numbers: dict[str, int] = {}
        groups: list[int | None] = []
        for answer in answers:
            if answer is None:
                groups.append(None)
            else:
                groups.append(numbers.setdefault(self.normalize(answer), len(numbers)))
        return groups

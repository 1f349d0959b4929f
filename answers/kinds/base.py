"""The seam for kinds of answers: how an answer is read from a reply, and when two answers are the same."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol


class AnswerKind(Protocol):
    """A kind of answers. A task names the kind of its answers; samples vote and answers are scored by it."""

    @property
    def name(self) -> str:
        """By which tasks, program files and records know it."""
        ...

    def parse(self, text: str) -> str | None:
        """Return the answer in what a model wrote, an answer field or a whole reply; None when there is none."""
        ...

    def equal_by_normal_form(self, a: str, b: str) -> bool | None:
        """Compare two answers at once, by how they are written; None when only `equal_async` can tell."""
        ...

    async def equal_async(self, a: str, b: str) -> bool:
        """Compare two answers; this may take seconds, and does not block the event loop."""
        ...

    async def group_async(self, answers: Sequence[str | None]) -> list[int | None]:
        """Number the groups of equal answers in order of first appearance; None is no answer and stays None."""
        ...


class NormalFormKind(ABC):
    """Base class for kinds whose answers are the same exactly when their normal forms are.

    A kind of another package is a subclass with `name`, `parse` and `normalize`, and one line in its `pyproject.toml`:

        [project.entry-points."cope.answer_kinds"]
        color = "my_package.color:COLOR"
    """

    name: str

    @abstractmethod
    def parse(self, text: str) -> str | None:
        """Return the answer in what a model wrote; None when there is none."""

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

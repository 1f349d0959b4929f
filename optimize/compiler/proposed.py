"""What became of the proposals that an optimizer asked for."""

from ...errors import first_line


class Proposed:
    """The requests to the proposer.

    Attributes:
        ended: those that ended, with a reply or without.
        failed: those without.
        unused: replies that were no instruction, such as a program or a remark, and were left out.
        why: the model of the last one that failed, and what it failed on, in a line.
    """

    def __init__(self) -> None:
        self.ended = self.failed = self.unused = 0
        self.why = ("", "")

    def fails(self, model: str, error: Exception) -> None:
        """A request failed; optimizers go on without its reply."""
        self.failed += 1
        self.why = model, first_line(error)

    @property
    def all_failed(self) -> bool:
        """Whether something was asked for, and nothing came."""
        return 0 < self.failed == self.ended

    @property
    def words(self) -> str | None:
        """What was lost, in a line; None when nothing was.

        >>> proposed = Proposed()
        >>> proposed.ended, proposed.unused = 5, 2
        >>> proposed.words
        '2 proposals were no instruction and left out: a stronger --reflection-lm may do better'
        """
        said = []
        if self.failed:
            said.append(
                f"{self.failed} of {self.ended} requests to the proposer failed: {self.why[1]}"
            )
        if self.unused:
            said.append(
                f"{self.unused} proposals were no instruction and left out: a stronger --reflection-lm may do better"
            )
        return "; ".join(said) or None

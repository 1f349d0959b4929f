"""Calls that several evaluations of one comparison would make are made once, and count in full for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...models import Ledger
from ...util.files import read_jsonl
from .store import RunStore

_FROM = "shared"


class SharedLedger(Ledger):
    """The ledger of one evaluation, which also answers with the calls in the others' ledgers.

    What it takes from another it keeps as its own, marked: every evaluation's folder then holds all calls that its outcome
    rests on, and is read and resumed like any other.

    Args:
        path: the file, as of a `Ledger`.
        others: the ledgers of the other evaluations, looked in when a call is asked for.
    """

    def __init__(self, path: Path, others: Sequence[Ledger]) -> None:
        super().__init__(path)
        self._others = others

    def get(self, key: str) -> dict[str, Any] | None:
        if found := super().get(key):
            return found
        for other in self._others:
            # Not `get`: two ledgers that lack a call would ask each other without end.
            if found := Ledger.get(other, key):
                self.put(key, {"call": found["call"], "outputs": found["outputs"], _FROM: True})
                return found
        return None


def shared_by(folders: Sequence[RunStore]) -> None:
    """Let the opened folders of some evaluations answer from each other's calls."""
    ledgers: list[Ledger] = []
    for folder in folders:
        folder.ledger.close()
        folder.ledger = SharedLedger(folder.path / "calls.jsonl", ledgers)
        ledgers.append(folder.ledger)


@dataclass
class SharingStats:
    """How many calls were made, in all runs of a comparison, and how many evaluations took from another.

    Attributes:
        made: calls that a model answered.
        shared: calls that an evaluation would have made alone, and took from another instead.
        stopped: calls that were stopped early; they are among `made`.
    """

    made: int = 0
    shared: int = 0
    stopped: int = 0
    by_system: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, name: str, folder: Path) -> None:
        """Add the calls of an evaluation's folder."""
        entries = list(read_jsonl(folder / "calls.jsonl"))
        shared = sum(bool(entry.get(_FROM)) for entry in entries)
        stopped = sum(bool(entry["call"].get("cancelled")) for entry in entries)
        self.by_system[name] = {"made": len(entries) - shared, "shared": shared, "stopped": stopped}
        self.made += len(entries) - shared
        self.shared += shared
        self.stopped += stopped

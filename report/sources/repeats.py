"""Read the other seeds of a run or of a comparison, which are in folders of their own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...eval.comparison.store import ComparisonStore
from ...eval.run.repeats import Repeats, combine_repeats
from ...eval.run.store import QuestionResult, RunStore, StoredRun, has_results
from ...util.validate import check_type


def run_repeats(run: StoredRun, groups: Mapping[str, str] | None = None) -> Repeats | None:
    """Return what the runs of all seeds say together; None for one seed.

    Raises:
        CopeError: if the names of the folders are damaged.
    """
    saved = run.metadata.get("repeats") or []
    try:
        check_type(list[str], saved)
    except ValueError as error:
        raise CopeError(f"{run.path} has damaged repeats ({error}): run cope eval again") from None
    return _combine([run.path.parent / Path(name).name for name in saved], groups)


def comparison_repeats(
    path: Path, document: Mapping[str, Any], groups: Mapping[str, str] | None
) -> dict[str, Repeats]:
    """Return what the comparisons of all seeds say together, by system.

    Args:
        path: the folder of the first comparison.
        document: its document.
        groups: the group of a question by its key; None without groups.
    """
    folders: dict[str, list[Path]] = {}
    for name in (document.get("repeats") or {}).get("folders", ()):
        comparison = path.parent / Path(name).name
        listed = ComparisonStore(comparison).read_document().get("folders") or {}
        for system, folder in listed.items():
            folders.setdefault(system, []).append(comparison / Path(folder).name)
    found: dict[str, Repeats] = {}
    for system, runs in folders.items():
        combined = _combine(runs, groups)
        if combined:
            found[system] = combined
    return found


def _combine(folders: Sequence[Path], groups: Mapping[str, str] | None) -> Repeats | None:
    """Combine the runs in some folders by their seeds; None for fewer than two."""
    by_seed: dict[int, list[QuestionResult]] = {}
    for folder in folders:
        if has_results(folder):
            run = RunStore.read(folder)
            by_seed[run.settings.get("seed", 0)] = list(run.results.values())
    return combine_repeats(by_seed, groups) if len(by_seed) > 1 else None

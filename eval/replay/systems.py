"""Replay systems that are no cascades on a recording."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...models.prices import Price
from ...programs.systems.agreement_cascade import AgreementCascade
from ...programs.systems.registry import SYSTEMS, is_system_file, only_cascades_error
from ...programs.systems.settings import is_settings_file, read_settings_file
from ...programs.systems.trained_file import load_trained
from ...programs.systems.trained_kind import TrainedKind, untrained_error
from ..recording.recording import Recording
from .agreement import replay_agreement
from .records import ReplayedResults
from .trained import replay_trained


class ReplayedSystem(NamedTuple):
    """A system, its results, and the metadata of its training; empty without one."""

    name: str
    replayed: ReplayedResults
    metadata: Mapping[str, Any]


def replay_system(
    recording: Recording,
    source: str,
    prices: Mapping[str, Price] | None = None,
    limit: int | None = None,
) -> ReplayedSystem:
    """Return the results of a system on the questions of a recording.

    Args:
        recording: the recording.
        source: the file of a trained system, `abc`, or a file with its settings.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.

    Raises:
        CopeError: for a system that needs models, or calls that the recording lacks.
    """
    if is_system_file(source):
        trained = load_trained(source)
        one = replay_trained(recording, trained, source, prices, limit)
        return ReplayedSystem(Path(source).stem, one, trained.metadata())
    check_replayable(source)
    name, settings = source, {}
    if is_settings_file(source):
        name = Path(source).stem
        _, settings = read_settings_file(source)
    return ReplayedSystem(name, replay_agreement(recording, settings, prices, limit), {})


def check_replayable(source: str) -> None:
    """Raise `CopeError` for a system that needs models, before a record is read for it.

    Args:
        source: as for `replay_system`.
    """
    if is_system_file(source):
        return
    kind = source_system(source)
    if kind == AgreementCascade.name:
        return
    if isinstance(SYSTEMS.by_name(kind), TrainedKind):
        raise untrained_error(kind)
    raise only_cascades_error(kind)


def source_system(source: str) -> str:
    """Return the name in `SYSTEMS` of the system that a name or a file stands for."""
    if is_system_file(source):
        return load_trained(source).system
    return read_settings_file(source)[0] if is_settings_file(source) else source

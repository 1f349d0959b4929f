"""Which program a replay answers with, and what is known about how it was compiled."""

from pathlib import Path
from typing import Any

from ...programs import load_preset
from ...programs.bundled import shipped
from ...programs.compile_metadata import read_compile_metadata
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset
from ..recording.recording import Recording


def compile_metadata_in_recording(record: Recording, name: str) -> dict[str, Any]:
    """Return what a record keeps about the compile of one of its programs; empty without one."""
    return record.manifest.settings.get("compiled", {}).get(name, {})


def bundled_compile_metadata(record: Recording, name: str, bundled: bool) -> dict[str, Any]:
    """Return what is known about the compile of what `program_for_replay` takes for a preset."""
    return read_compile_metadata(_bundled(record, name, bundled))


def program_for_replay(record: Recording, name: str, bundled: bool) -> ProgramIdentity | Preset:
    """Return a preset for a replay, or the compiled program that comes with the package for it.

    Args:
        record: what the replay answers from.
        name: the preset's name or file.
        bundled: whether a compiled program that comes with the package may replace the preset.
    """
    file = _bundled(record, name, bundled)
    return ProgramIdentity.named(file, record.domain) if file else load_preset(name, record.models)


def _bundled(record: Recording, name: str, bundled: bool) -> Path | None:
    if record.is_imported or not bundled:
        return None
    context = record.manifest.settings.get("context")
    return shipped(name, record.manifest.task, record.models, record.domain, context=context)

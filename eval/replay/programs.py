"""The program of a replay, the metadata of its compile, and its calibration."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs import load_preset
from ...programs.bundled import find_bundled_program
from ...programs.calibration_file import Certificate
from ...programs.calibration_match import load_matching_certificate
from ...programs.compile_metadata import read_compile_metadata
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset
from ...programs.resolve import ProgramOptions, with_calibrated_setting
from ..recording.recording import Recording
from .match import recorded_identity


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


def resolve_replayed_program(
    recording: Recording, options: ProgramOptions, names_preset: bool
) -> tuple[ProgramIdentity | Preset | None, dict[str, Any]]:
    """Return the program that a live run would use with these options, and its compile's metadata.

    Args:
        recording: what the replay answers from.
        options: the program's file or preset.
        names_preset: whether the user named a preset; without one, and without a file, the program
            is the recording's own, which is None here.
    """
    if options.program:
        identity = ProgramIdentity.named(options.program, recording.domain)
        return identity, read_compile_metadata(options.program)
    if not names_preset:
        return None, compile_metadata_in_recording(recording, next(iter(recording.programs)))
    program = program_for_replay(recording, options.preset, options.bundled)
    return program, bundled_compile_metadata(recording, options.preset, options.bundled)


def resolve_replayed_calibration(
    recording: Recording, options: ProgramOptions, file: Path
) -> tuple[ProgramOptions, Certificate]:
    """Return options with the setting of a calibration of the recording's own program.

    Raises:
        CopeError: when there is no such calibration, or it does not fit.
    """
    manifest = recording.manifest
    certificate = load_matching_certificate(
        file,
        recorded_identity(recording, next(iter(recording.programs))),
        recording.models,
        manifest.settings,
        manifest.task,
        manifest.weights.get,
    )
    if certificate.setting is None:
        raise CopeError(
            f"the calibration {file} chose {certificate.description}: use --preset {certificate.last_tier}"
        )
    return replace(with_calibrated_setting(options, certificate), calibration=None), certificate


def _bundled(record: Recording, name: str, bundled: bool) -> Path | None:
    if record.is_imported or not bundled:
        return None
    context = record.manifest.settings.get("context")
    return find_bundled_program(
        name, record.manifest.task, record.models, record.domain, context=context
    )

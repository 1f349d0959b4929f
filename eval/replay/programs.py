"""Find the program of a replay, the metadata of its compile, and its calibration."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs import load_preset
from ...programs.bundled import find_bundled_program
from ...programs.calibration_file import Certificate
from ...programs.calibration_match import load_matching_certificate
from ...programs.compile_metadata import read_compile_metadata
from ...programs.give_up import NOT_GUARANTEED, GiveUp, check_counts, named_measures
from ...programs.identity import ProgramIdentity
from ...programs.options import ProgramOptions
from ...programs.preset import Preset
from ...programs.resolve import Notify, ignore, with_calibrated_setting
from ..recording.recording import Recording
from .match import recorded_identity
from .replay import Replay


def compile_metadata_in_recording(recording: Recording, name: str) -> dict[str, Any]:
    """Return the metadata of the compile of a recorded program; empty without a compile."""
    return recording.manifest.settings.get("compiled", {}).get(name, {})


def bundled_compile_metadata(recording: Recording, name: str, bundled: bool) -> dict[str, Any]:
    """Return the metadata of the compile of a program from `program_for_replay`."""
    return read_compile_metadata(_bundled_program(recording, name, bundled))


def program_for_replay(recording: Recording, name: str, bundled: bool) -> ProgramIdentity | Preset:
    """Return a preset for a replay, or the bundled compiled program for it.

    Args:
        recording: the recording.
        name: the name or file of the preset.
        bundled: whether a compiled program of the package may replace the preset.
    """
    file = _bundled_program(recording, name, bundled)
    if file:
        return ProgramIdentity.named(file, recording.domain)
    return load_preset(name, recording.models)


def resolve_replayed_program(
    recording: Recording, options: ProgramOptions, names_preset: bool
) -> tuple[ProgramIdentity | Preset | None, dict[str, Any]]:
    """Return the program that a live run would use with these options.

    Args:
        recording: the recording.
        options: the program's file or preset.
        names_preset: whether the user named a preset.

    Returns:
        The program and the metadata of its compile, with its file as `program_file` where it has
        one. The program is None for the recording's own one, if the user named neither a preset nor
        a file.
    """
    if options.program:
        identity = ProgramIdentity.named(options.program, recording.domain)
        return identity, _metadata_of(options.program)
    if not names_preset:
        return None, compile_metadata_in_recording(recording, next(iter(recording.programs)))
    program = program_for_replay(recording, options.preset, options.bundled)
    return program, _metadata_of(_bundled_program(recording, options.preset, options.bundled))


def _metadata_of(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    return read_compile_metadata(file) | {"program_file": str(file)}


def resolve_replayed_calibration(
    recording: Recording,
    options: ProgramOptions,
    file: Path,
    program: ProgramIdentity | Preset | None = None,
) -> tuple[ProgramOptions, Certificate]:
    """Return the options with the setting of a calibration of a program.

    Args:
        recording: the recording.
        options: the options of the program.
        file: the calibration.
        program: the program; None is the recording's own.

    Raises:
        CopeError: if the calibration cannot be read or does not fit, or if it chose the last tier
            alone.
    """
    manifest = recording.manifest
    certificate = load_matching_certificate(
        file,
        _identity(recording, program),
        recording.models,
        manifest.settings,
        manifest.task,
        manifest.weights.get,
    )
    if certificate.setting is None:
        raise CopeError(
            f"the calibration {file} chose {certificate.description}: "
            f"use --preset {certificate.last_tier}"
        )
    calibrated = with_calibrated_setting(options, certificate)
    return replace(calibrated, calibration=None), certificate


def left_replay(
    replay: Replay, certificate: Certificate | None, source: str, notify: Notify = ignore
) -> Replay:
    """Return a replay whose rounds are left where its preset asks for it.

    Args:
        replay: the program on the recording.
        certificate: the calibration that holds the counts; None without one.
        source: its file, for errors.
        notify: receives a line about the guarantee.

    Raises:
        CopeError: if the preset asks for it and the counts are not there.
    """
    if not named_measures(replay.preset):
        return replay
    if certificate is None:
        check_counts(replay.preset, None)
        return replay
    give_up = GiveUp.from_reports(certificate.more, replay.preset, source)
    notify(NOT_GUARANTEED)
    return Replay(replay.recording, replay.program, prices=replay.prices, give_up=give_up)


def _identity(recording: Recording, program: ProgramIdentity | Preset | None) -> ProgramIdentity:
    """Return what a calibration knows a program by; prompts of imported samples are not known."""
    if program is None:
        return recorded_identity(recording, next(iter(recording.programs)))
    if isinstance(program, ProgramIdentity):
        return program
    if recording.is_imported:
        return ProgramIdentity(program, recording.domain)
    return ProgramIdentity.of_preset(program, recording.domain)


def _bundled_program(recording: Recording, name: str, bundled: bool) -> Path | None:
    """Return the file of the bundled program for a preset; None without one."""
    if recording.is_imported or not bundled:
        return None
    manifest = recording.manifest
    return find_bundled_program(
        name,
        manifest.task,
        recording.models,
        recording.domain,
        context=manifest.settings.get("context"),
    )

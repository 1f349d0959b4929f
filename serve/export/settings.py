"""The settings of an exported model as plain data, without a path of this machine or a secret."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...models.prices import Price
from ...programs.options import ProgramOptions, TeamOptions

_FILES = ("program", "calibration")
_PRESET = "preset"


def write_settings(
    program: ProgramOptions, team: TeamOptions, domain: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings as plain data, and the files that they name.

    Keys of APIs are not among them: the options name the environment variables that hold keys.

    Args:
        program: the options of the program.
        team: those of the team.
        domain: the kind of questions.

    Raises:
        CopeError: when an option names a folder of this machine.
    """
    if team.weights is not None:
        raise CopeError(
            "--weights names a folder of this machine: leave it out, and set COPE_WEIGHTS "
            "where the model is served"
        )
    files: dict[str, str] = {}
    for name in _FILES:
        file = getattr(program, name)
        if file is not None:
            files[name] = str(file)
    if program.preset.endswith(".toml"):
        files[_PRESET] = program.preset
        program = replace(program, preset="")
    plain = replace(program, program=None, calibration=None)
    settings = {"program": asdict(plain), "team": asdict(team), "domain": domain}
    for name in _FILES:
        del settings["program"][name]
    del settings["team"]["weights"]
    return settings, files


def read_settings(
    settings: Mapping[str, Any], files: Mapping[str, Path]
) -> tuple[ProgramOptions, TeamOptions, str]:
    """Return the options of a program and of its team, and the kind of questions.

    Args:
        settings: plain data from `write_settings`.
        files: the files that they name.

    >>> settings, _ = write_settings(ProgramOptions(seed=3), TeamOptions(), "open")
    >>> program, team, domain = read_settings(settings, {})
    >>> program.seed, team == TeamOptions(), domain
    (3, True, 'open')
    """
    program = dict(settings["program"])
    program["thresholds"] = tuple(program["thresholds"])
    for name in _FILES:
        program[name] = files.get(name)
    if _PRESET in files:
        program[_PRESET] = str(files[_PRESET])
    team = dict(settings["team"])
    team["prices"] = {tier: Price(**price) for tier, price in team["prices"].items()}
    return ProgramOptions(**program), TeamOptions(**team), settings["domain"]

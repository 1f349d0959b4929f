"""Settings of a system: typed fields with defaults, and a file that changes them."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ...errors import CopeError, suggest_names
from ...util.text import printable, shorten

_FILE_ENDING = ".toml"
_MAX_VALUE_CHARS = 40


class SystemSettings(BaseModel):
    """The settings of a system. A subclass has a field with a default for each."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Settings = TypeVar("Settings", bound=SystemSettings)


def parse_settings(kind: type[Settings], given: dict[str, Any], name: str) -> Settings:
    """Return the settings of a system.

    Args:
        kind: its type.
        given: values by the names of fields; the others have their defaults.
        name: the system's name, for errors.

    Raises:
        CopeError: for an unknown name or a wrong value.

    >>> class Mine(SystemSettings):
    ...     samples: int = 4
    >>> parse_settings(Mine, {"samples": 8}, "mine").samples
    8
    """
    unknown = [key for key in given if key not in kind.model_fields]
    if unknown:
        hint = suggest_names(unknown[0], kind.model_fields)
        raise CopeError(f"system {name}: {printable(unknown[0])} is no setting of it: {hint}")
    try:
        return kind.model_validate(given, strict=False)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        value = shorten(printable(repr(problem["input"])), _MAX_VALUE_CHARS)
        text = problem["msg"].removeprefix("Value error, ")
        raise CopeError(f"system {name}: {where}: {value}: {text}") from None


def is_settings_file(name: str) -> bool:
    """Return whether the name of a system is that of a file with its settings.

    >>> is_settings_file("strict.toml"), is_settings_file("mot-vote")
    (True, False)
    """
    return name.endswith(_FILE_ENDING)


def read_settings_file(path: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a system and its settings from a TOML file.

    The file names the system in `system`; its other keys are the settings.

    Raises:
        CopeError: when it cannot be read, or names no system.
    """
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CopeError(f"cannot read the system {path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CopeError(f"{path} is not valid TOML: {error}") from None
    name = data.pop("system", None)
    if not isinstance(name, str):
        raise CopeError(f'{path} names no system: write system = "mot-vote" in its first line')
    return name, data

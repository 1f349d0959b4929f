"""Build the program that a file holds. Each kind of program is named by the key that marks it.

A kind is looked up by name, because a `Cascade` loads an `Ensemble` where the file holds one, and
an `Ensemble` is a `Cascade`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..models import Team
from ..util.registry import Registry
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .preset import parse_preset
from .prompted_program import PromptedProgram
from .saved_state import read_state
from .task_signature import TaskSignature

_PLAIN = "preset"
"""The key of every program's state."""


def _check(variant: object) -> None:
    if not (isinstance(variant, type) and issubclass(variant, PromptedProgram)):
        raise TypeError(f"{variant!r} is no subclass of PromptedProgram")


SAVED_PROGRAMS: "Registry[type[PromptedProgram]]" = Registry(
    "kind of saved program", "cope.saved_programs", _check
)


def load_saved_program(path: str | Path, team: Team | None, **options: Any) -> PromptedProgram:
    """Build the program of a file, see `load_program`.

    Raises:
        CopeError: when the file is no such program, or holds an unknown key.
    """
    try:
        state = read_state(Path(path))
        preset = parse_preset(state["preset"], str(path))
        settings: dict[str, Any] = {"domain": state.get("domain", DEFAULT_DOMAIN)}
        settings |= _named_kind(state)
        if "signature" in state:
            settings["signature"] = TaskSignature.from_dict(state["signature"]).signature
        if "answer_kind" in options:
            del settings["answer_kind"], settings["saved_kind"]
        program = _kind_of(state)(preset, team, **(settings | options))
        program.load_state(state)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CopeError(
            f"{path} is not a program saved by Cascade.save ({type(error).__name__}: {error})"
        ) from None
    return program


def _kind_of(state: Mapping[str, Any]) -> Any:
    """Return the class of a saved program."""
    for key in SAVED_PROGRAMS:
        if key != _PLAIN and key in state:
            return SAVED_PROGRAMS[key]
    return SAVED_PROGRAMS[_PLAIN]


def _named_kind(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind of answers that a program or its compile names, and the saved one."""
    if "answer_kind" in state:
        return {"answer_kind": state["answer_kind"], "saved_kind": None}
    compiled = state.get("compiled", {})
    domain = domain_by_name(state.get("domain", DEFAULT_DOMAIN))
    return {"answer_kind": compiled.get("answer_kind"), "saved_kind": domain.answer_kind}

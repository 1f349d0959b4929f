"""Load programs from their files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..models import Team
from .cascade import Cascade
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .ensemble import Ensemble
from .preset import parse_preset
from .saved_state import read_state
from .task_signature import TaskSignature


def load_program(path: str | Path, team: Team | None = None, **options: Any) -> Cascade:
    """Load a program that `Cascade.save` wrote: its preset, instructions and demonstrations.

    Args:
        path: the file.
        team: the tiers; the default pair of embedded models when None.
        options: more arguments of the program, such as `seed`.

    Returns:
        A `Cascade`, or an `Ensemble` when the file holds several programs whose answers vote.

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
        kind = Ensemble if "peers" in state else Cascade
        if "answer_kind" in options:
            del settings["answer_kind"], settings["saved_kind"]
        program = kind(preset, team, **(settings | options))
        program.load_state(state)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CopeError(
            f"{path} is not a program saved by Cascade.save ({type(error).__name__}: {error})"
        ) from None
    return program


def _named_kind(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kind of answers that a program or its compile names, and the saved one."""
    if "answer_kind" in state:
        return {"answer_kind": state["answer_kind"], "saved_kind": None}
    compiled = state.get("compiled", {})
    domain = domain_by_name(state.get("domain", DEFAULT_DOMAIN))
    return {"answer_kind": compiled.get("answer_kind"), "saved_kind": domain.answer_kind}

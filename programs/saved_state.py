"""Read the saved state of a program, and check that it fits the program that loads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..util.json_text import read_json
from .domains.registry import DEFAULT_DOMAIN
from .preset import Preset, parse_preset
from .state_schema import check_state
from .task_signature import TaskSignature


def read_state(path: Path) -> dict[str, Any]:
    """Read the state in a program file.

    Raises:
        CopeError: when the file cannot be read, or holds anything but a program.
    """
    try:
        state = read_json(path)
    except OSError as error:
        raise CopeError(f"cannot read the program {path}: {error.strerror}") from None
    except ValueError as error:
        raise CopeError(
            f"{path} is not a program saved by Cascade.save (no JSON: {error})"
        ) from None
    check_state(state, path)
    return dict(state)


def prompts_in_state(
    state: Mapping[str, Any], preset: Preset, domain: str, signature: TaskSignature | None = None
) -> dict[str, Any]:
    """Return the prompts of a state that `Cascade.dump_state` returned.

    Args:
        state: the state.
        preset: the rounds of the program that loads it.
        domain: the kind of questions of that program.
        signature: that program's own signature.

    Raises:
        CopeError: for the state of another module, other rounds, another signature or another kind
            of questions, and for an unknown key.
    """
    if "preset" not in state:
        raise CopeError("the state is not that of a cascade: it names no preset")
    check_state(state)
    prompts = dict(state)
    saved = parse_preset(prompts.pop("preset"), "in the program file")
    saved_domain = prompts.pop("domain", DEFAULT_DOMAIN)
    if prompts.pop("signature", None) != (None if signature is None else signature.as_dict()):
        raise CopeError(
            "the program was saved with another signature: load it with Cascade.from_file"
        )
    for name in ("answer_kind", "compiled", "metadata"):  # prompts do not depend on these
        prompts.pop(name, None)
    if saved_domain != domain:
        raise CopeError(
            f"the program was saved for questions of kind {saved_domain!r}, "
            f"and this one is for {domain!r}"
        )
    if saved.rounds != preset.rounds:
        raise CopeError(
            f"the program was saved for preset {saved.name!r} with other rounds: "
            "load it with Cascade.from_file"
        )
    return prompts

"""Check that the saved state of a program fits the program that loads it."""

from collections.abc import Mapping
from typing import Any

from ..errors import CopeError
from .domains.registry import DEFAULT_DOMAIN
from .preset import Preset, parse_preset


def prompts_in_state(state: Mapping[str, Any], preset: Preset, domain: str) -> dict[str, Any]:
    """Return the prompts in what `Cascade.dump_state` gave.

    Args:
        state: of a program.
        preset: the rounds of the program that loads it.
        domain: the kind of questions of that program.

    Raises:
        CopeError: when the state is not that of a cascade, or of one with other rounds or for another
            kind of questions.
    """
    prompts = dict(state)
    if "preset" not in prompts:
        raise CopeError("the state is not that of a cascade: it names no preset")
    saved = parse_preset(prompts.pop("preset"), "in the program file")
    saved_domain = prompts.pop("domain", DEFAULT_DOMAIN)
    prompts.pop("answer_kind", None)  # prompts do not depend on it
    if saved_domain != domain:
        raise CopeError(
            f"the program was saved for questions of kind {saved_domain!r}, and this one is for {domain!r}"
        )
    if saved.rounds != preset.rounds:
        raise CopeError(
            f"the program was saved for preset {saved.name!r} with other rounds: load it with Cascade.from_file"
        )
    return prompts

"""What identifies a program: its rounds, its kind of questions and the prompts that it sends."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..util.hashing import digest
from .cascade_round import CascadeRound
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .predictor_name import PredictorName, Role
from .preset import Preset, load_preset, parse_preset
from .program_view import is_preset, load_program_view
from .saved_state import read_state
from .state_schema import check_state


@dataclass(frozen=True)
class ProgramIdentity:
    """Hold a program's rounds and the fingerprints of its prompts.

    Attributes:
        preset: the rounds.
        domain: the kind of questions.
        prompts: digest of each predictor's instructions, fields and demonstrations, by its name;
            None where they are not known.
    """

    preset: Preset
    domain: str = DEFAULT_DOMAIN
    prompts: Mapping[str, str] | None = None

    @classmethod
    def of_state(cls, state: Mapping[str, Any], source: str = "the program") -> "ProgramIdentity":
        """Return the identity of a program from what `Cascade.dump_state` gave.

        Raises:
            CopeError: for an ensemble, which has several programs' rounds.
        """
        check_state(state, source)
        if state.get("peers"):
            raise CopeError(
                f"{source} is an ensemble, which is not replayed: replay its programs one by one"
            )
        neighbors = state.get("neighbours") or {}
        prompts = {}
        for name, value in state.items():
            if name.endswith(".predict"):
                prompts[name] = _prompt_fingerprint(value, neighbors.get(name))
        return cls(
            parse_preset(state["preset"], source), state.get("domain", DEFAULT_DOMAIN), prompts
        )

    @classmethod
    def of_preset(cls, preset: Preset, domain: str = DEFAULT_DOMAIN) -> "ProgramIdentity":
        """Return the identity of a preset with the package's own prompts."""
        return cls(preset, domain, _preset_prompts(preset.model_dump_json(), domain))

    @classmethod
    def named(
        cls, source: str | Path, domain: str = DEFAULT_DOMAIN, tiers: Collection[str] = ()
    ) -> "ProgramIdentity":
        """Return the identity of a preset by its name or TOML file, or of a program file.

        Raises:
            CopeError: when there is none, or it is for another kind of questions.
        """
        if is_preset(source) or str(source) in tiers:
            return cls.of_preset(load_preset(str(source), tiers), domain)
        load_program_view(source)  # explains what is wrong with the file
        made = cls.of_state(read_state(Path(source)), str(source))
        if made.domain != domain:
            raise CopeError(
                f"{source} is for questions of kind {made.domain!r}, and the record for {domain!r}"
            )
        return made

    def prompt(self, number: int, role: Role) -> str | None:
        """Return the fingerprint of a round's planner or reasoner; None where it is not known."""
        return (self.prompts or {}).get(str(PredictorName(number, role)))


@lru_cache(maxsize=256)
def _preset_prompts(preset_json: str, domain: str) -> Mapping[str, str]:
    """Return the fingerprints of a preset's own prompts; a comparison asks for them often."""
    preset = Preset.model_validate_json(preset_json)
    prompts = {}
    for number in range(1, len(preset.rounds) + 1):
        round_ = CascadeRound(preset, number, domain_by_name(domain))
        for name, predict in round_.named_parameters():
            prompts[f"round_{number}.{name}"] = _prompt_fingerprint(predict.dump_state(), None)
    return prompts


def _prompt_fingerprint(state: Mapping[str, Any], neighbors: Any) -> str:
    return digest(state["signature"], state.get("demos") or [], neighbors or None)

"""Which recorded rounds hold the calls that a program would make.

A call is the same when model, prompt and sampling settings are. So a round is found again by its tiers' models, its
predictors' words and demonstrations, its temperatures and lengths, and, where it draws by chance, its number, on which the
draws' seeds depend.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...programs.cascade_round import CascadeRound
from ...programs.domains.registry import DEFAULT_DOMAIN, domain_by_name
from ...programs.preset import Preset, Round, load_preset, parse_preset
from ...programs.program_view import is_preset, view_program
from ...util.hashing import digest
from ..recording.recording import Recording
from ..recording.round import RecordedRound


@dataclass(frozen=True)
class Program:
    """Rounds and the words that they ask with.

    Attributes:
        preset: the rounds.
        domain: the kind of questions.
        prompts: digest of each predictor's instructions, fields and demonstrations, by its name; None where they are not known.
    """

    preset: Preset
    domain: str = DEFAULT_DOMAIN
    prompts: Mapping[str, str] | None = None

    @classmethod
    def of_state(cls, state: Mapping[str, Any], source: str = "the program") -> "Program":
        """What `Cascade.dump_state` gave.

        Raises:
            CopeError: for an ensemble, which has several programs' rounds.
        """
        if state.get("peers"):
            raise CopeError(
                f"{source} is an ensemble, which is not replayed: replay its programs one by one"
            )
        near = state.get("neighbours") or {}
        prompts = {
            name: _prompt(value, near.get(name))
            for name, value in state.items()
            if name.endswith(".predict")
        }
        return cls(
            parse_preset(state["preset"], source), state.get("domain", DEFAULT_DOMAIN), prompts
        )

    @classmethod
    def of_preset(cls, preset: Preset, domain: str = DEFAULT_DOMAIN) -> "Program":
        """A preset with the package's own words."""
        kind, prompts = domain_by_name(domain), {}
        for number in range(1, len(preset.rounds) + 1):
            for name, predict in CascadeRound(preset, number, kind).named_parameters():
                prompts[f"round_{number}.{name}"] = _prompt(predict.dump_state(), None)
        return cls(preset, domain, prompts)

    @classmethod
    def named(cls, source: str | Path, domain: str = DEFAULT_DOMAIN) -> "Program":
        """A preset by its name or TOML file, or a program file.

        Raises:
            CopeError: when there is none, or it is for another kind of questions.
        """
        if is_preset(source):
            return cls.of_preset(load_preset(str(source)), domain)
        view_program(source)  # says what is wrong with the file
        made = cls.of_state(json.loads(Path(source).read_text(encoding="utf-8")), str(source))
        if made.domain != domain:
            raise CopeError(
                f"{source} is for questions of kind {made.domain!r}, and the record for {domain!r}"
            )
        return made

    def prompt(self, number: int, role: str) -> str | None:
        return (self.prompts or {}).get(f"round_{number}.{role}.predict")


def _prompt(state: Mapping[str, Any], near: Any) -> str:
    return digest(state["signature"], state.get("demos") or [], near or None)


def recorded_program(recording: Recording, name: str) -> Program:
    """One of the programs of a record."""
    entry = next(entry for entry in recording.manifest.programs if entry["name"] == name)
    if entry["state"] is None:
        return Program(parse_preset(entry["preset"], recording.name), recording.domain)
    return Program.of_state({**entry["state"], "preset": entry["preset"]}, recording.name)


def matched(program: Program, recording: Recording) -> list[RecordedRound | str]:
    """The recorded round for each of a program's rounds; where there is none, what sets the nearest apart, in words."""
    known = [
        (recorded_program(recording, name), round_)
        for name, rounds in recording.programs.items()
        for round_ in rounds
    ]
    found: list[RecordedRound | str] = []
    for number in range(1, len(program.preset.rounds) + 1):
        beside = [(differences(program, number, other, r, recording), r) for other, r in known]
        if recording.imported:  # nothing tells two draws apart there, so none serves twice
            beside = [
                (apart + ["an earlier round uses it"] * (r in found), r) for apart, r in beside
            ]
        solver = program.preset.rounds[number - 1].reasoner
        apart, nearest = min(
            beside, key=lambda pair: (bool(pair[0]), pair[1].spec.reasoner != solver, len(pair[0]))
        )
        why = f"its calls are not in the record; nearest is round {nearest.number} of {nearest.program}: {', '.join(apart)}"
        found.append(why if apart else nearest)
    return found


def differences(
    program: Program, number: int, other: Program, recorded: RecordedRound, recording: Recording
) -> list[str]:
    """What sets a recorded round apart from a program's round, in words; nothing when it holds the same calls."""
    ours, theirs, models = program.preset.rounds[number - 1], recorded.spec, recording.models
    apart = []
    if ours.reasoner not in models or models[ours.reasoner] != models[theirs.reasoner]:
        apart.append(f"{theirs.reasoner} solves there and not {ours.reasoner}")
    if ours.samples > theirs.samples:
        apart.append(f"{theirs.samples} samples there and not {ours.samples}")
    planners = [spec.planner and models.get(spec.planner, "") for spec in (ours, theirs)]
    if planners[0] != planners[1]:
        instead = f" and not {ours.planner}" if ours.planner else ""
        apart.append(f"{theirs.planner or 'nobody'} plans there{instead}")
    elif ours.planner and ours.samples > 1 and (ours.plans == 1) != (theirs.plans == 1):
        apart.append(
            "all samples share a plan there"
            if theirs.plans == 1
            else "each sample has a plan there"
        )
    if recording.imported:
        return apart
    both_plan = bool(ours.planner and theirs.planner)
    if both_plan and program.prompt(number, "planner") != other.prompt(recorded.number, "planner"):
        apart.append("the planner's prompt is another")
    if [seen == number for seen in ours.sees] != [seen == recorded.number for seen in theirs.sees]:
        apart.append("the plans that it sees are others")
    elif program.prompt(number, "reasoner") != other.prompt(recorded.number, "reasoner"):
        apart.append("the reasoner's prompt is another")
    if _settings(ours, both_plan) != _settings(theirs, both_plan):
        apart.append("temperature or greatest length is another")
    if recorded.number != number and (
        ours.temperature > 0 or (ours.planner and ours.plan_temperature > 0)
    ):
        apart.append("its draws are others")
    return apart


def _settings(spec: Round, planning: bool) -> tuple[Any, ...]:
    plan = (spec.plan_temperature, spec.plan_max_tokens) if planning else None
    return spec.temperature, spec.max_tokens, plan

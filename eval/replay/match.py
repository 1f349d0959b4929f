"""Which recorded rounds hold the calls that a program would make.

A call is the same when model, prompt and sampling settings are. So a round is found again by its tiers' models, its
predictors' words and demonstrations, its temperatures and lengths, and, where it draws by chance, its number, on which the
draws' seeds depend.
"""

from typing import Any

from ...programs.domains.registry import domain_by_name
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset, Round, parse_preset, tier_alone
from ...sandbox import open_sandbox
from ..recording.recording import Recording
from ..recording.round import RecordedRound


def recorded_identity(recording: Recording, name: str) -> ProgramIdentity:
    """One of the programs of a record."""
    entry = next(entry for entry in recording.manifest.programs if entry["name"] == name)
    if entry["state"] is None:
        return ProgramIdentity(parse_preset(entry["preset"], recording.name), recording.domain)
    return ProgramIdentity.of_state({**entry["state"], "preset": entry["preset"]}, recording.name)


def match_rounds(program: ProgramIdentity, recording: Recording) -> list[RecordedRound | str]:
    """The recorded round for each of a program's rounds; where there is none, what sets the nearest apart, in words."""
    known = [
        (recorded_identity(recording, name), round_)
        for name, rounds in recording.programs.items()
        for round_ in rounds
    ]
    found: list[RecordedRound | str] = []
    for number in range(1, len(program.preset.rounds) + 1):
        beside = [(mismatches(program, number, other, r, recording), r) for other, r in known]
        if recording.is_imported:  # nothing tells two draws apart there, so none serves twice
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


def mismatches(
    program: ProgramIdentity,
    number: int,
    other: ProgramIdentity,
    recorded: RecordedRound,
    recording: Recording,
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
    if _confidence_kind(program, number) != _confidence_kind(other, recorded.number):
        apart.append("its confidence is another")
    if recording.is_imported:
        return apart
    both_plan = bool(ours.planner and theirs.planner)
    if both_plan and program.prompt(number, "planner") != other.prompt(recorded.number, "planner"):
        apart.append("the planner's prompt is another")
    if [seen == number for seen in ours.sees] != [seen == recorded.number for seen in theirs.sees]:
        apart.append("the plans that it sees are others")
    elif program.prompt(number, "reasoner") != other.prompt(recorded.number, "reasoner"):
        apart.append("the reasoner's prompt is another")
    if _sampling_settings(ours, both_plan) != _sampling_settings(theirs, both_plan):
        apart.append("temperature or greatest length is another")
    if recorded.number != number and (
        ours.temperature > 0 or (ours.planner and ours.plan_temperature > 0)
    ):
        apart.append("its draws are others")
    return apart


def _confidence_kind(program: ProgramIdentity, number: int) -> str:
    """Return the name of the confidence that decides a round."""
    named = program.preset.rounds[number - 1].confidence
    return named or domain_by_name(program.domain).default_confidence(open_sandbox).kind


def _sampling_settings(spec: Round, planning: bool) -> tuple[Any, ...]:
    plan = (spec.plan_temperature, spec.plan_max_tokens) if planning else None
    return spec.temperature, spec.max_tokens, plan


def single_tier_program(record: Recording, tier: str) -> ProgramIdentity | Preset:
    """Return the program that asks one tier alone: the record's own where it has one, else the preset."""
    if tier in record.programs:
        return recorded_identity(record, tier)
    return tier_alone(tier)

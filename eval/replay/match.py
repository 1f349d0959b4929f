"""Find the recorded rounds that hold the calls of a program.

Two calls are equal if their model, prompt and sampling settings are equal. So a round is identified
by the models of its tiers, the prompts and demonstrations of its predictors, its temperatures and
maximum lengths, and, if it samples, by its number, because the seeds of the samples depend on it.
"""

import numpy as np

from ...programs.confidence.registry import confidence_by_name
from ...programs.domains.registry import domain_by_name
from ...programs.identity import ProgramIdentity
from ...programs.preset import Preset, parse_preset, tier_alone
from ...programs.preset_round import Round
from ...sandbox import open_sandbox
from ..recording.recording import Recording
from ..recording.round import RecordedRound

COLUMN_NAMES = {
    "reason_logprob": "log-probabilities (record again with --logprobs)",
    "reason_logprob_window": "log-probabilities (record again with --logprobs)",
    "p_true": "P(True) of its answers (record a program whose round names p-true)",
}
"""What a record without such a column lacks."""


def recorded_identity(recording: Recording, name: str) -> ProgramIdentity:
    """Return one of the programs of a recording."""
    entry = next(entry for entry in recording.manifest.programs if entry["name"] == name)
    if entry["state"] is None:
        return ProgramIdentity(parse_preset(entry["preset"], recording.name), recording.domain)
    state = dict(entry["state"])
    state["preset"] = entry["preset"]
    return ProgramIdentity.of_state(state, recording.name)


def single_tier_program(recording: Recording, tier: str) -> ProgramIdentity | Preset:
    """Return a program that asks one tier only: that of the recording if there is one."""
    if tier in recording.programs:
        return recorded_identity(recording, tier)
    return tier_alone(tier)


def match_rounds(program: ProgramIdentity, recording: Recording) -> list[RecordedRound | str]:
    """Return the recorded round for each round of a program.

    If there is none, the entry is a text about how the most similar round differs.
    """
    candidates: list[tuple[ProgramIdentity, RecordedRound]] = []
    for name, rounds in recording.programs.items():
        identity = recorded_identity(recording, name)
        candidates += [(identity, round_) for round_ in rounds]
    matches: list[RecordedRound | str] = []
    for number in range(1, len(program.preset.rounds) + 1):
        matches.append(_match_round(program, number, candidates, recording, matches))
    return matches


def _match_round(
    program: ProgramIdentity,
    number: int,
    candidates: list[tuple[ProgramIdentity, RecordedRound]],
    recording: Recording,
    earlier: list[RecordedRound | str],
) -> RecordedRound | str:
    """Return the recorded round of a program's round, or how the most similar one differs."""
    reasoner = program.preset.rounds[number - 1].reasoner
    ranked: list[tuple[tuple[bool, bool, int], list[str], RecordedRound]] = []
    for identity, round_ in candidates:
        differences = mismatches(program, number, identity, round_, recording)
        # Imported samples have no prompt that distinguishes two rounds, so none is used twice.
        if recording.is_imported and round_ in earlier:
            differences.append("an earlier round uses it")
        rank = bool(differences), round_.spec.reasoner != reasoner, len(differences)
        ranked.append((rank, differences, round_))
    _, differences, nearest = min(ranked, key=lambda candidate: candidate[0])
    if not differences:
        return nearest
    return (
        f"its calls are not in the record; nearest is round {nearest.number} of {nearest.program}: "
        f"{', '.join(differences)}"
    )


def mismatches(
    program: ProgramIdentity,
    number: int,
    other: ProgramIdentity,
    recorded: RecordedRound,
    recording: Recording,
) -> list[str]:
    """Return the differences between a program's round and a recorded round.

    Args:
        program: the program.
        number: the number of its round.
        other: the recorded program.
        recorded: the recorded round of that program.
        recording: the recording.

    Returns:
        A text for each difference; empty if the recorded round holds the same calls.
    """
    spec = program.preset.rounds[number - 1]
    differences = _tier_mismatches(spec, recorded.spec, recording.models)
    differences += _confidence_mismatches(program, number, recorded)
    if not recording.is_imported:
        differences += _prompt_mismatches(program, number, other, recorded)
    elif (spec.instructions, spec.max_tokens) != (
        recorded.spec.instructions,
        recorded.spec.max_tokens,
    ):
        differences.append("its instructions or greatest length are others")
    return differences


def _tier_mismatches(spec: Round, recorded: Round, models: dict[str, str]) -> list[str]:
    """Return differences in the models, and in the number of samples and plans."""
    differences = []
    if spec.reasoner not in models or models[spec.reasoner] != models[recorded.reasoner]:
        differences.append(f"{recorded.reasoner} solves there and not {spec.reasoner}")
    if spec.samples > recorded.samples:
        differences.append(f"{recorded.samples} samples there and not {spec.samples}")
    planner = spec.planner and models.get(spec.planner, "")
    if planner != (recorded.planner and models.get(recorded.planner, "")):
        instead = f" and not {spec.planner}" if spec.planner else ""
        differences.append(f"{recorded.planner or 'nobody'} plans there{instead}")
    elif spec.planner and spec.samples > 1 and (spec.plans == 1) != (recorded.plans == 1):
        if recorded.plans == 1:
            differences.append("all samples share a plan there")
        else:
            differences.append("each sample has a plan there")
    return differences


def _prompt_mismatches(
    program: ProgramIdentity, number: int, other: ProgramIdentity, recorded: RecordedRound
) -> list[str]:
    """Return differences in the prompts, the sampling settings and the seeds."""
    spec = program.preset.rounds[number - 1]
    differences = []
    both_plan = bool(spec.plan and recorded.spec.plan)
    if both_plan and program.prompt(number, "planner") != other.prompt(recorded.number, "planner"):
        differences.append("the planner's prompt is another")
    # A round sees plans of its own and of earlier rounds.
    own_plans = [seen == number for seen in spec.sees]
    if own_plans != [seen == recorded.number for seen in recorded.spec.sees]:
        differences.append("the plans that it sees are others")
    elif program.prompt(number, "reasoner") != other.prompt(recorded.number, "reasoner"):
        differences.append("the reasoner's prompt is another")
    if _sampling_settings(spec, both_plan) != _sampling_settings(recorded.spec, both_plan):
        differences.append("temperature or greatest length is another")
    is_random = spec.temperature > 0 or (spec.planner and spec.plan_temperature > 0)
    if recorded.number != number and is_random:
        differences.append("its draws are others")
    return differences


def _confidence_mismatches(
    program: ProgramIdentity, number: int, recorded: RecordedRound
) -> list[str]:
    """Return why a round's confidence cannot decide the samples of a recorded round.

    Confidences whose votes are answers read the same samples. One that needs more columns, such as
    log-probabilities, needs them of every answer.
    """
    kind = confidence_name(program.preset.rounds[number - 1], program.domain)
    if kind == confidence_name(recorded.spec, program.domain):
        return []
    confidence = confidence_by_name(kind)
    if not all(one.labels_are_answers for one in (confidence, *recorded.confidences)):
        return ["its confidence is another"]
    answered = recorded.answers != None  # noqa: E711 (elementwise)
    for column in confidence.columns:
        if np.isnan(recorded.column(column)[answered]).any():
            return [f"it has no {COLUMN_NAMES.get(column, column)}"]
    return []


def confidence_name(spec: Round, domain: str) -> str:
    """Return the name of the confidence that decides a round: its own, or the domain's."""
    return spec.confidence or domain_by_name(domain).default_confidence(open_sandbox).kind


def _sampling_settings(spec: Round, with_plan: bool) -> tuple[object, ...]:
    plan = (spec.plan_temperature, spec.longest_plan, spec.hint_lines) if with_plan else None
    return spec.temperature, spec.max_tokens, plan

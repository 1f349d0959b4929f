"""The prompts of a program as plain data, by which candidates are compared, saved and restored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dspy

from ...errors import CopeError
from ...models.team import Tier
from ...programs import Cascade
from ...programs.demonstrations import KNNDemos
from ...programs.demos import usable_demos, visible_fields
from ...programs.ensemble import Ensemble, Members, members_of
from ...programs.module import ProgramModule
from ...programs.plan_kinds import PLAN_KINDS
from ...programs.predictor_name import PredictorName, round_attribute
from ...programs.prompt_inputs import text_inputs
from ...tracking import prompt_template
from ...util.text import indented

PromptState = dict[str, dict[str, Any]]
"""By predictor: `instructions`, `demos`, and `neighbours` with demonstrations to select from.

The reasoner of a round with a hint has `hint_tokens` too, because an optimizer may change them.
"""

_MEMBER_PREFIX = "peer_"  # prefix of the predictors of an ensemble's other members, from peer_2 on


def predictor_state(predict: dspy.Predict, nearest: Sequence[Any] = ()) -> dict[str, Any]:
    """Return instructions and demonstrations of a predictor.

    Args:
        predict: the predictor.
        nearest: demonstrations that were selected for a question.
    """
    signature: Any = predict.signature  # DSPy types it as an instance; it is a class
    instructions = signature.instructions
    return {"instructions": instructions, "demos": visible_fields(predict, nearest)}


def prompt_state(program: Cascade) -> PromptState:
    """Return the prompts of all predictors, also of frozen ones and of an ensemble's members.

    The program itself is the first member. The predictors of the others have the prefix `peer_2.`,
    `peer_3.` and so on.
    """
    state = {}
    for name, predict in ProgramModule.named_parameters(program):
        state[name] = predictor_state(predict)
    for name, demos in program.knn_demos.items():
        state[name]["neighbours"] = demos.as_dict()
    for number, spec in enumerate(program.preset.rounds, 1):
        if spec.plan and PLAN_KINDS[spec.plan].use_as == "prefix":
            state[str(PredictorName(number, "reasoner"))]["hint_tokens"] = spec.hint_tokens
    others = [prompt_state(member) for member in members_of(program)[1:]]
    return ensemble_state(state, others)


def ensemble_state(state: PromptState, others: Sequence[PromptState]) -> PromptState:
    """Return the prompts of an ensemble with `state` as its first member's."""
    combined = dict(state)
    for number, other in enumerate(others, 2):
        for name, prompt in other.items():
            combined[f"{_MEMBER_PREFIX}{number}.{name}"] = prompt
    return combined


def is_ensemble(state: Mapping[str, Any]) -> bool:
    """Return whether prompts are those of an ensemble."""
    return any(name.startswith(_MEMBER_PREFIX) for name in state)


def with_prompts(program: Cascade, state: PromptState) -> Cascade:
    """Return a new program that differs from `program` in its prompts only."""
    kind = Ensemble if is_ensemble(state) else Cascade
    new = kind(**program.get_params())
    apply_state(new, state)
    return new


def apply_state(program: Cascade, state: PromptState) -> None:
    """Set the prompts of a program.

    Signatures are replaced, and not changed, because InferRules writes into the class that it
    finds.
    """
    for name, predict in ProgramModule.named_parameters(program):
        predict.signature = predict.signature.with_instructions(state[name]["instructions"])
        predict.demos = [dspy.Example(**demo) for demo in state[name]["demos"]]
        if "hint_tokens" in state[name]:
            set_hint_tokens(program, PredictorName.parse(name).round, state[name]["hint_tokens"])
    knn_demos: dict[str, KNNDemos] = {}
    others: dict[str, PromptState] = {}
    for name, prompt in state.items():
        if name.startswith(_MEMBER_PREFIX):
            member, _, predictor = name.partition(".")
            others.setdefault(member, {})[predictor] = prompt
        elif "neighbours" in prompt:
            knn_demos[name] = KNNDemos.from_dict(prompt["neighbours"])
    program.knn_demos = knn_demos
    if isinstance(program, Ensemble):
        members = []
        for number in range(2, 2 + len(others)):
            member = program.member()
            apply_state(member, others[f"{_MEMBER_PREFIX}{number}"])
            members.append(member)
        program.others = Members(members)
    elif others:
        raise TypeError("the prompts of an ensemble do not fit into a single cascade")


def set_hint_tokens(program: Cascade, number: int, tokens: int | None) -> None:
    """Set how many tokens of the planner's answer a round continues.

    Args:
        program: the program, which is changed.
        number: the round, counted from 1.
        tokens: the maximum tokens of the hint; None is the limit of plans.
    """
    program.preset = program.preset.with_hint_tokens(number, tokens)
    getattr(program, round_attribute(number)).spec = program.preset.rounds[number - 1]


def prompts_text(state: Mapping[str, Mapping[str, Any]]) -> str:
    """Return all instructions and demonstrations of a program as text.

    Args:
        state: the prompts by predictor, see `prompt_state`.

    >>> state = {"round_1.reasoner.predict": {"instructions": "Solve.", "demos": [{"answer": "4"}]}}
    >>> print(prompts_text(state))
    round_1.reasoner.predict
      Solve.
    <BLANKLINE>
      demonstration 1 of 1
        answer: 4
    """
    return "\n\n\n".join(_predictor_text(name, prompt) for name, prompt in state.items())


def _predictor_text(name: str, prompt: Mapping[str, Any]) -> str:
    parts = [f"{name}\n{indented(prompt['instructions'])}"]
    if prompt.get("hint_tokens"):
        parts.append(f"  continues a hint of {prompt['hint_tokens']} tokens")
    parts += _demo_texts("demonstration", prompt["demos"])
    nearest = prompt.get("neighbours")
    if nearest:
        parts.append(
            f"  each question is shown the {nearest['k']} nearest of {len(nearest['demos'])} "
            "demonstrations:"
        )
        parts += _demo_texts("kept", nearest["demos"])
    return "\n\n".join(parts)


def _demo_texts(label: str, demos: Sequence[Mapping[str, Any]]) -> list[str]:
    texts = []
    for number, demo in enumerate(demos, 1):
        fields = [f"{field}: {value}" for field, value in demo.items() if field != "augmented"]
        body = indented("\n".join(fields), "    ")
        texts.append(f"  {label} {number} of {len(demos)}\n{body}")
    return texts


def templates(program: Cascade) -> Iterator[tuple[str, list[dict[str, str]], dict[str, str]]]:
    """Yield the message template of each predictor, with question and plans as variables.

    The template holds instructions and demonstrations, but no demonstrations that are selected for
    each question; a tag has their number.

    Yields:
        For each predictor, also of an ensemble's members: a short name, the messages, and tags.
    """
    for number, member in enumerate(members_of(program), 1):
        prefix = f"peer_{number}-" if number > 1 else ""
        for name, predict in member.named_predictors():
            round_, role = PredictorName.parse(name)
            tier = tier_of(program, name)
            signature: Any = predict.signature  # DSPy types it as an instance; it is a class
            # Characters for private use mark the variables: they are in no text.
            marks = {field: f"\ue000{field}\ue001" for field in signature.input_fields}
            messages = []
            inputs = text_inputs(signature, marks)
            for message in tier.adapter.format(signature, usable_demos(predict), inputs):
                messages.append({"role": message["role"], "content": str(message["content"])})
            tags = {"tier": tier.name, "model": tier.model, "predictor": name}
            nearest = member.knn_demos.get(name)
            if nearest:
                tags["neighbours"] = f"{nearest.k} of {len(nearest.demos)}"
            short_name = f"{prefix}{round_attribute(round_)}-{role}"
            yield short_name, prompt_template(messages, marks), tags


def tier_of(program: Cascade, predictor: str) -> Tier:
    """Return the tier that a predictor asks, by the predictor's name."""
    number, role = PredictorName.parse(predictor)
    spec = program.preset.rounds[number - 1]
    name = spec.planner if role == "planner" else spec.reasoner
    return program.team[name or spec.reasoner]


def select_predictors(program: Cascade, only: Iterable[str] = ()) -> list[str]:
    """Return the names of the predictors for which all conditions hold; all without a condition.

    Args:
        program: the cascade.
        only: a tier's name, `planner`, `reasoner`, or `round:N`.

    Raises:
        CopeError: for an unknown condition, or when no predictor is left.

    >>> select_predictors(Cascade("cope"), ["large", "planner"])
    ['round_2.planner.predict']
    """
    conditions = list(only)
    known = {*program.preset.tiers, "planner", "reasoner"}
    known.update(f"round:{number}" for number in range(1, len(program.preset.rounds) + 1))
    for condition in conditions:
        if condition not in known:
            raise CopeError(
                f"--only {condition} is not understood: give one of {', '.join(sorted(known))}"
            )
    selected = []
    for name, _ in program.named_predictors():
        number, role = PredictorName.parse(name)
        spec = program.preset.rounds[number - 1]
        tier = spec.planner if role == "planner" else spec.reasoner
        if {tier, role, f"round:{number}"}.issuperset(conditions):
            selected.append(name)
    if not selected:
        raise CopeError(
            f"no predictor is {' and '.join(conditions)} at once: give fewer conditions"
        )
    return selected

"""A program's prompts as plain data: what tells candidates apart, and what a program is made of again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import dspy

from ...errors import CopeError
from ...programs import Cascade
from ...programs.demonstrations import KNNDemos
from ...programs.demos import usable_demos, visible_fields
from ...programs.ensemble import Ensemble, Members, members_of
from ...programs.predictor_name import PredictorName, round_attribute
from ...tracking import prompt_template
from ...util.text import indented

_MEMBER_PREFIX = "peer_"  # before the names of a peer's predictors in a state


def predictor_state(predict: Any, nearest: Sequence[Any] = ()) -> dict[str, Any]:
    """Instructions and demonstrations of a predictor, those chosen for a question among them."""
    return {
        "instructions": predict.signature.instructions,
        "demos": visible_fields(predict, nearest),
    }


def prompt_state(program: Cascade) -> dict[str, dict[str, Any]]:
    """Instructions and demonstrations of all predictors, the frozen ones and those of peers too.

    A predictor of a peer has `peer_2.`, `peer_3.` and so on before its name: the program itself is the first.
    """
    state = {
        name: predictor_state(predict) for name, predict in dspy.Module.named_parameters(program)
    }
    for name, neighbours in program.knn_demos.items():
        state[name]["neighbours"] = neighbours.as_dict()
    for number, peer in enumerate(members_of(program)[1:], 2):
        state |= {
            f"{_MEMBER_PREFIX}{number}.{name}": plain for name, plain in prompt_state(peer).items()
        }
    return state


def with_prompts(program: Cascade, state: dict[str, dict[str, Any]]) -> Cascade:
    """A new program, like the given one but for its prompts."""
    kind = Ensemble if is_ensemble(state) else Cascade
    made = kind(
        program.preset,
        program.team,
        seed=program.seed,
        early_stop=program.early_stop,
        domain=program.domain,
        answer_kind=program.answer_kind,
        saved_kind=program.saved_kind,
        confidence=program.confidence,
    )
    apply_state(made, state)
    return made


def apply_state(program: Cascade, state: dict[str, dict[str, Any]]) -> None:
    """Put instructions and demonstrations in place. Signatures are made anew: InferRules writes into the class it finds."""
    for name, predict in dspy.Module.named_parameters(program):
        predict.signature = predict.signature.with_instructions(state[name]["instructions"])
        predict.demos = [dspy.Example(**demo) for demo in state[name]["demos"]]
    own = {name: plain for name, plain in state.items() if not name.startswith(_MEMBER_PREFIX)}
    program.knn_demos = {
        n: KNNDemos.from_dict(plain["neighbours"])
        for n, plain in own.items()
        if "neighbours" in plain
    }
    if isinstance(program, Ensemble):
        _apply_member_states(program, state)
    elif is_ensemble(state):
        raise TypeError("the prompts of an ensemble do not fit into a single cascade")


def _apply_member_states(program: Ensemble, state: dict[str, dict[str, Any]]) -> None:
    others: dict[str, dict[str, Any]] = {}
    for name, plain in state.items():
        if name.startswith(_MEMBER_PREFIX):
            peer, _, rest = name.partition(".")
            others.setdefault(peer, {})[rest] = plain
    members = []
    for number in range(2, 2 + len(others)):
        member = program.member()
        apply_state(member, others[f"{_MEMBER_PREFIX}{number}"])
        members.append(member)
    program.others = Members(members)


def ensemble_state(
    state: dict[str, dict[str, Any]], others: Sequence[dict[str, dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """The state of an ensemble that a program leads, others being its peers."""
    peers = (
        {f"{_MEMBER_PREFIX}{number}.{name}": plain for name, plain in other.items()}
        for number, other in enumerate(others, 2)
    )
    return {**state, **{name: plain for peer in peers for name, plain in peer.items()}}


def is_ensemble(state: Mapping[str, Any]) -> bool:
    """Whether a state is that of a program with peers."""
    return any(name.startswith(_MEMBER_PREFIX) for name in state)


def prompts_text(state: Mapping[str, Mapping[str, Any]]) -> str:
    """All instructions and demonstrations of a program, in full.

    Args:
        state: by predictor, as candidates have it.

    >>> print(prompts_text({"round_1.reasoner.predict": {"instructions": "Solve.", "demos": [{"answer": "4"}]}}))
    round_1.reasoner.predict
      Solve.
    <BLANKLINE>
      demonstration 1 of 1
        answer: 4
    """
    return "\n\n\n".join(_predictor(name, plain) for name, plain in state.items())


def _predictor(name: str, plain: Mapping[str, Any]) -> str:
    parts = [f"{name}\n{indented(plain['instructions'])}", *_demos("demonstration", plain["demos"])]
    if near := plain.get("neighbours"):
        parts.append(
            f"  each question is shown the {near['k']} nearest of {len(near['demos'])} demonstrations:"
        )
        parts += _demos("kept", near["demos"])
    return "\n\n".join(parts)


def _demos(word: str, demos: Any) -> Iterator[str]:
    for number, demo in enumerate(demos, 1):
        lines = (f"{field}: {value}" for field, value in demo.items() if field != "augmented")
        yield f"  {word} {number} of {len(demos)}\n{indented(chr(10).join(lines), '    ')}"


def templates(program: Cascade) -> Iterator[tuple[str, list[dict[str, str]], dict[str, str]]]:
    """What each predictor sends to its tier: instructions, demonstrations, and the question and plans as variables.

    Demonstrations that are chosen for each question are no part of it; a tag says how many there are.

    Returns:
        For each predictor, those of an ensemble's peers too: a short name, the messages, and what else there is to know.
    """
    for number, member in enumerate(members_of(program), 1):
        prefix = f"peer_{number}-" if number > 1 else ""
        for name, predict in member.named_predictors():
            round_, role = PredictorName.parse(name)
            spec = program.preset.rounds[round_ - 1]
            tier = program.team[(spec.planner if role == "planner" else spec.reasoner) or ""]
            signature: Any = predict.signature  # DSPy types it as an instance; it is a class
            # Characters for private use mark the variables: they are in no text.
            marks = {field: f"\ue000{field}\ue001" for field in signature.input_fields}
            messages = [
                {"role": message["role"], "content": str(message["content"])}
                for message in tier.adapter.format(signature, usable_demos(predict), marks)
            ]
            tags = {"tier": tier.name, "model": tier.model, "predictor": name}
            near = member.knn_demos.get(name)
            if near:
                tags["neighbours"] = f"{near.k} of {len(near.demos)}"
            yield (
                f"{prefix}{round_attribute(round_)}-{role}",
                prompt_template(messages, marks),
                tags,
            )


def select_predictors(program: Cascade, only: Iterable[str] = ()) -> list[str]:
    """Return the names of the predictors for which all conditions hold; all names without a condition.

    Args:
        program: the cascade.
        only: a tier's name, `planner`, `reasoner`, or `round:N`.

    Raises:
        CopeError: for a condition that is not understood, or when nothing is left.

    >>> select_predictors(Cascade("cope"), ["large", "planner"])
    ['round_2.planner.predict']
    """
    found = []
    for name, _ in program.named_predictors():
        number, role = PredictorName.parse(name)
        spec = program.preset.rounds[number - 1]
        tier = spec.planner if role == "planner" else spec.reasoner
        if all(want in (tier, role, f"round:{number}") for want in only):
            found.append(name)
    known = {
        *program.preset.tiers,
        "planner",
        "reasoner",
        *(f"round:{n + 1}" for n in range(len(program.preset.rounds))),
    }
    unknown = [want for want in only if want not in known]
    if unknown:
        raise CopeError(
            f"--only {unknown[0]} is not understood: give one of {', '.join(sorted(known))}"
        )
    if not found:
        raise CopeError(f"no predictor is {' and '.join(only)} at once: give fewer conditions")
    return found

"""A program's prompts as plain data: what tells candidates apart, and what a program is made of again."""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy

from ...programs import Cascade
from ...programs.demonstrations import Neighbours
from ...programs.demos import trimmed
from ...programs.ensemble import Ensemble, Members, members_of

_PEER = "peer_"  # before the names of a peer's predictors in a state


def plain_prompt(predict: Any, nearest: Sequence[Any] = ()) -> dict[str, Any]:
    """Instructions and demonstrations of a predictor, those chosen for a question among them."""
    return {"instructions": predict.signature.instructions, "demos": trimmed(predict, nearest)}


def state_of(program: Cascade) -> dict[str, dict[str, Any]]:
    """Instructions and demonstrations of all predictors, the frozen ones and those of peers too.

    A predictor of a peer has `peer_2.`, `peer_3.` and so on before its name: the program itself is the first.
    """
    state = {name: plain_prompt(predict) for name, predict in dspy.Module.named_parameters(program)}
    for name, neighbours in program.neighbours.items():
        state[name]["neighbours"] = neighbours.as_dict()
    for number, peer in enumerate(members_of(program)[1:], 2):
        state |= {f"{_PEER}{number}.{name}": plain for name, plain in state_of(peer).items()}
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
        confidence=program.confidence,
    )
    take(made, state)
    return made


def take(program: Cascade, state: dict[str, dict[str, Any]]) -> None:
    """Put instructions and demonstrations in place. Signatures are made anew: InferRules writes into the class it finds."""
    for name, predict in dspy.Module.named_parameters(program):
        predict.signature = predict.signature.with_instructions(state[name]["instructions"])
        predict.demos = [dspy.Example(**demo) for demo in state[name]["demos"]]
    own = {name: plain for name, plain in state.items() if not name.startswith(_PEER)}
    program.neighbours = {
        n: Neighbours.of(plain["neighbours"]) for n, plain in own.items() if "neighbours" in plain
    }
    if isinstance(program, Ensemble):
        _take_others(program, state)
    elif is_ensemble(state):
        raise TypeError("the prompts of an ensemble do not fit into a single cascade")


def _take_others(program: Ensemble, state: dict[str, dict[str, Any]]) -> None:
    others: dict[str, dict[str, Any]] = {}
    for name, plain in state.items():
        if name.startswith(_PEER):
            peer, _, rest = name.partition(".")
            others.setdefault(peer, {})[rest] = plain
    members = []
    for number in range(2, 2 + len(others)):
        member = program.member()
        take(member, others[f"{_PEER}{number}"])
        members.append(member)
    program.others = Members(members)


def beside(
    state: dict[str, dict[str, Any]], others: Sequence[dict[str, dict[str, Any]]]
) -> dict[str, dict[str, Any]]:
    """The state of an ensemble that a program leads, others being its peers."""
    peers = (
        {f"{_PEER}{number}.{name}": plain for name, plain in other.items()}
        for number, other in enumerate(others, 2)
    )
    return {**state, **{name: plain for peer in peers for name, plain in peer.items()}}


def is_ensemble(state: Mapping[str, Any]) -> bool:
    """Whether a state is that of a program with peers."""
    return any(name.startswith(_PEER) for name in state)

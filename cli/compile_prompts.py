"""The prompts of a compile in words: for a reader, and as templates for a registry of prompts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .program_text import indented

if TYPE_CHECKING:
    from ..programs import Cascade


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


def templates(program: "Cascade") -> Iterator[tuple[str, list[dict[str, str]], dict[str, str]]]:
    """What each predictor sends to its tier: instructions, demonstrations, and the question and plans as variables.

    Demonstrations that are chosen for each question are no part of it; a tag says how many there are.

    Returns:
        For each predictor, those of an ensemble's peers too: a short name, the messages, and what else there is to know.
    """
    from ..programs.demos import shown
    from ..programs.ensemble import members_of
    from ..tracking import template

    for number, member in enumerate(members_of(program), 1):
        for name, predict in member.named_predictors():
            round_, role = name.split(".")[:2]
            spec = program.preset.rounds[int(round_.removeprefix("round_")) - 1]
            tier = program.team[(spec.planner if role == "planner" else spec.reasoner) or ""]
            signature: Any = predict.signature  # DSPy types it as an instance; it is a class
            marks = {
                field: f"\ue000{field}\ue001" for field in signature.input_fields
            }  # for private use: in no text
            messages = tier.adapter.format(signature, shown(predict), marks)
            tags = {"tier": tier.name, "model": tier.model, "predictor": name}
            if near := member.neighbours.get(name):
                tags["neighbours"] = f"{near.k} of {len(near.demos)}"
            plain = [
                {"role": message["role"], "content": str(message["content"])}
                for message in messages
            ]
            yield (
                f"{f'peer_{number}-' if number > 1 else ''}{round_}-{role}",
                template(plain, marks),
                tags,
            )

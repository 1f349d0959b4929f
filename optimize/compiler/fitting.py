"""Whether a program's prompts fit the contexts of the tiers that they go to."""

from collections.abc import Callable, Sequence
from typing import Any

from ...programs import Cascade
from ...programs.demos import shown

_CHARS_A_TOKEN = 2.6
"""Below what models of today pack into a token of English or code (3 to 4), so that what seems to fit does fit."""


def fits(questions: Sequence[str]) -> Callable[[Cascade], str | None]:
    """A check of programs: it gives the reason why one is refused, None when all its prompts fit.

    A prompt is written out as the tier's adapter does it, with the demonstrations and the longest of the questions; what
    a reply may take is added.

    Args:
        questions: those that the program will be asked.
    """
    longest = max(questions, key=len, default="")

    def check(program: Cascade) -> str | None:
        for round_ in program.rounds():
            spec = round_.spec
            parts = (
                ("planner", spec.planner, round_.planner, spec.plan_max_tokens),
                ("reasoner", spec.reasoner, round_.reasoner, spec.max_tokens),
            )
            for role, name, module, reply in parts:
                if name is None or module is None:
                    continue
                tier, predict = program.team[name], module.predict
                if not tier.context_tokens:
                    continue
                reply = reply or tier.lm.kwargs.get("max_tokens") or 0
                signature: Any = predict.signature
                inputs = {
                    field: longest if field == "question" else "x" * 300
                    for field in signature.input_fields
                }
                neighbours = program.neighbours.get(f"round_{round_.number}.{role}.predict")
                demos = shown(predict, neighbours.longest() if neighbours else ())
                messages = tier.adapter.format(signature, demos, inputs)
                tokens = round(
                    sum(len(str(message["content"])) for message in messages) / _CHARS_A_TOKEN
                )
                if tokens + min(reply, tier.context_tokens // 4) > tier.context_tokens:
                    return (
                        f"a prompt of round {round_.number} has about {tokens} tokens, which with the reply do not fit "
                        f"{name}'s context of {tier.context_tokens}"
                    )
        return None

    return check

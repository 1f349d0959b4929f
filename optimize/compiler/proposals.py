"""Writers of GEPA's new instructions: DSPy's proposer, or added advice if a small model reflects.

A small model that is asked for a whole instruction writes one for the last example, or a remark on
the old instruction. If it is asked for a sentence of advice, it stays with the task, and the reply
format in the old instruction is not lost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dspy
from dspy.teleprompt.gepa import InstructionProposer
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError

from ...models.adapter import LeanAdapter
from ...models.engines.registry import is_local
from .proposer import ProposalStats

_REMARKS = ("instruction", "revised", "feedback", "the assistant", "the reply", "the response")
"""Words of a remark about the request, in place of advice for a reader of the instruction."""
_MAX_CHARS = 700  # of an example's input, reply or feedback: more would crowd out the others


class Advise(dspy.Signature):
    """An assistant answers many different questions of one kind. Below are its instruction and some of its replies with feedback.
    Find the mistake that would be the most useful to avoid in future, and write advice for the assistant against it: one or two
    sentences, addressed to the assistant, true for every question of the kind. Name no single question, number or answer."""  # noqa: E501

    instruction: str = dspy.InputField()
    replies: str = dspy.InputField(desc="replies with feedback")
    mistake: str = dspy.OutputField(desc="the mistake, in one sentence")
    advice: str = dspy.OutputField(
        desc="one or two sentences that begin with a verb, such as: Check ..., Write ..."
    )


class Advice:
    """Add advice to an instruction; of more than three pieces the oldest is replaced.

    Args:
        max_chars: the maximum length of an instruction.
        stats: counts advice that is not used.
    """

    def __init__(self, max_chars: int, stats: ProposalStats) -> None:
        self._max_chars, self._stats = max_chars, stats
        self._advise = dspy.Predict(Advise)

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Any],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """Return an instruction for each component; the old one without useful advice."""
        instructions = {}
        for name in components_to_update:
            examples = reflective_dataset.get(name) or []
            instructions[name] = self._with_advice(candidate[name], examples)
        return instructions

    def _with_advice(self, instruction: str, examples: Sequence[Mapping[str, Any]]) -> str:
        try:
            with dspy.context(adapter=LeanAdapter()):
                replies = "\n\n".join(map(_format_example, examples))
                reply: Any = self._advise(instruction=instruction, replies=replies)
            advice = clean_advice(str(reply.advice))
        except (ValueError, AdapterParseError):
            advice = ""
        except ContextWindowExceededError:  # counted as a failed request
            return instruction
        if not advice:
            self._stats.num_unused += 1
            return instruction
        first, *earlier = instruction.split("\n")
        new = "\n".join((first, *earlier[-2:], f"- {advice}"))
        if len(new) > self._max_chars or advice in instruction:
            return instruction
        return new


def clean_advice(advice: str) -> str:
    """Return advice as one line; empty for a remark about the request, cut-off text and code.

    >>> clean_advice("Check the order of the arguments.")
    'Check the order of the arguments.'
    >>> clean_advice("The instruction is clear. Here is the revised one:")
    ''
    """
    line = " ".join(advice.replace("**", "").split()).strip("-* ")
    lower = line.casefold()
    if "```" in advice or line.endswith(":") or any(word in lower for word in _REMARKS):
        return ""
    return line if 15 <= len(line) <= 400 else ""


def is_instruction(proposal: str) -> bool:
    """Return whether a small model's proposal is an instruction, and not the next program.

    >>> is_instruction("Write the function that the tests call.")
    True
    >>> is_instruction("```python\\ndef add(a, b):\\n    return a + b\\n```")
    False
    """
    if "```" in proposal:
        return False
    return not any(line.startswith(("def ", "import ", "class ")) for line in proposal.splitlines())


def _format_example(example: Mapping[str, Any]) -> str:
    question, reply = example["Inputs"], example["Generated Outputs"]
    lines = (
        f"Question: {_values_text(question)}",
        f"Reply: {_values_text(reply)}",
        f"Feedback: {_values_text(example['Feedback'])}",
    )
    return "\n".join(lines)


def _values_text(values: Any) -> str:
    """Return a text, or the values of a mapping, cut to a maximum length."""
    text = str(values)
    if isinstance(values, Mapping):
        text = "\n".join(str(value) for value in values.values())
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]} ..."


class Rewrite:
    """Let DSPy's proposer rewrite instructions, in the format of the lean adapter.

    A proposal that cannot be parsed, or is too long, is dropped.

    Args:
        max_chars: the maximum length of an instruction.
        stats: counts proposals that are not used.
    """

    def __init__(self, max_chars: int, stats: ProposalStats) -> None:
        self._stats = stats
        self._propose = InstructionProposer(max_chars=max_chars, adapter=LeanAdapter())

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Any],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """Return an instruction for each component; the old one when a proposal fails."""
        try:
            return self._propose(candidate, reflective_dataset, components_to_update)
        except (ValueError, AdapterParseError):
            self._stats.num_unused += 1
        except ContextWindowExceededError:  # counted as a failed request
            pass
        return {name: candidate[name] for name in components_to_update}


def instruction_proposer(model: str, max_chars: int, stats: ProposalStats) -> Advice | Rewrite:
    """Return the writer that suits a model: local models are small.

    >>> type(instruction_proposer("local/qwen2.5-coder-1.5b", 1500, ProposalStats())).__name__
    'Advice'
    """
    kind = Advice if is_local(model) else Rewrite
    return kind(max_chars, stats)

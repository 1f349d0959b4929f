"""How GEPA's new instructions are written: by DSPy's own proposer, or, where a small model reflects, as advice that is added.

A small model that is asked for a whole instruction writes one for the example that it was shown last, or a remark on the old one.
Asked for a sentence of advice it stays with the task, and the form of the reply that the instruction asks for is not lost.
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
"""Words of a remark about the task at hand, where advice for a reader of the instruction was asked for."""
_LONGEST = (
    700  # characters of an example's input, reply or feedback: more would crowd out the others
)


class Advise(dspy.Signature):
    """An assistant answers many different questions of one kind. Below are its instruction and some of its replies with feedback.
    Find the mistake that would be the most useful to avoid in future, and write advice for the assistant against it: one or two
    sentences, addressed to the assistant, true for every question of the kind. Name no single question, number or answer."""

    instruction: str = dspy.InputField()
    replies: str = dspy.InputField(desc="replies with feedback")
    mistake: str = dspy.OutputField(desc="the mistake, in one sentence")
    advice: str = dspy.OutputField(
        desc="one or two sentences that begin with a verb, such as: Check ..., Write ..."
    )


class Advice:
    """Adds advice to an instruction, the newest in place of an older one when there are three already.

    Args:
        most: characters that an instruction may have.
        proposed: told of advice that is not used.
    """

    def __init__(self, most: int, proposed: ProposalStats) -> None:
        self._most, self._proposed = most, proposed
        self._advise = dspy.Predict(Advise)

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Any],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """An instruction for each component; the old one where nothing useful was said."""
        return {
            name: self._one(candidate[name], reflective_dataset.get(name) or [])
            for name in components_to_update
        }

    def _one(self, instruction: str, examples: Sequence[Mapping[str, Any]]) -> str:
        try:
            with dspy.context(adapter=LeanAdapter()):
                made: Any = self._advise(
                    instruction=instruction, replies="\n\n".join(map(_written, examples))
                )
            advice = clean_advice(str(made.advice))
        except (ValueError, AdapterParseError):
            advice = ""
        except ContextWindowExceededError:  # a request that failed, and is told as such
            return instruction
        self._proposed.num_unused += not advice
        first, *earlier = instruction.split("\n")
        new = "\n".join((first, *earlier[-2:], f"- {advice}"))
        return (
            new if advice and len(new) <= self._most and advice not in instruction else instruction
        )


def clean_advice(advice: str) -> str:
    """The advice in a line; empty when it is a remark about the task at hand, cut off, or about code in a block.

    >>> clean_advice("Check the order of the arguments.")
    'Check the order of the arguments.'
    >>> clean_advice("The instruction is clear. Here is the revised one:")
    ''
    """
    line = " ".join(advice.replace("**", "").split()).strip("-* ")
    low = line.casefold()
    remark = "```" in advice or line.endswith(":") or any(word in low for word in _REMARKS)
    return "" if remark or not 15 <= len(line) <= 400 else line


def is_instruction(proposal: str) -> bool:
    """Whether a small model's proposal is an instruction: shown programs, a coder writes the next one instead.

    >>> is_instruction("Write the function that the tests call.")
    True
    >>> is_instruction("```python\\ndef add(a, b):\\n    return a + b\\n```")
    False
    """
    return "```" not in proposal and not any(
        line.startswith(("def ", "import ", "class ")) for line in proposal.splitlines()
    )


def _written(example: Mapping[str, Any]) -> str:
    outputs = example["Generated Outputs"]
    reply = (
        "\n".join(str(value) for value in outputs.values())
        if isinstance(outputs, Mapping)
        else str(outputs)
    )
    given = "\n".join(str(value) for value in example["Inputs"].values())
    return "\n".join(
        (
            f"Question: {_cut(given)}",
            f"Reply: {_cut(reply)}",
            f"Feedback: {_cut(str(example['Feedback']))}",
        )
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


class Rewrite:
    """DSPy's proposer in the words of the lean adapter. A proposal that cannot be read, or is too long, is none.

    Args:
        most: characters that an instruction may have.
        proposed: told of proposals that are not used.
    """

    def __init__(self, most: int, proposed: ProposalStats) -> None:
        self._proposed = proposed
        self._propose = InstructionProposer(max_chars=most, adapter=LeanAdapter())

    def __call__(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Any],
        components_to_update: list[str],
    ) -> dict[str, str]:
        try:
            return self._propose(candidate, reflective_dataset, components_to_update)
        except (ValueError, AdapterParseError):
            self._proposed.num_unused += 1
        except ContextWindowExceededError:  # a request that failed, and is told as such
            pass
        return {name: candidate[name] for name in components_to_update}


def instruction_proposer(model: str, most: int, proposed: ProposalStats) -> Any:
    """The way that suits a reflecting model: local ones are small.

    >>> type(instruction_proposer("local/qwen2.5-coder-1.5b", 1500, ProposalStats())).__name__
    'Advice'
    """
    return (Advice if is_local(model) else Rewrite)(most, proposed)

"""A signal: the few words that turn a solver onto the right path, in the round's token limit.

After "When Less is Enough", which trains a model to write such signals; here none is trained, and a
round's `plan_max_tokens` is the limit.
"""

import dspy

from .base import ANY_DOMAIN, PlanKind


class SignalPlan(dspy.Signature):
    """Write the few words that a weaker solver needs most: the key relation, rule or trap of this question. No sentence, no calculation and no result. Write "none" if the question needs no help."""  # noqa: E501

    question: str = dspy.InputField()
    signal: str = dspy.OutputField(desc='a few words, or "none"')


class CodeSignalPlan(dspy.Signature):
    """Write the few words that a weaker programmer needs most: the key operation, rule or trap of this task. No sentence and no code. Write "none" if the task needs no help."""  # noqa: E501

    question: str = dspy.InputField()
    signal: str = dspy.OutputField(desc='a few words, or "none"')


SIGNAL = PlanKind(
    name="signal",
    signatures={ANY_DOMAIN: SignalPlan, "code": CodeSignalPlan},
    descriptions={ANY_DOMAIN: "what matters most here"},
    use="mind the signal",
    stops={"paragraph": ("\n",), "steps": ("\n",)},
)

"""COPRO: instructions rewritten by trial."""

from typing import Any

import dspy
from dspy.signatures.signature import infer_prefix
from dspy.teleprompt import COPRO
from pydantic.fields import FieldInfo

from ..compiler.student import Student
from .base import Optimizer, OptimizerContext

_QUESTIONS = 24  # training questions that each candidate answers


class _LightCOPRO(COPRO):
    """COPRO with fields made anew for each candidate, and candidates that have an instruction.

    Pydantic keeps the former version of each field in the new one, and DSPy copies them all for
    each candidate. A small proposer often writes its instruction as the prefix of the last field
    and nothing else, which DSPy takes for no instruction; prompts show no prefixes.
    """

    def _set_signature(self, predictor: Any, updated_signature: type[dspy.Signature]) -> None:
        fields: dict[str, Any] = {}
        for name, field in updated_signature.fields.items():
            extra: Any = field.json_schema_extra
            fresh = FieldInfo(
                default=field.default,
                default_factory=field.default_factory,
                json_schema_extra=dict(extra),
            )
            fields[name] = field.annotation, fresh
        make_signature: Any = dspy.Signature
        instructions = updated_signature.instructions
        if instructions == make_signature(fields).instructions:  # DSPy's, where there is none
            name, (_, last) = list(fields.items())[-1]
            prefix = last.json_schema_extra["prefix"]
            if prefix != f"{infer_prefix(name)}:":
                instructions = prefix.strip("<> ")
        predictor.signature = make_signature(fields, instructions)


class COPROOptimizer(Optimizer):
    """Search instructions by breadth and depth: the best of several proposals lead to the next."""

    name = "copro"
    description = "instructions: proposed, scored on up to 24 training questions, proposed again"
    changes_instructions = True

    def min_questions(self, context: OptimizerContext) -> int:
        return 2 * _questions_each(context) + len(context.valset)

    def estimate_cost(self, context: OptimizerContext) -> tuple[int, int]:
        breadth, depth = _size(context)
        programs = breadth * depth
        if context.num_predictors > 1:
            # With several predictors DSPy scores all earlier instructions again at every depth.
            programs = programs * (depth + 1) // 2
        questions = programs * _questions_each(context) + len(context.valset)
        return questions, (breadth * depth - 1) * context.num_predictors

    def compile(self, context: OptimizerContext) -> Student:
        breadth, depth = _size(context)
        optimizer: Any = _LightCOPRO(
            prompt_model=context.proposer,
            metric=context.metric.score,
            breadth=breadth,
            depth=depth,
            init_temperature=1.0,
        )
        return optimizer.compile(
            context.student,
            trainset=context.trainset[:_QUESTIONS],
            eval_kwargs={"num_threads": context.num_threads, "display_progress": False},
        )


def _questions_each(context: OptimizerContext) -> int:
    """Return the questions of one candidate for every predictor."""
    return context.num_predictors * min(_QUESTIONS, len(context.trainset))


def _size(context: OptimizerContext) -> tuple[int, int]:
    """Return breadth and depth."""
    programs = context.num_candidates(12, questions_each=_questions_each(context))
    if programs < 4:
        return programs, 1
    return programs // 2, 2


OPTIMIZER = COPROOptimizer()

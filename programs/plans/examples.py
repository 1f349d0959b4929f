"""Examples: solved training questions that are most like the question, with their solutions.

The planner's demonstrations are the examples. `knn-few-shot` stores the training questions, of
which each question gets the nearest; `labeled-few-shot` gives all questions the same ones.
"""

from collections.abc import Mapping
from typing import Any

import dspy

from ...signatures.plans.base import ANY_DOMAIN, PlanKind, PlanRequest


class ExamplesPlan(dspy.Signature):
    """Solved questions, stored by a compile. No model is asked."""

    question: str = dspy.InputField()
    examples: str = dspy.OutputField(desc="solved questions that are alike")


def _examples(request: PlanRequest) -> str:
    parts: list[str] = []
    for example in request.examples:
        question, solution = example.get("question"), example.get("examples")
        if solution and question != request.question:
            parts.append(f"Question: {question}\nSolution: {solution}")
    return "\n\n".join(parts)


def row_solution(row: Mapping[str, Any]) -> str:
    """Return the solution of a row: its steps and its answer; a program stands alone."""
    if row.get("program"):
        return str(row["program"]).strip()
    found = [str(row[name]).strip() for name in ("reasoning", "answer") if row.get(name)]
    return "\n".join(found)


EXAMPLES = PlanKind(
    name="examples",
    signatures={ANY_DOMAIN: ExamplesPlan},
    descriptions={ANY_DOMAIN: "solved questions that are alike"},
    use="solve it as the examples are solved",
    make=_examples,
    from_row=row_solution,
)

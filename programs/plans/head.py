"""A head: the imports and the first line of the function, read from the visible test."""

from ...answers.code.function_head import function_head
from ...signatures.plans.base import PlanKind, PlanRequest


def _head(request: PlanRequest) -> str:
    inputs = request.inputs
    tests, name = inputs.get("tests"), inputs.get("entry_point")
    return function_head(
        request.question, None if tests is None else list(tests), inputs.get("setup") or "", name
    )


HEAD = PlanKind(
    name="head",
    signatures={},
    descriptions={"code": "how the program begins, with parameters to be renamed"},
    use="begin the function as the head does",
    make=_head,
)

"""A hint: the start of the planner's own answer, which the reasoner continues.

The planner answers with the reasoner's prompt, and its reply is cut after `hint_tokens` or
`hint_lines`. A later round that sees the hint continues the same text, so that its tokens are paid
once. After LLM Shepherding (arXiv 2601.22132), without a trained length.
"""

from .base import ANY_DOMAIN, PlanKind

HINT = PlanKind(
    name="hint",
    signatures={},
    descriptions={ANY_DOMAIN: "the start of a good solution"},
    use="continue the solution that the hint begins",
    stops={},
    use_as="prefix",
)

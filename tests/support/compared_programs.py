"""Programs that differ in instructions and demonstrations."""

import json
from pathlib import Path
from typing import Any

import dspy

from cope import Cascade, Team
from cope.models import ScriptedEngine


def demo(number: int, **more: Any) -> dict[str, Any]:
    """Return a demonstration of round 1 of plan-then-solve."""
    return {
        "question": f"{number} + 0?",
        "guideline": "Add.",
        "reasoning": "So.",
        "answer": str(number),
        **more,
    }


def save_program(
    name: str,
    preset: Any = "plan-then-solve",
    says: str | None = None,
    demos: Any = (),
    compiled: Any = None,
    **more: Any,
) -> str:
    """Save a program whose solver of round 1 has these instructions and demonstrations; return the file."""
    cascade = Cascade(
        preset, Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: "")), **more
    )
    solver = cascade.round_1.reasoner.predict
    solver.demos = [dspy.Example(**demo) for demo in demos]
    if says is not None:
        solver.signature = solver.signature.with_instructions(says)
    cascade.save(name)
    if compiled is not None:
        Path(name).write_text(
            json.dumps(json.loads(Path(name).read_text()) | {"compiled": compiled})
        )
    return name

"""A program file with demonstrations and the metadata of a compile."""

import json
from pathlib import Path

import dspy

from cope import Cascade, Team
from cope.models import ScriptedEngine

LONG = "Add the numbers. " * 40
COMPILED = {
    "optimizer": "gepa",
    "task": "gsm8k",
    "models": {"small": "local/tiny", "large": "openai/big"},
    "splits": {
        "train": {"n": 200, "fingerprint": "ab12"},
        "val": {"n": 100, "fingerprint": "cd34"},
    },
    "scores": {
        "before": {"accuracy": 0.41, "low": 0.32, "high": 0.51, "n": 100},
        "after": {"accuracy": 0.5, "low": None, "high": None, "n": 100},
    },
    "budget": {"calls": 2000, "tokens": 1234567, "usd": None, "seconds": 3725.2},
    "date": "2026-11-20",
    "version": "0.1.0",
    "note": ["kept", 1],
}


def write_program(path: Path) -> Path:
    """Write the program, and return its path."""
    cascade = Cascade("cope", Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: "")))
    solver = cascade.round_1.reasoner.predict
    solver.signature = solver.signature.with_instructions("First line.\n\nThen [bold]this\x1b[2J.")
    made = dspy.Example(
        question="1 + 1?", goal=LONG, reasoning="One.\nTwo.", answer="2", augmented=True
    )
    solver.demos = [made, dspy.Example(question="2 + 2?", answer="4", tests=["x"])]
    cascade.save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"compiled": COMPILED}))
    return path

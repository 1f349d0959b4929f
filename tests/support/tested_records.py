"""Records of programs that tests decide, made without a model: some tasks the small model solves now and then, others never."""

import random
from typing import Any

import pyarrow as pa

from cope import Preset
from cope.eval import Recording, RecordingManifest
from cope.eval.recording.schema import SCHEMA, RecordedProgram

SECONDS = {"small": 2.6, "large": 2.7}
"""Of model time, for a sample."""


def rounds(samples: int = 8, give_up: str | None = None) -> list[dict[str, Any]]:
    drawn: dict[str, Any] = {"reasoner": "small", "samples": samples, "temperature": 0.8}
    if give_up is not None:
        drawn["give_up"] = give_up
    return [drawn | {"threshold": 1.0}, drawn | {"threshold": 1.0}, {"reasoner": "large"}]


def program_record(
    tasks: int, seed: int = 0, never: tuple[float, float] = (0.55, 0.8), passes: float = 0.55
) -> Recording:
    """Return the record of two rounds of the small tier, the large one, and the large one alone.

    Args:
        tasks: number of questions.
        seed: of the draws.
        never: the share of the tasks that no sample of the first round, and of the second, can pass.
        passes: how often a sample passes where one can.
    """
    draw, rows = random.Random(seed), []
    cascade = Preset.model_validate({"name": "tested", "rounds": rounds()})
    alone = Preset.model_validate({"name": "large", "rounds": [{"reasoner": "large"}]})
    for number in range(tasks):
        about = {
            "key": f"k{number}",
            "id": f"t{number}",
            "question": f"Task {number}.",
            "gold": "p",
        }
        large = draw.random() < 0.57
        for preset in (cascade, alone):
            for place, spec in enumerate(preset.rounds):
                is_large = spec.reasoner == "large"
                chance = 0.0
                if not is_large and draw.random() >= never[place]:
                    chance = passes
                for sample in range(spec.samples):
                    passed = large if is_large else draw.random() < chance
                    right = large if is_large else passed and draw.random() < 0.9
                    columns = {
                        "preset": preset.name,
                        "round": place + 1,
                        "sample": sample,
                        "confidence": "tests",
                        "answer": f"program {draw.random()}",
                        "ballot": "passes all 1" if passed else "passes 0 of 1",
                        "vote": int(passed),
                        "vote_doubtful": False,
                        "score": float(right),
                        "tests_passed": int(passed),
                        "tests_total": 1,
                        "plan_calls": 0,
                        "handed_on": False,
                        "reason_calls": 1,
                        "reason_prompt_tokens": 100,
                        "reason_completion_tokens": 80,
                        "reason_machine_seconds": SECONDS[spec.reasoner],
                    }
                    rows.append(about | columns)
    programs: list[RecordedProgram] = []
    for preset in (cascade, alone):
        plain = preset.model_dump(mode="json", exclude_defaults=True)
        programs.append({"name": preset.name, "preset": plain, "digest": "", "state": None})
    manifest = RecordingManifest(
        "made-up", {"small": "a", "large": "b"}, programs, 0, tasks, "", "code", source="imported"
    )
    return Recording(manifest, pa.Table.from_pylist(rows, SCHEMA))

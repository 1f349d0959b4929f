"""Records of many questions, quickly made: samples as others publish them, imported."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cope.eval import Recording, import_samples, write_recording


def published(
    where: Path, questions: int = 400, seed: int = 0, samples: int = 4, **row: Any
) -> Path:
    """JSON lines in which the small model's votes agree the more the easier a question is; the large one is mostly right."""
    rng, file = np.random.default_rng(seed), where / "samples.jsonl"
    with file.open("w") as lines:
        for n in range(questions):
            easy = rng.beta(1.5, 0.7)
            wrong = ["3", "3", "3", "4", "5"]  # wrong answers agree, too
            small = [
                {"answer": "7" if rng.random() < easy else str(rng.choice(wrong))}
                for _ in range(samples)
            ]
            large = [{"answer": "7" if rng.random() < 0.8 + 0.2 * easy else "0"}]
            more = {name: value(n) for name, value in row.items()}
            made = {
                "id": f"q{n}",
                "question": f"Question {n}?",
                "gold": "7",
                "samples": {"s": small, "l": large},
                **more,
            }
            lines.write(json.dumps(made) + "\n")
    return file


def imported(
    where: Path, questions: int = 400, seed: int = 0, group: str | None = None, **row: Any
) -> Recording:
    """Return a record of such samples, also as a file `r.parquet` there."""
    if row or group:
        return record_of(published(where, questions, seed, **row), group)
    for name, content in _files(questions, seed).items():
        (where / name).write_bytes(content)
    return Recording.open(where / "r.parquet")


@cache
def _files(questions: int, seed: int) -> dict[str, bytes]:
    """Return samples and their record, which many tests begin with."""
    with TemporaryDirectory() as folder:
        where = Path(folder)
        record_of(published(where, questions, seed))
        return {name: (where / name).read_bytes() for name in ("samples.jsonl", "r.parquet")}


def lossless(where: Path, questions: int) -> Recording:
    """Return a record in which both models are right on all questions."""
    file = published(where, questions)
    rows = [json.loads(line) for line in file.open()]
    for row in rows:
        row["samples"] = {"s": [{"answer": "7"}] * 3, "l": [{"answer": "7"}]}
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return record_of(file)


def record_of(file: Path, group: str | None = None) -> Recording:
    """Import samples, and write the record to `r.parquet` in the same folder."""
    where = file.parent
    made = import_samples(file, {"small": "s", "large": "l"}, group=group)
    write_recording(where / "r.parquet", made.manifest, made.rows)
    return Recording.open(where / "r.parquet")

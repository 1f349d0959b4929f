"""The command `cope compare` on eight questions with scripted models."""

import json
from pathlib import Path
from typing import Any

from cope.util.files import read_jsonl
from support.record_command import done

DATA = ("jsonl", "--data", "q.jsonl")
COMPARE = ("compare", *DATA, "--no-track")
FIGURES = ("systems", "against", "by", "groups", "comparisons", "beside", "price_ratio_of")


def write_inputs(folder: Path) -> None:
    """Write questions of four books, and a preset of the name of a bundled one."""
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1, "book": n // 2} for n in range(8)]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "my.toml").write_text('name = "small"\n[[rounds]]\nreasoner = "small"\n')


def told(*words: str) -> dict[str, Any]:
    return json.loads(done(*words, "--json").stdout)


def untimed(value: Any) -> Any:
    """Without what the clock says."""
    if isinstance(value, dict):
        return {name: untimed(inner) for name, inner in value.items() if name != "seconds"}
    return [untimed(inner) for inner in value] if isinstance(value, list) else value


def records(folder: Path) -> dict[str, Any]:
    """A run's records without what the clock says."""
    found = {}
    for line in read_jsonl(folder / "records.jsonl"):
        line["usage"] = [
            {k: v for k, v in row.items() if "seconds" not in k} for row in line["usage"]
        ]
        line["rounds"] = [
            {k: v for k, v in round_.items() if k != "seconds"} for round_ in line["rounds"]
        ]
        found[line["key"]] = {**line, "seconds": None}
    return found

"""Is a plan of the large model worth more than another small sample, or than the large answer?

Every kind of plan is used on the same questions: those that the small model leaves open. For
programs these fail the visible test; for short answers three samples do not agree. Three systems
share the calls of the first round and of the large model, and differ in what follows:

    again   the small model answers once more, without a plan
    large   the large model answers
    KIND    the large model writes a plan, and the small model answers with it

A kind is compared with `again`, and with the mixture of `again` and `large` that takes as many
tokens of the large model. Only a kind above this mixture pays.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from _shared import finish, run, say

HEADER = (
    "kind", "accuracy", "95%", "against again", "95%", "large tokens", "plan / answer",
    "against the mixture", "95%",
)  # fmt: skip
KINDS = {
    "goal": {},
    "guideline": {},
    "steps": {},
    "signal": {"plan_max_tokens": 15},
    "diagnosis": {"plan_max_tokens": 40},
    "hint": {"hint_tokens": 20},
}
"""The kinds that a model writes for a prompt, with the settings of their round."""
CODE_KINDS = {"head": {}}


def main() -> None:
    options, team = _options()
    kinds = KINDS | CODE_KINDS if options.code else KINDS
    chosen = options.kinds.split(",") if options.kinds else list(kinds)
    folder = Path(options.runs) / "presets"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[Any]] = []
    notes: list[str] = []
    for kind in chosen:
        say(f"{options.task}: {kind}")
        names = ["again", "large-second", f"plan-{kind}"]
        second = {
            "again": {"reasoner": "small"},
            "large-second": {"reasoner": "large"},
            f"plan-{kind}": plan_round(kind, kinds[kind]),
        }
        files = [write_preset(folder, name, second[name], options.code) for name in names]
        document = compare(options, team, files)
        if not rows:
            rows += [system_row(document, name) for name in names[:2]]
        rows.append(system_row(document, names[2]))
        notes += [f"{kind}: {document['stopped']}"] if document["stopped"] else []
    finish(options.json, HEADER, rows, notes)


def plan_round(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the second round with a plan."""
    if kind == "head":
        return {"reasoner": "small", "plan": kind, "sees": [2]}
    return {"reasoner": "small", "planner": "large", "plan": kind, "sees": [2], **settings}


def write_preset(folder: Path, name: str, second: dict[str, Any], code: bool) -> Path:
    """Write a preset of two rounds: the small model, then what is given."""
    first: dict[str, Any] = {"reasoner": "small", "threshold": 1.0}
    if not code:
        first |= {"samples": 3, "temperature": 0.8}
    if name == "again" and code:
        second = second | {"temperature": 0.8}  # greedy, it repeats the first program
    lines = [f'name = "{name}"']
    for round_ in (first, second):
        lines += ["", "[[rounds]]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in round_.items()]
    file = folder / f"{name}.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def compare(options: Any, team: list[str], files: list[Path]) -> dict[str, Any]:
    """Compare the presets, and return the document of `cope compare --json`."""
    program = str(Path(sys.executable).with_name("cope"))
    command = [program, "compare", options.task, "--presets", ",".join(map(str, files))]
    command += ["--against", "again", "--by", "large-tokens", "--runs", options.runs, "--no-track"]
    command += ["--json", *team]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"error: cope compare ended with code {done.returncode}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def system_row(document: dict[str, Any], name: str) -> list[Any]:
    """Return the row of a system: what it answers, and what its plans are worth."""
    system = document["systems"][name]
    row: list[Any] = [name, percent(system["accuracy"]), span(*system["interval"])]
    against = [one for one in document["comparisons"] if one["system"] == name]
    row += estimate(against[0]["difference"]) if against else ["", ""]
    row.append(system["costs"]["large-tokens"])
    share = document["plans"].get(name)
    row.append(f"{share['share']:.0%}" if share else "")
    above = document["envelope"]["systems"].get(name) if name.startswith("plan-") else None
    return row + (estimate(above["gain"]) if above else ["", ""])


def estimate(found: dict[str, float]) -> list[str]:
    """Return a difference in points and its interval."""
    return [f"{found['value'] * 100:+.1f}", span(found["low"], found["high"], signed=True)]


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{share:.1%}"


def span(low: float, high: float, signed: bool = False) -> str:
    """Return an interval in points."""
    sign = "+" if signed else ""
    return f"{low * 100:{sign}.1f} to {high * 100:{sign}.1f}"


def _options() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Other options go to cope compare, such as --data, --limit or --weights.",
    )
    parser.add_argument("task", help="a task of cope compare, such as gsm8k or mbpp")
    parser.add_argument("--code", action="store_true", help="the answers are programs")
    parser.add_argument("--kinds", help="kinds of plans, separated by commas; all by default")
    parser.add_argument("--runs", default=".cope/plans", help="folder of the runs, which resume")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_known_args()


if __name__ == "__main__":
    run(main)

"""Is a plan of the large model worth more than another small sample, or than the large answer?

Every kind of plan is used on the same questions: those that the small model leaves open. For
programs these fail the visible test; for short answers three samples do not agree. Three systems
share the calls of the first round and of the large model, and differ in what follows:

    again   the small model answers once more, without a plan
    large   the large model answers
    KIND    the small model answers with a plan, which the large model writes

A kind is compared with `again`, and with the mixture of `again` and `large` that takes as many
tokens of the large model. Only a kind above this mixture pays.

`tests` choose among several programs, so `again` has as many there. The plans of `examples` and
`blueprint` are written by a compile on other questions, so these kinds need `--compile`, and are
compared where it finds a plan that is better on its validation questions:

    plans.py mbpp --code --kinds blueprint --compile '--train 40 --val 40' --weights DIR
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from _shared import finish, run, say

HEADER = (
    "kind", "accuracy", "accuracy, 95%", "against again", "against again, 95%", "large tokens",
    "plan / answer", "against the mixture", "against the mixture, 95%",
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
CODE_KINDS = {
    "head": {},
    "tests": {"plan_max_tokens": 60, "samples": 4, "temperature": 0.8},
}
COMPILED_KINDS = {"examples": "knn-few-shot", "blueprint": "blueprint"}
"""The kinds whose plans a compile writes, with the optimizers that do."""
UNPLANNED = ("head", *COMPILED_KINDS)
"""The kinds that no model is asked for while questions are answered."""


def main() -> None:
    options, team = _options()
    kinds: dict[str, dict[str, Any]] = KINDS | CODE_KINDS if options.code else KINDS
    if options.compile is not None:
        kinds = kinds | {kind: {} for kind in COMPILED_KINDS}
    chosen = options.kinds.split(",") if options.kinds else list(kinds)
    unknown = [kind for kind in chosen if kind not in kinds]
    if unknown:
        sys.exit(
            f"error: cannot measure {', '.join(unknown)} here; the kinds are: {', '.join(kinds)}"
        )
    folder = Path(options.runs) / "presets"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[Any]] = []
    notes: list[str] = []
    for kind in chosen:
        say(f"{options.task}: {kind}")
        seconds = second_rounds(kind, kinds[kind])
        files = [write_preset(folder, name, seconds[name], options.code) for name in seconds]
        if kind in COMPILED_KINDS:
            files[-1] = compiled(options, team, files[-1], COMPILED_KINDS[kind])
            if is_unchanged(files[-1]):
                notes.append(f"{kind}: not compared, because its compile found nothing better")
                continue
        document = compare(options, team, files)
        measured = {row[0] for row in rows}
        rows += [system_row(document, name) for name in seconds if name not in measured]
        notes += [f"{kind}: {document['stopped']}"] if document["stopped"] else []
    finish(options.json, HEADER, rows, notes)


def second_rounds(kind: str, settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the second rounds that are compared, by the names of their systems.

    Args:
        kind: the kind of plan.
        settings: those of its round. Where it draws several samples, so does `again`.
    """
    again: dict[str, Any] = {"reasoner": "small"}
    name = "again"
    if "samples" in settings:
        again |= {"samples": settings["samples"], "temperature": settings["temperature"]}
        name = f"again-{settings['samples']}"
    planned: dict[str, Any] = {"reasoner": "small", "plan": kind, "sees": [2]}
    if kind not in UNPLANNED:
        planned["planner"] = "large"
    return {name: again, "large-second": {"reasoner": "large"}, f"plan-{kind}": planned | settings}


def write_preset(folder: Path, name: str, second: dict[str, Any], code: bool) -> Path:
    """Write a preset of two rounds: the small model, then what is given."""
    first: dict[str, Any] = {"reasoner": "small", "threshold": 1.0}
    if not code:
        first |= {"samples": 3, "temperature": 0.8}
    if code and second == {"reasoner": "small"}:
        second = second | {"temperature": 0.8}  # greedy, it repeats the first program
    lines = [f'name = "{name}"']
    for round_ in (first, second):
        lines += ["", "[[rounds]]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in round_.items()]
    file = folder / f"{name}.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


def compiled(options: Any, team: list[str], preset: Path, optimizer: str) -> Path:
    """Compile a preset, unless that was done already, and return the file of the program."""
    file = preset.with_suffix(".json")
    if not file.exists():
        arguments = ["compile", options.task, "--preset", str(preset), "--optimizer", optimizer]
        arguments += ["--only", "round:2", "--no-track", "--yes", "-o", str(file)]
        cope([*arguments, *team, *shlex.split(options.compile)])
    return file


def is_unchanged(program: Path) -> bool:
    """Return whether a compile kept the program as it was, which has no plan."""
    scores = json.loads(program.read_text())["compiled"]["scores"]
    return bool(scores["before"] == scores["after"])


def compare(options: Any, team: list[str], files: list[Path]) -> dict[str, Any]:
    """Compare presets and programs, and return the document of `cope compare --json`."""
    presets = [str(file) for file in files if file.suffix == ".toml"]
    programs = [str(file) for file in files if file.suffix == ".json"]
    arguments = ["compare", options.task, "--presets", ",".join(presets)]
    if programs:
        arguments += ["--programs", ",".join(programs)]
    arguments += ["--against", files[0].stem, "--by", "large-tokens", "--runs", options.runs]
    for name in ("limit", "questions"):
        value = getattr(options, name)
        if value:
            arguments += [f"--{name}", value]
    document: dict[str, Any] = json.loads(cope([*arguments, "--no-track", "--json", *team]))
    return document


def cope(arguments: list[str]) -> str:
    """Run a command of COPE, and return what it prints."""
    program = str(Path(sys.executable).with_name("cope"))
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"error: cope {arguments[0]} ended with code {done.returncode}")
    return done.stdout


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
        epilog="Other options go to cope compare and compile, such as --data or --weights.",
    )
    parser.add_argument("task", help="a task of cope compare, such as gsm8k or mbpp")
    parser.add_argument("--code", action="store_true", help="the answers are programs")
    parser.add_argument("--kinds", help="kinds of plans, separated by commas; all by default")
    parser.add_argument("--limit", metavar="N", help="compare on the first N questions")
    parser.add_argument("--questions", metavar="N", help="questions of a comparison in parallel")
    parser.add_argument(
        "--compile", metavar="OPTIONS", help="options of cope compile, for examples and blueprint"
    )
    parser.add_argument("--runs", default=".cope/plans", help="folder of the runs, which resume")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_known_args()


if __name__ == "__main__":
    run(main)

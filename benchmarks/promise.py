"""Does a calibrated promise hold on a record, and what does it save? No model is asked.

The record's questions are split in two at random, many times. A cascade is calibrated on the one half, which itself is split
into a half that orders the settings and one that tests them, and what was chosen is looked at on the other.
"""

import argparse
import statistics
from typing import Any

from _shared import finish, run, say

HEADER = ("", "accuracy", "calls to the large tier", "lost")


def main() -> None:
    options = _options()
    import numpy as np

    from cope.eval import Recording, Replay
    from cope.optimize.calibration import Aim, calibrate
    from cope.optimize.calibration.halves import halve
    from cope.optimize.calibration.losses import large_alone

    record = Recording.open(options.record)
    large = large_alone(record).outcomes().score >= 1.0
    small = Replay(record).scores[:, 0] >= 1.0
    rows = []
    for seed in range(options.splits):
        halves = halve(record.keys, record.groups, seed)
        aim = Aim(options.harm, options.delta, minimize="large-calls", seed=seed)
        found = calibrate(record, aim, rows=halves.learn.rows)
        outcomes = found.replay.outcomes() if found.replay else None
        right = outcomes.score >= 1.0 if outcomes else large
        calls = outcomes.spent["large", "calls"] if outcomes else np.ones(len(record))
        lost, held = large & ~right, halves.test.rows
        rows.append(
            {
                "chosen": found.setting is not None,
                "accuracy": right[held].mean(), "calls": calls[held].mean(), "lost": lost[held].mean(),
                "lost_of_all": lost.mean(), "large": large[held].mean(), "small": small[held].mean(),
                "either": (large | small)[held].mean(), "needed": (large & ~small)[held].mean(),
            }
        )  # fmt: skip
        if (seed + 1) % 50 == 0:
            say(f"{seed + 1} of {options.splits} splits")
    _report(options, rows)


def _report(options: Any, rows: list[dict[str, float]]) -> None:
    def mean(name: str) -> float:
        return statistics.fmean(float(row[name]) for row in rows)

    at_random = statistics.fmean(r["calls"] * r["large"] + (1 - r["calls"]) * r["small"] for r in rows)
    table = [
        ("calibrated cascade", *(f"{mean(name):.1%}" for name in ("accuracy", "calls", "lost"))),
        ("large alone", f"{mean('large'):.1%}", "100.0%", "0.0%"),
        ("small alone, all votes", f"{mean('small'):.1%}", "0.0%", f"{mean('needed'):.1%}"),
        ("random router, as many calls", f"{at_random:.1%}", f"{mean('calls'):.1%}", ""),
        ("oracle", f"{mean('either'):.1%}", f"{mean('needed'):.1%}", "0.0%"),
    ]
    n = len(rows)
    broken, met = (sum(r[name] > options.harm for r in rows) for name in ("lost_of_all", "lost"))
    chosen, level = sum(bool(r["chosen"]) for r in rows), sum(r["accuracy"] >= r["large"] for r in rows)
    kept = [
        f"promise: at most {options.harm:.1%} lost, with {1 - options.delta:.0%} confidence; a setting was chosen in {chosen} of "
        f"{n} splits",
        f"more than promised was lost on all questions of the record in {broken} of {n} splits (allowed {options.delta:.0%}), on "
        f"the half not calibrated on in {met} (its own sampling error comes on top)",
        f"at least the accuracy of large alone on the half not calibrated on in {level} of {n}",
    ]
    finish(options.json, HEADER, table, kept)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", help="a file of cope record or cope import")
    parser.add_argument("--harm", type=float, default=0.05, help="questions that may be lost, at most (%(default)s)")
    parser.add_argument("--delta", type=float, default=0.1, help="chance of a broken promise, at most (%(default)s)")
    parser.add_argument("--splits", type=int, default=200, help="random splits (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)

"""Does the guarantee of a calibration hold on a record, and what does it save? No model is called.

The record's questions are split in two at random, many times. A cascade is calibrated on one half,
which is split again into a half that orders the settings and one that tests them; the chosen
setting is evaluated on the other half. A router that sees only the question's text is trained on
the same half, and sends as many questions to the large model as the cascade.

Each question counts with its mean over the splits in which it was held out. Intervals are those of
a bootstrap over questions.
"""

import argparse
from typing import Any

import numpy as np
from _router import chance_right, sent
from _shared import finish, run, say

HEADER = ("", "accuracy", "95%", "calls to the large tier", "lost")


def main() -> None:
    options = _options()
    from cope.eval import Recording, Replay
    from cope.optimize.calibration import CalibrationTarget, calibrate
    from cope.optimize.calibration.losses import last_tier_alone
    from cope.optimize.calibration.split import split_in_half
    from cope.stats.clustered import group_labels

    record = Recording.open(options.record)
    large = last_tier_alone(record).outcomes().score >= 1.0
    small = Replay(record).scores[:, 0] >= 1.0
    texts, splits = np.array(record.questions, dtype=object), []
    held_out = HeldOut(len(record))
    for seed in range(options.splits):
        halves = split_in_half(record.keys, record.groups, seed)
        aim = CalibrationTarget(
            options.harm,
            options.delta,
            minimize="large-calls",
            seed=seed,
            sequence=options.sequence,
        )
        found = calibrate(record, aim, rows=halves.learn.rows)
        outcomes = found.replay.outcomes() if found.replay else None
        right = outcomes.score >= 1.0 if outcomes else large
        calls = outcomes.usage["large", "calls"] if outcomes else np.ones(len(record))
        lost, learn, held = large & ~right, halves.learn.rows, halves.test.rows
        share = min(1.0, float(calls[held].mean()))
        to_large = sent(chance_right(texts[learn], small[learn], texts[held]), share, seed)
        routed = np.where(to_large, large[held], small[held])
        held_out.add(
            held,
            cascade=right[held],
            calls=calls[held],
            lost=lost[held],
            large=large[held],
            small=small[held],
            router=routed,
            router_calls=to_large,
            router_lost=large[held] & ~routed,
            random=share * large[held] + (1 - share) * small[held],
            oracle=(large | small)[held],
            needed=(large & ~small)[held],
        )
        splits.append(
            {
                "chosen": found.setting is not None,
                "lost": lost[held].mean() > options.harm,
                "lost_of_all": lost.mean() > options.harm,
                "level": right[held].mean() >= large[held].mean(),
            }
        )
        if (seed + 1) % 50 == 0:
            say(f"{seed + 1} of {options.splits} splits")
    _report(options, held_out, splits, group_labels(record.keys, record.group_by_key))


class HeldOut:
    """Means of each question's results over the splits in which it was held out."""

    def __init__(self, questions: int) -> None:
        self._count, self._sums = np.zeros(questions), dict[str, Any]()

    def add(self, held: Any, **values: Any) -> None:
        """Add a split: the indices of its held-out questions, and by name a value for each."""
        self._count[held] += 1
        for name, value in values.items():
            self._sums.setdefault(name, np.zeros(len(self._count)))[held] += value

    def columns(self) -> dict[str, Any]:
        """Return the means by name; 0 where `n` is 0, for questions that were never held out."""
        count = np.maximum(self._count, 1)
        columns = {name: sums / count for name, sums in self._sums.items()}
        columns["n"] = (self._count > 0).astype(float)
        return columns


def _report(options: Any, held_out: HeldOut, splits: list[dict[str, Any]], groups: Any) -> None:
    from cope.stats.bootstrap import resample

    sums = resample(held_out.columns(), groups)

    def mean(name: str) -> str:
        return f"{sums.total[name] / sums.total['n']:.1%}"

    def accuracy(name: str) -> tuple[str, str]:
        one = sums.estimate(lambda s: s[name] / s["n"])
        return f"{one.value:.1%}", f"{100 * one.low:.1f} to {100 * one.high:.1f}"

    def above(name: str) -> str:
        one = sums.estimate(lambda s: (s["cascade"] - s[name]) / s["n"]).scaled(100)
        return f"{one.value:+.1f} points ({one.low:+.1f} to {one.high:+.1f})"

    table = [
        ("calibrated cascade", *accuracy("cascade"), mean("calls"), mean("lost")),
        ("large alone", *accuracy("large"), "100.0%", "0.0%"),
        ("small alone, all votes", *accuracy("small"), "0.0%", mean("needed")),
        (
            "router on the text, as many calls",
            *accuracy("router"),
            mean("router_calls"),
            mean("router_lost"),
        ),
        ("random, as many calls", *accuracy("random"), mean("calls"), ""),
        ("oracle", *accuracy("oracle"), mean("needed"), "0.0%"),
    ]
    n, count = len(splits), {name: sum(bool(split[name]) for split in splits) for name in splits[0]}
    kept = [
        f"above the router on the text: {above('router')}",
        f"above random: {above('random')}",
        f"above large alone: {above('large')}",
        f"guarantee: at most {options.harm:.1%} lost, with {1 - options.delta:.0%} confidence; "
        f"a setting was chosen in {count['chosen']} of {n} splits",
        f"more was lost on all questions of the record in {count['lost_of_all']} of {n} splits "
        f"(allowed {options.delta:.0%}), on the held-out half in {count['lost']} "
        "(which adds its own sampling error)",
        f"at least the accuracy of large alone on the held-out half in {count['level']} of {n}",
    ]
    finish(options.json, HEADER, table, kept)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", help="a file of cope record or cope import")
    parser.add_argument(
        "--harm", type=float, default=0.05, help="largest share of lost questions (%(default)s)"
    )
    parser.add_argument(
        "--delta", type=float, default=0.1, help="1 minus the confidence (%(default)s)"
    )
    parser.add_argument("--sequence", default="auto", help="auto, monotone or split (%(default)s)")
    parser.add_argument("--splits", type=int, default=200, help="random splits (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    run(main)

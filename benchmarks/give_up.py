"""What does leaving a round that will not succeed save on published samples, and what does it lose?

The samples of one or several models vote in the first round, and one answer of a large model comes
after it. The sources tell no time, so a sample of the small models counts 1, and an answer of the
large one as much as is given. Every question is decided by states that were learned from others.

A record of `cope record` is used as it is, and the seconds of the machine count.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _shared import finish, run, say

HEADER = (
    "large / small", "lost at most", "samples", "samples, left", "use", "use, left", "saved",
    "saved, 95%", "asked of large", "asked, left", "accuracy", "accuracy, left", "difference",
    "difference, 95%",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", help="JSON lines with samples by model, as for cope import; or a record (.parquet)"
    )
    parser.add_argument("--small", help="models whose samples vote: A,B")
    parser.add_argument("--large", help="the model that answers the rest")
    parser.add_argument("--variant", help="of the large model's samples (its first one)")
    parser.add_argument("--threshold", type=float, default=0.75, help="of each round (0.75)")
    parser.add_argument("--ratios", default="1,3,20", help="use of a large answer (1,3,20)")
    parser.add_argument("--harm", default="0.005,0.02", help="share that may be lost (0.005,0.02)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    if args.file.endswith(".parquet"):
        return _finish_record(args)
    if not args.small or not args.large:
        parser.error("samples need --small and --large")
    with tempfile.TemporaryDirectory() as folder:
        record = _record(args, Path(folder))
        rows = []
        for ratio in _numbers(args.ratios):
            for harm in _numbers(args.harm):
                say(f"a large answer uses {ratio:g}, {harm:g} of the questions may be lost")
                rows.append(_row(_replay(record, args.threshold, ratio), ratio, harm, "cost"))
    finish(args.json, HEADER, rows, [f"{record.manifest.questions} questions"])


def _finish_record(args: argparse.Namespace) -> None:
    """Print what the rule saves of the seconds of a record."""
    from cope.eval import Recording, Replay

    record = Recording.open(args.file)
    gates = sum(one.threshold is not None for one in Replay(record).preset.rounds)
    replay = Replay(record, thresholds=(args.threshold,) * gates)
    rows = [_row(replay, "", harm, "seconds") for harm in _numbers(args.harm)]
    finish(args.json, HEADER, rows, [f"{record.manifest.questions} questions; use is seconds"])


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _record(args: argparse.Namespace, folder: Path) -> Any:
    """Import the questions that have all samples, those of the small models as one model's."""
    from cope.eval import Recording, import_samples, write_recording

    pooled, sizes = [], []
    for line in Path(args.file).read_text().splitlines():
        row = json.loads(line)
        small: list[dict[str, Any]] = []
        for model in args.small.split(","):
            small += [_sample(one, model) for one in row["samples"].get(model, [])]
        large = [_sample(one, "") for one in row["samples"].get(args.large, [])]
        chosen = [one for one in large if args.variant in (None, one["variant"])][:1]
        pooled.append(row | {"samples": {"small": small, "large": chosen}})
        sizes.append((len(small), len(chosen)))
    whole = max(sizes)
    file = folder / "samples.jsonl"
    kept = [json.dumps(row) for row, size in zip(pooled, sizes, strict=True) if size == whole]
    file.write_text("\n".join(kept))
    made = import_samples(file, {"small": "small", "large": "large"})
    write_recording(folder / "record.parquet", made.manifest, made.rows)
    return Recording.open(folder / "record.parquet")


def _sample(sample: dict[str, Any], model: str) -> dict[str, Any]:
    variant = f"{model} {sample.get('variant', '')}".strip()
    return {"answer": sample["answer"], "variant": variant, "tokens": _ONE}


_ONE = {"prompt": 0, "completion": 1}
_MILLION = 1_000_000  # a price is for that many tokens, so that a sample of one token costs 1


def _replay(record: Any, threshold: float, ratio: float) -> Any:
    from cope.eval import Replay
    from cope.models import Price

    small, large = _MILLION, _MILLION * ratio
    prices = {"small": Price(small, small), "large": Price(large, large)}
    return Replay(record, thresholds=(threshold,), prices=prices)


def _row(replay: Any, ratio: float | str, harm: float, measure: str) -> Sequence[Any]:
    import numpy as np

    from cope.optimize.calibration.give_up import learn_give_up
    from cope.optimize.calibration.give_up_report import give_up_rows

    units = np.arange(len(replay))
    learned = learn_give_up(replay, units, harm)
    found = {one.measure: one for one in give_up_rows(replay, learned, units)}.get(measure)
    if learned is None or found is None:
        return (ratio, harm, *["nothing saved"] * (len(HEADER) - 2))
    last = len(replay.rounds) - 1
    asked = [(one[measure].answering == last).mean() for one in (learned.before, learned.after)]
    return (
        ratio, harm, *found.drawn, *found.use, _percent(found.saved["value"]),
        _interval(found.saved), *map(_percent, asked), *map(_percent, found.accuracy or ()),
        _percent((found.difference or {}).get("value")), _interval(found.difference or {}),
    )  # fmt: skip


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.1f}%"


def _interval(estimate: dict[str, float | None]) -> str:
    return f"{_percent(estimate.get('low'))} to {_percent(estimate.get('high'))}"


if __name__ == "__main__":
    run(main)

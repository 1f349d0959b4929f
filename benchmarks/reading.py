"""How long does parsing a reply take, by kind of answers, and is the time linear in its length?

Each kind parses replies of several lengths: a worked solution with a marked answer, the same
without a mark, and an adversarial text. Ratios compare 16,000 characters with 4,000: 4 is linear.
"""

import argparse
import time
from collections.abc import Callable

from _shared import Ratio, finish, say

STEP = "She packs 3 boxes with 12 eggs each, so 3 * 12 = 36 eggs are packed.\n"
LENGTHS = (200, 1_000, 4_000, 16_000)
KINDS = ("number", "math", "choice", "text", "list", "date", "contains")


def marked(length: int) -> str:
    """Return a worked solution of a length, with its answer behind a mark."""
    return (STEP * (length // len(STEP) + 1))[:length] + "\nAnswer: 36 eggs"


def unmarked(length: int) -> str:
    """Return a worked solution of a length that ends with a sentence."""
    return (STEP * (length // len(STEP) + 1))[:length] + "\nSo she has packed 36 eggs in all."


def hard(length: int) -> str:
    """Return a text with many starts of marks, fields and numbers that do not continue."""
    piece = 'the answer is \\boxed{ "answer": $1, <answer> (A) and **3 '
    return (piece * (length // len(piece) + 1))[:length]


SHAPES: dict[str, Callable[[int], str]] = {"marked": marked, "unmarked": unmarked, "hard": hard}


def microseconds(read: Callable[[str], object], text: str, runs: int) -> float:
    """Return the least processor time of reading a text, in microseconds."""
    least = float("inf")
    for _ in range(runs):
        began = time.process_time_ns()
        read(text)
        least = min(least, time.process_time_ns() - began)
    return least / 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=30, help="runs of each reading (30)")
    parser.add_argument("--quick", action="store_true", help="5 runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    runs = 5 if args.quick else args.runs
    from cope.answers import ANSWER_KINDS

    rows: list[list[object]] = []
    growth: list[float] = []
    for name in KINDS:
        say(name)
        for shape, make in SHAPES.items():
            times = [microseconds(ANSWER_KINDS[name].parse, make(n), runs) for n in LENGTHS]
            rows.append([name, shape, *times])
            growth.append(times[-1] / times[-2])
    header = ["kind", "reply", *(f"{n:,} characters" for n in LENGTHS)]
    ratio = Ratio.of("16,000 characters by 4,000", growth, "4, which is linear")
    finish(args.json, header, rows, [ratio, "least microseconds of processor time per reply"])


if __name__ == "__main__":
    main()

"""How long does a sweep over thresholds take, compared with a plain loop and with numpy's limit?

A synthetic record of three rounds (votes, votes, one answer) is replayed with thousands of pairs of
thresholds. The plain loop replays every question under every pair; it is timed on some of the pairs
and scaled up. Numpy without reduction compares every confidence with every threshold and sums by
matrix products. The limit is a sweep whose decisions are already made: it only looks up each pair's
row.
"""

import argparse
import random
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
from _shared import Ratio, finish, say

AIM = "at most 1 s"
_LOOPED = 20  # pairs that the plain loop is timed on


def made_up(questions: int, samples: int) -> Any:
    """Return a record of a cascade without plans, with questions of varied agreement."""
    import pyarrow as pa

    from cope.eval import Recording, RecordingManifest
    from cope.eval.recording.schema import SCHEMA, RecordedProgram
    from cope.programs.preset import load_preset

    preset, draw = load_preset("answer-cascade").with_overrides(samples), random.Random(0)
    rows = []
    for place in range(questions):
        ease, about = (
            draw.random(),
            {"key": str(place), "id": str(place), "question": f"question {place}", "gold": "0"},
        )
        for number, spec in enumerate(preset.rounds, 1):
            for index in range(spec.samples):
                vote = 0 if draw.random() < ease else draw.randint(1, 5)
                used = {
                    "reason_calls": 1,
                    "reason_prompt_tokens": 80,
                    "reason_completion_tokens": draw.randint(40, 300),
                }
                rows.append(
                    {
                        **about,
                        **used,
                        "preset": preset.name,
                        "round": number,
                        "sample": index,
                        "confidence": "votes",
                        "answer": str(vote),
                        "vote": vote,
                        "vote_doubtful": False,
                        "score": float(vote == 0),
                        "plan_calls": 0,
                        "handed_on": False,
                    }
                )
    plain: RecordedProgram = {
        "name": preset.name,
        "preset": preset.model_dump(exclude_defaults=True),
        "digest": "",
        "state": None,
    }
    manifest = RecordingManifest(
        "made-up", {"small": "a", "large": "b"}, [plain], 0, questions, "", source="imported"
    )
    return Recording(manifest, pa.Table.from_pylist(rows, SCHEMA))


def looped(replay: Any, pairs: Any) -> list[tuple[float, float]]:
    """Return accuracy and large-tier tokens of each pair, by the obvious loop."""
    confidence, scores = replay.confidence.tolist(), replay.scores.tolist()
    written = (
        replay.usage("plan_tokens", "large") + replay.usage("answer_tokens", "large")
    ).tolist()
    found = []
    for gates in pairs.tolist():
        right = tokens = 0.0
        for sure, score, used in zip(confidence, scores, written, strict=True):
            for number in range(len(sure)):
                tokens += used[number]
                if number == len(gates) or sure[number] >= gates[number] - 1e-9:
                    right += score[number]
                    break
        found.append((right / len(scores), tokens))
    return found


def unreduced(replay: Any, pairs: Any) -> Any:
    """Return the same with numpy, for all pairs, in blocks."""
    confidence, scores = replay.confidence.T, replay.scores.T
    written = (replay.usage("plan_tokens", "large") + replay.usage("answer_tokens", "large")).T
    block, parts = max(1, 2_000_000 // len(replay)), []
    for start in range(0, len(pairs), block):
        first, second = pairs[start : start + block].T
        one = confidence[0] >= first[:, None] - 1e-9
        two = ~one & (confidence[1] >= second[:, None] - 1e-9)
        rest = ~one & ~two
        right = one @ scores[0] + two @ scores[1] + rest @ scores[2]
        tokens = written[0].sum() + ~one @ written[1] + rest @ written[2]
        parts.append(np.stack([right / len(replay), tokens], axis=1))
    return np.concatenate(parts)


def timed(work: Callable[[], Any], times: int) -> tuple[list[float], Any]:
    taken, found = [], None
    for _ in range(times):
        began = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - began)
    return taken, found


def peak(work: Callable[[], Any]) -> float:
    """Return the peak MB above the memory in use before."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=1000, help="questions (1000)")
    parser.add_argument("--samples", type=int, default=16, help="samples in rounds 1 and 2 (16)")
    parser.add_argument("--pairs", type=int, default=10_000, help="pairs of thresholds (10,000)")
    parser.add_argument("--times", type=int, default=5, help="repetitions (5)")
    parser.add_argument("--quick", action="store_true", help="one repetition")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args()
    times = 1 if args.quick else args.times
    from cope.eval import Replay

    say("making a synthetic record")
    record = made_up(args.questions, args.samples)
    pairs = np.random.default_rng(0).uniform(0.01, 1, (args.pairs, 2))

    say("replaying it")
    opened, replay = timed(lambda: Replay(record), 1)
    swept, ours = timed(lambda: replay.sweep(pairs), times)
    dense, theirs = timed(lambda: unreduced(replay, pairs), times)
    few = min(_LOOPED, args.pairs)
    slow, plainly = timed(lambda: looped(replay, pairs[:few]), times)
    slow = [seconds * args.pairs / few for seconds in slow]
    table = np.stack([ours.accuracy, *ours.usage.values()], axis=1)
    distinct, place = np.unique(table, axis=0, return_inverse=True)
    limit, _ = timed(lambda: distinct[place.reshape(-1)], times)

    values = np.stack([ours.accuracy, ours.completion_tokens("large")], axis=1)
    assert np.allclose(values, theirs) and np.allclose(values[:few], plainly), (
        "the ways do not agree"
    )
    rows = [
        ["counting the votes, once", min(opened), None],
        ["sweep", min(swept), peak(lambda: replay.sweep(pairs))],
        ["numpy without reduction", min(dense), peak(lambda: unreduced(replay, pairs))],
        ["limit: looking up finished rows", min(limit), None],
        [f"plain Python loop (from {few} pairs)", min(slow), None],
    ]
    whole = [opened[0] + seconds for seconds in swept]
    ratios = [
        Ratio.of("seconds for votes and sweep", whole, AIM),
        Ratio.of("plain loop by sweep", [a / b for a, b in zip(slow, swept, strict=True)]),
        Ratio.of(
            "numpy without reduction by sweep", [a / b for a, b in zip(dense, swept, strict=True)]
        ),
        Ratio.of("sweep by limit", [a / b for a, b in zip(swept, limit, strict=True)]),
    ]
    finish(args.json, ["way", "seconds", "peak MB"], rows, ratios)


if __name__ == "__main__":
    main()

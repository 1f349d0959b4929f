"""What a record holds, as plain data."""

from pathlib import Path
from typing import Any

import numpy as np

from ...stats.intervals import none_if_nan
from ..replay.match import recorded_identity
from ..replay.replay import Replay
from .recording import Recording
from .round import RecordedRound


def recording_contents(path: Path) -> dict[str, Any]:
    """Return a record's questions, programs and rounds, and the accuracy of its programs in a replay.

    Raises:
        CopeError: when there is no such record.
    """
    recording = Recording.open(path)
    manifest = recording.manifest
    programs = []
    for name, rounds in recording.programs.items():
        replay = Replay(recording, recorded_identity(recording, name))
        programs.append(
            {
                "name": name,
                "accuracy": none_if_nan(replay.outcomes().score.mean()),
                "thresholds": list(replay.thresholds),
                "rounds": [_round_contents(round_) for round_ in rounds],
            }
        )
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "task": manifest.task,
        "source": manifest.source,
        "questions": len(recording),
        "models": manifest.models,
        "seed": manifest.seed,
        "programs": programs,
        "doubtful": int(recording.ambiguous_votes.sum()),
        "data_fingerprint": manifest.data_fingerprint,
        "unlabelled": int((~recording.has_answer).sum()),
        "failed": manifest.failed,
        "left_out": manifest.left_out,
    }


def _round_contents(round_: RecordedRound) -> dict[str, Any]:
    calls = [calls for calls in (round_.plan_calls, round_.reason_calls) if calls]
    right = np.where(np.isnan(round_.scores), np.nan, round_.right)
    return {
        "round": round_.number,
        "planner": round_.spec.planner,
        "reasoner": round_.spec.reasoner,
        "samples": round_.samples,
        "right": none_if_nan(right.mean()),
        "unread": int((round_.answers == None).sum()),  # noqa: E711 (an array)
        "calls": int(sum(one.calls.sum() for one in calls)),
        "prompt_tokens": _known_count(sum(one.prompt_tokens.sum() for one in calls)),
        "written_tokens": _known_count(sum(one.completion_tokens.sum() for one in calls)),
    }


def _known_count(total: float) -> int | None:
    """Return a sum as an integer; None where a part is not a number, which means unknown."""
    return None if np.isnan(total) else int(total)

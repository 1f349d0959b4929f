"""Describe the contents of a recording as plain data."""

from pathlib import Path
from typing import Any

import numpy as np

from ...stats.intervals import none_if_nan
from ..replay.match import recorded_identity
from ..replay.replay import Replay
from .recording import Recording
from .round import RecordedRound


def recording_contents(path: Path) -> dict[str, Any]:
    """Return the questions, programs and rounds of a recording.

    The accuracy of a program is that of a replay.

    Raises:
        CopeError: if there is no such recording.
    """
    recording = Recording.open(path)
    manifest = recording.manifest
    programs = [_program_contents(recording, name) for name in recording.programs]
    contents: dict[str, Any] = {
        "file": str(path),
        "bytes": path.stat().st_size,
        "task": manifest.task,
        "source": manifest.source,
        "answer_kind": manifest.kind_of_answers,
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
    if manifest.other_usage:
        contents["other_usage"] = manifest.other_usage
    return contents


def _program_contents(recording: Recording, name: str) -> dict[str, Any]:
    replay = Replay(recording, recorded_identity(recording, name))
    rounds = recording.programs[name]
    return {
        "name": name,
        "accuracy": none_if_nan(replay.outcomes().score.mean()),
        "thresholds": list(replay.thresholds),
        "rounds": [_round_contents(round_) for round_ in rounds],
    }


def _round_contents(round_: RecordedRound) -> dict[str, Any]:
    calls = [round_.reason_calls]
    if round_.plan_calls:
        calls.insert(0, round_.plan_calls)
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
    """Return a sum as an integer; None if it is NaN, because a part is unknown."""
    return None if np.isnan(total) else int(total)

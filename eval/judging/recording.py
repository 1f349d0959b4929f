"""Score the samples of a record by a judge, in pairs against the last tier alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import CopeError
from ..recording.recording import Recording
from ..recording.schema import SHARED_PLAN
from ..replay.match import recorded_identity, single_tier_program
from ..replay.replay import Replay
from ..replay.round import ReplayedRound
from .pairs import AnswerPair, JudgedPair
from .runs import NO_ANSWER, group_of

JUDGED_BY = "judged_by"
"""The manifest's setting that names the judge of a judged record."""

Scores = Mapping[tuple[str, str], float]
"""The score of an answer to a question, by the question's key and the answer."""


def last_tier_answers(recording: Recording) -> dict[str, str]:
    """Return the answer of the last tier alone to each question, by key.

    Raises:
        CopeError: when the record does not hold its answers.
    """
    last = recorded_identity(recording, next(iter(recording.programs))).preset.last_tier
    alone = Replay(recording, single_tier_program(recording, last))
    if not alone.known.all():
        raise CopeError(
            f"{recording.name} lacks the answers of the {last} model alone, which a judge compares "
            f"with: record them too, with cope record --also {last}"
        )
    answers = [NO_ANSWER if answer is None else str(answer) for answer in alone.outcomes().answer]
    return dict(zip(recording.keys, answers, strict=True))


def pairs_of_recording(recording: Recording, answers: Mapping[str, str]) -> list[AnswerPair]:
    """Return the answers that a round can give, each with that of the last tier alone.

    These are the leading samples of every recorded round, for each number of samples up to the
    recorded one: what replays and calibrations look at. Other samples are not judged.
    """
    found: dict[tuple[str, str], AnswerPair] = {}
    for name, rounds in recording.programs.items():
        most = max(round_.samples for round_ in rounds)
        for samples in range(1, most + 1):
            replay = Replay(recording, recorded_identity(recording, name), samples=samples)
            for round_ in replay.rounds:
                if round_.verdict is None or round_.recorded is None:
                    continue
                for index in np.flatnonzero(round_.verdict.leader >= 0):
                    answer = round_.recorded.answers[index, round_.verdict.leader[index]]
                    pair = _pair(recording, int(index), str(answer), answers)
                    pair = replace(pair, values=_values(round_, int(index)))
                    found.setdefault((pair.key, pair.answer), pair)
    return list(found.values())


def _values(round_: ReplayedRound, index: int) -> dict[str, float]:
    """Return the value of the confidence that led to a sample, before it was ranked."""
    assert round_.verdict is not None and round_.recorded is not None
    value = round_.verdict.confidence[index]
    if round_.raw_confidence is not None and not np.isnan(round_.raw_confidence[index]):
        value = round_.raw_confidence[index]
    return {str(round_.recorded.kind[index]): float(value)}


def _pair(recording: Recording, index: int, answer: str, answers: Mapping[str, str]) -> AnswerPair:
    key = recording.keys[index]
    group = group_of(recording.ids[index])
    return AnswerPair(key, group, recording.questions[index], answer, answers[key])


def scores_of(judged: Sequence[JudgedPair]) -> dict[tuple[str, str], float]:
    """Return 0 for an answer that is worse than the last tier's, else 1.

    A verdict that changed with the order does not show that the answer is worse. One that could not
    be read counts as worse, to be on the safe side.
    """
    scores: dict[tuple[str, str], float] = {}
    for one in judged:
        is_worse = one.outcome in ("loss", "unread")
        scores[one.pair.key, one.pair.answer] = 0.0 if is_worse else 1.0
    return scores


def judged_recording(
    recording: Recording, answers: Mapping[str, str], scores: Scores, judge: str
) -> Recording:
    """Return a recording whose scores are a judge's, and whose right answers are the last tier's.

    The loss `judged-worse` of a calibration reads these scores.

    Args:
        recording: the samples.
        answers: the answer of the last tier alone by key.
        scores: see `scores_of`; a sample without a score has none.
        judge: the judge's model.
    """
    rows: list[dict[str, Any]] = []
    for row in recording.table.to_pylist():
        key = row["key"]
        row["gold"] = answers[key]
        row["score"], row["feedback"] = None, None
        if row["sample"] != SHARED_PLAN:
            row["score"] = scores.get((key, str(row["answer"])))
            if row["answer"] is None:
                row["score"] = 0.0
            elif row["answer"].split() == answers[key].split():
                row["score"] = 1.0
        rows.append(row)
    table = pa.Table.from_pylist(rows, recording.table.schema)
    settings = recording.manifest.settings | {JUDGED_BY: judge}
    return Recording(replace(recording.manifest, settings=settings), table, recording.name)

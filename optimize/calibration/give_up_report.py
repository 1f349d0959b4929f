"""Report what the rule `give-up` saves on a record, and which questions it loses."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...eval import Replay
from ...stats.bootstrap import resample
from ...util.arrays import Array
from .give_up import LearnedGiveUp, LeftQuestions


@dataclass(frozen=True)
class GiveUpRow:
    """The rule by one measure, in comparison with rounds that only the exact rule stops.

    The names of the attributes are keys of files. Samples are drawn one by one. Every question is
    decided by states that were learned from others.

    Attributes:
        measure: the measure.
        worth: what an accepted answer is worth, as a multiple of what the later rounds take; None
            where no round is left.
        questions: the number of questions.
        drawn: mean samples of the rounds that may be left: without the rule, with it.
        use: mean use by the measure, likewise.
        saved: the share of the use that the rule saves, with its 95% interval.
        seconds: mean seconds of model time, likewise; None where they are not known.
        left: questions that another round answers.
        lost: questions that are right without the rule and wrong with it; None when some have no
            right answer, and so are the next ones.
        gained: the contrary.
        accuracy: without the rule, with it.
        difference: of these two, with its 95% interval.
    """

    measure: str
    worth: float | None
    questions: int
    drawn: tuple[float, float]
    use: tuple[float, float]
    saved: dict[str, float | None]
    seconds: tuple[float, float] | None
    left: int
    lost: int | None
    gained: int | None
    accuracy: tuple[float, float] | None
    difference: dict[str, float | None] | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def give_up_rows(
    replay: Replay, learned: LearnedGiveUp | None, units: Array, seed: int = 0
) -> list[GiveUpRow]:
    """Return a row for every measure by which the rule saves something.

    Args:
        replay: the cascade that the rule was learned on.
        learned: the rule; None for no row.
        units: (questions,): equal for questions that belong together.
        seed: the seed of the bootstrap.
    """
    if learned is None:
        return []
    rows = []
    for measure, before in learned.before.items():
        after = learned.after[measure]
        if before.use.sum() > after.use.sum():
            rows.append(_row(replay, learned.rows, measure, before, after, units, seed))
    return rows


def _row(
    replay: Replay,
    rows: Array,
    measure: str,
    before: LeftQuestions,
    after: LeftQuestions,
    units: Array,
    seed: int,
) -> GiveUpRow:
    scores, index = replay.scores[rows], np.arange(len(rows))
    columns = {"questions": np.ones(len(rows)), "before": before.use, "after": after.use}
    lost, gained, accuracy, difference = None, None, None, None
    seconds = None
    if before.seconds is not None and after.seconds is not None:
        seconds = (float(before.seconds.mean()), float(after.seconds.mean()))
    if not np.isnan(scores).any():
        was, now = scores[index, before.answering], scores[index, after.answering]
        columns["difference"] = now - was
        lost, gained = int(((was >= 1) & (now < 1)).sum()), int(((was < 1) & (now >= 1)).sum())
        accuracy = (float(was.mean()), float(now.mean()))
    sums = resample(columns, units[rows], seed=seed)
    if accuracy is not None:
        estimate = sums.estimate(lambda sums: sums["difference"] / sums["questions"])
        difference = estimate.as_dict()
    return GiveUpRow(
        measure=measure,
        worth=after.worth,
        questions=len(rows),
        drawn=(float(before.drawn.mean()), float(after.drawn.mean())),
        use=(float(before.use.mean()), float(after.use.mean())),
        saved=sums.estimate(lambda sums: 1 - sums["after"] / sums["before"]).as_dict(),
        seconds=seconds,
        left=int((before.answering != after.answering).sum()),
        lost=lost,
        gained=gained,
        accuracy=accuracy,
        difference=difference,
    )

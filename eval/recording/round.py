"""One recorded round in memory, as arrays by question and sample."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...programs.confidence.base import Confidence
from ...programs.confidence.registry import confidence_by_name
from ...programs.preset import Round
from ...programs.sampling import shuffled
from ...util.arrays import Array
from .sample_table import SampleTable
from .schema import CALL_COLUMNS


@dataclass(frozen=True)
class CallArrays:
    """What one call for each sample used: arrays of questions by samples, NaN where it is not known.

    A planner's calls have one sample where all samples share the plan.
    """

    tier: str
    calls: Array
    prompt_tokens: Array
    completion_tokens: Array
    cached_tokens: Array
    usd: Array
    seconds: Array
    machine_seconds: Array
    logprob: Array
    truncated: Array


class RecordedRound:
    """One round over all questions.

    Args:
        table: the rows of all rounds.
        program: the preset or program that it belongs to.
        number: from 1.
        spec: what was asked.
        rows: (questions, samples): the positions of its samples in the table.
        shared: (questions,): the positions of the plans that all samples share; None where they do not.

    Attributes:
        program: the preset or program that it belongs to.
        number: from 1.
        spec: what was asked.
        rows: (questions, samples): the positions in the table.
    """

    def __init__(
        self,
        table: SampleTable,
        program: str,
        number: int,
        spec: Round,
        rows: Array,
        shared: Array | None,
    ) -> None:
        self._table = table
        self.program, self.number, self.spec, self.rows = program, number, spec, rows
        self._shared = shared

    @property
    def samples(self) -> int:
        return self.rows.shape[1]

    def column(self, name: str) -> Array:
        """A column of the table as an array of questions by samples; numbers are floats, NaN where there is none."""
        return self._table.column(name)[self.rows]

    @cached_property
    def answers(self) -> Array:
        """(questions, samples) of str or None."""
        return self.column("answer")

    @cached_property
    def votes(self) -> Array:
        """(questions, samples) of int: equal numbers are equal votes, in all rounds of a question; -1 is no vote."""
        return _to_int(self.column("vote"))

    @cached_property
    def vote_labels(self) -> Array:
        """(questions, samples) of str or None: what a program votes for; None where the answer itself is the vote."""
        return self.column("ballot")

    @cached_property
    def scores(self) -> Array:
        """(questions, samples) of float, 0 to 1; an answer that could not be read has 0. NaN where no right answer is known."""
        return self.column("score")

    @cached_property
    def right(self) -> Array:
        """(questions, samples) of bool: the score is 1."""
        return self.scores >= 1.0

    @cached_property
    def tests_passed(self) -> Array:
        """(questions, samples) of int: visible tests passed; -1 where no program was run."""
        return _to_int(self.column("tests_passed"))

    @cached_property
    def tests_total(self) -> Array:
        """(questions,) of int: visible tests; -1 where no program was run."""
        return _to_int(self.column("tests_total")).max(axis=1)

    @cached_property
    def kind(self) -> Array:
        """(questions,) of str: how samples become an answer, by a name in `CONFIDENCES`."""
        return self.column("confidence")[:, 0]

    @cached_property
    def confidences(self) -> list[Confidence]:
        """How samples become an answer, each way once.

        Raises:
            CopeError: for a confidence that is not known here.
        """
        return [confidence_by_name(kind) for kind in sorted(set(self.kind))]

    @cached_property
    def plans(self) -> Array:
        """(questions, samples) of str or None: the plan of this round that each sample saw."""
        return self.column("plan")

    @cached_property
    def forwarded_plans(self) -> Array:
        """(questions,) of str or None: the plan that later rounds saw."""
        column, plan = self._table.column("handed_on"), self._table.column("plan")
        rows = self.rows if self._shared is None else self._shared[:, None]
        found = np.full(len(rows), None, dtype=object)
        for sample in reversed(range(rows.shape[1])):
            here = column[rows[:, sample]] == 1
            found[here] = plan[rows[here, sample]]
        return found

    @cached_property
    def reason_calls(self) -> CallArrays:
        """The reasoner's, one for each sample."""
        return self._calls("reason", self.spec.reasoner, self.rows)

    @cached_property
    def plan_calls(self) -> CallArrays | None:
        """The planner's: (questions, 1) where all samples share the plan; None in a round without a planner."""
        if self.spec.planner is None:
            return None
        rows = self.rows if self._shared is None else self._shared[:, None]
        return self._calls("plan", self.spec.planner, rows)

    def _calls(self, role: str, tier: str, rows: Array) -> CallArrays:
        return CallArrays(
            tier, **{c.name: self._table.column(f"{role}_{c.name}")[rows] for c in CALL_COLUMNS}
        )

    def order(self, samples: int | None = None, number: int | None = None) -> Array:
        """(questions, samples): the seeded order in which the samples are asked and ties are broken.

        Args:
            samples: of the first so many samples; all when None. Two samples keep their order whatever the count.
            number: as if it were this round.
        """
        count, place, seed = samples or self.samples, number or self.number, self._table.seed
        orders = [shuffled(count, seed, question, place) for question in self._table.questions]
        return np.array(orders, dtype=np.int32).reshape(-1, count)


def pick_sample(values: Array, places: Array) -> Array:
    """For each question the value of one sample, of (questions, samples); None for the place -1."""
    found = values[np.arange(len(places)), places]
    found[places < 0] = None
    return found


def _to_int(values: Array) -> Array:
    return np.where(np.isnan(values), -1, values).astype(np.int32)

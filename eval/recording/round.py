"""One recorded round in memory, as arrays by question and sample."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...programs.confidence.base import Confidence
from ...programs.confidence.registry import confidence_by_name
from ...programs.preset_round import Round
from ...programs.sampling import seeded_order
from ...util.arrays import Array
from .sample_table import SampleTable
from .schema import CALL_COLUMNS


@dataclass(frozen=True)
class CallArrays:
    """The usage of one call for each sample; every array is (questions, samples), NaN is unknown.

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
    logprob_tokens: Array
    logprob_window: Array
    truncated: Array


class RecordedRound:
    """One round over all questions.

    Args:
        table: the rows of all rounds.
        program: the preset or program that the round belongs to.
        number: from 1.
        spec: the preset's round.
        rows: (questions, samples): the positions of the samples in the table.
        shared: (questions,): the positions of the plans that all samples share; None where each
            sample has its own plan or there is none.

    Attributes:
        program: the preset or program that the round belongs to.
        number: from 1.
        spec: the preset's round.
        rows: (questions, samples): the positions of the samples in the table.
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
        self._orders: dict[tuple[int, int], Array] = {}

    @property
    def samples(self) -> int:
        """Number of samples of each question."""
        return self.rows.shape[1]

    def column(self, name: str) -> Array:
        """Return a column as (questions, samples); numbers are floats, NaN is unknown."""
        return self._table.column(name)[self.rows]

    @cached_property
    def answers(self) -> Array:
        """(questions, samples) of str or None."""
        return self.column("answer")

    @cached_property
    def votes(self) -> Array:
        """(questions, samples) of int: equal numbers are equal votes, in all rounds of a question.

        -1 is no vote.
        """
        return _to_int(self.column("vote"))

    @cached_property
    def vote_labels(self) -> Array:
        """(questions, samples) of str or None: the text of a program's vote.

        None where the answer itself is the vote.
        """
        return self.column("ballot")

    @cached_property
    def scores(self) -> Array:
        """(questions, samples) of float, 0 to 1; 0 for an unreadable answer.

        NaN where the right answer is unknown.
        """
        return self.column("score")

    @cached_property
    def right(self) -> Array:
        """(questions, samples) of bool: whether the score is 1."""
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
        """(questions,) of str: the name in `CONFIDENCES` of the confidence that decides."""
        return self.column("confidence")[:, 0]

    @cached_property
    def confidences(self) -> list[Confidence]:
        """The confidences that decide the round on some question, each once.

        Raises:
            CopeError: for a confidence that is not registered.
        """
        return [confidence_by_name(kind) for kind in sorted(set(self.kind))]

    @cached_property
    def plans(self) -> Array:
        """(questions, samples) of str or None: the plan of this round that each sample saw."""
        return self.column("plan")

    @cached_property
    def forwarded_plans(self) -> Array:
        """(questions,) of str or None: the plan that later rounds saw."""
        is_forwarded, plan = self._table.column("handed_on"), self._table.column("plan")
        rows = self._plan_rows
        plans = np.full(len(rows), None, dtype=object)
        for sample in reversed(range(rows.shape[1])):
            questions = is_forwarded[rows[:, sample]] == 1
            plans[questions] = plan[rows[questions, sample]]
        return plans

    @cached_property
    def reason_calls(self) -> CallArrays:
        """The reasoner's calls, one for each sample."""
        return self._calls("reason", self.spec.reasoner, self.rows)

    @cached_property
    def plan_calls(self) -> CallArrays | None:
        """The planner's calls; None in a round without a planner.

        The arrays are (questions, 1) where all samples share the plan.
        """
        if self.spec.planner is None:
            return None
        return self._calls("plan", self.spec.planner, self._plan_rows)

    @property
    def _plan_rows(self) -> Array:
        """(questions, plans): the positions of the rows that hold a plan."""
        return self.rows if self._shared is None else self._shared[:, None]

    def _calls(self, role: str, tier: str, rows: Array) -> CallArrays:
        arrays = {}
        for column in CALL_COLUMNS:
            arrays[column.name] = self._table.column(f"{role}_{column.name}")[rows]
        return CallArrays(tier, **arrays)

    def order(self, samples: int | None = None, number: int | None = None) -> Array:
        """Return the seeded order in which samples are asked and ties are broken.

        Args:
            samples: number of samples, from the first; None for all. Two samples keep their order
                whatever the number.
            number: the round's number in the seed; None for its own.

        Returns:
            (questions, samples) of int, read-only: replays of many settings share it.
        """
        count, round_number = samples or self.samples, number or self.number
        if (count, round_number) not in self._orders:
            seed, texts = self._table.seed, self._table.questions
            rows = [seeded_order(count, seed, text, round_number) for text in texts]
            order = np.array(rows, dtype=np.int32).reshape(-1, count)
            order.flags.writeable = False
            self._orders[count, round_number] = order
        return self._orders[count, round_number]


def pick_sample(values: Array, samples: Array) -> Array:
    """Return the value of one sample for each question; None for sample -1.

    Args:
        values: (questions, samples) of object.
        samples: (questions,) of int: the index of the sample.
    """
    picked = values[np.arange(len(samples)), samples]
    picked[samples < 0] = None
    return picked


def _to_int(values: Array) -> Array:
    """Return floats as integers, NaN as -1."""
    return np.where(np.isnan(values), -1, values).astype(np.int32)

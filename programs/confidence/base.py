"""The seam of confidences: they turn the samples of a round into an answer and a confidence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ...answers.kinds.base import AnswerKind
from ...answers.kinds.math import MATH
from ...sandbox import TestReport
from .gate import GateText

if TYPE_CHECKING:
    from ..round_record import RoundRecord
    from .vectorized import RoundSamples, VerdictArrays


@dataclass
class Sample:
    """One plan and the solution made with it.

    Attributes:
        index: the sample's position in its round, from 0.
        plan: the plan of this sample's own round; None when the round has no planner.
        reasoning: the steps, as the reasoner wrote them.
        answer: the parsed answer; None is a sample without a vote.
        vote_label: the sample's vote when that is not its answer, such as the outputs of a program.
        report: outcomes of the visible tests, when programs are run.
        unparsed_reply: a reply without the requested fields.
        cut: whether the reply ended at the limit of tokens.
        refused: whether the reply says that there is no answer, or that none will be given.
        logprob_mean: mean log-probability of the reply's tokens; None when it was not requested.
        logprob_tokens: number of tokens of the reply with a log-probability.
        logprob_window: lowest mean log-probability of successive tokens, see
            `cope.models.outputs.lowest_window`.
        p_true: the model's own probability that the answer is right, where it was asked.
        trace: DSPy's trace of its calls, for optimizers.
    """

    index: int
    plan: str | None = None
    reasoning: str = ""
    answer: str | None = None
    vote_label: str | None = None
    report: TestReport | None = None
    unparsed_reply: str | None = None
    cut: bool = False
    refused: bool = False
    logprob_mean: float | None = None
    logprob_tokens: int | None = None
    logprob_window: float | None = None
    p_true: float | None = None
    trace: list[Any] = field(default_factory=list, repr=False)

    @property
    def vote(self) -> str | None:
        """The sample's vote; None without one."""
        return self.answer if self.vote_label is None else self.vote_label


@dataclass(frozen=True)
class Verdict:
    """The result of a round.

    Attributes:
        answer: the leading answer; None when no sample has a vote.
        confidence: between 0 and 1.
        supporters: indices of the samples behind the answer; the first one forwards its plan.
        votes: supporters of each vote, the leading vote first.
        explanation: how the answer was found, unless by the share of the votes.
        kind: the confidence that decided. A round sets it; verdicts of earlier versions lack it.
        raw: the confidence before it was replaced by its rank, see `Confidence.ranks`; None for a
            confidence that is not ranked.
    """

    answer: str | None
    confidence: float
    supporters: tuple[int, ...]
    votes: Mapping[str, int]
    explanation: str = ""
    kind: str = ""
    raw: float | None = None


class GatedRound(Protocol):
    """The part of a preset's round that a confidence depends on.

    Attributes:
        samples: number of samples of the round.
        threshold: the confidence at or above which an answer is accepted; None accepts any.
    """

    @property
    def samples(self) -> int: ...

    @property
    def threshold(self) -> float | None: ...


class Tally(Protocol):
    """Counts the samples of one round as they finish."""

    @property
    def kind(self) -> str:
        """The name of the confidence that decides the round, a key of `CONFIDENCES`."""
        ...

    async def evaluate(self, sample: Sample) -> None:
        """Evaluate a new sample while others are in progress, for example run its program."""
        ...

    async def add(self, sample: Sample) -> None:
        """Count an evaluated sample."""
        ...

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        """Return whether the missing samples cannot change the decision any more.

        With `forwards_plan` they must not change the forwarded plan either.
        """
        ...

    def verdict(self) -> Verdict:
        """Return the verdict of the samples counted so far."""
        ...


@runtime_checkable
class FinishingTally(Protocol):
    """A tally with work to do when all samples are counted, such as one call of a model."""

    async def finish(self) -> None:
        """Finish the count, in the context of the round's reasoner."""
        ...


class Confidence(Protocol):
    """Turns a round's samples into an answer and a confidence, for example by votes or by tests.

    A subclass writes `kind`, `tally` for live rounds, `decide` for replays and `explain` for
    reports; the rest has defaults. `tally` and `decide` must decide alike; a test compares them.

    Attributes:
        kind: its name in `CONFIDENCES`, in presets, in round records and in recordings.
        single_sample_decides: whether a single sample can decide a round. Then the first samples of
            all questions run before second samples of any.
        labels_are_answers: whether samples vote with their answers, which are compared by the kind
            of answers, across rounds too. Otherwise a vote is a text that the confidence makes,
            such as the outputs of a program.
        counts_votes: whether the confidence is the share of the votes, as the heuristic rules for
            early stopping require.
        needs_logprobs: whether it reads the log-probabilities of the reply's tokens, which are then
            requested.
        compares_answers: whether it is for answers of one line, which it compares.
        runs_programs: whether it is for programs, which it runs.
        columns: columns of a recording that `decide` reads besides votes and tests; without their
            values a round that was decided by another confidence cannot be decided by this one.
        ranks: whether its values only rank answers, as a perplexity does, and have no scale of
            their own. A round then replaces the value by its rank among other questions, see
            `Ranks`. So a threshold of 0.4 escalates the worst 40% of the questions.
        finishing_calls: calls of the round's reasoner that its tally makes when all samples are
            counted.
        finishing_calls_by_vote: whether it makes one such call for each different vote.
        gate_text: the texts of reports; None for plain texts with its `kind`.
    """

    kind: str
    single_sample_decides: bool = False
    labels_are_answers: bool = True
    counts_votes: bool = False
    needs_logprobs: bool = False
    compares_answers: bool = False
    runs_programs: bool = False
    columns: tuple[str, ...] = ()
    ranks: bool = False
    finishing_calls: int = 0
    finishing_calls_by_vote: bool = False
    gate_text: GateText | None = None

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        """Return an empty tally for one live round.

        Args:
            order: the samples' indices; the order breaks ties and selects the forwarded plan.
            inputs: the question's inputs: `question`, and for code `tests`, `setup`, `entry_point`.
            answers: how two answers are compared.
        """
        ...

    def vote_labels(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Return the vote of each sample of a recording; None for a sample without one.

        Args:
            rows: samples in the columns of a recording, such as `answer` and `ballot`.
        """
        name = "answer" if self.labels_are_answers else "ballot"
        return [row.get(name) for row in rows]

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        """Return the supporters of each vote, the leading one first, as in `Verdict.votes`.

        Args:
            labels: the vote of each sample, in the seeded order; None without one.
            leading: the vote behind the answer.
        """
        counts = Counter(label for label in labels if label is not None)
        return dict(counts.most_common())

    def decide(self, samples: "RoundSamples") -> "VerdictArrays":
        """Decide the same round of many questions, as `tally` would on the same samples."""
        ...

    def explain(self, record: "RoundRecord", samples: int) -> str:
        """Explain how a round found its answer, without whether it was accepted.

        Args:
            record: the round, with an answer.
            samples: number of samples of the round, unless it stops early.
        """
        return f"The answer has a confidence of {record['confidence']:.0%}"

    def min_samples(
        self, round_: "GatedRound", agreed: bool, early_stop: str, forwards_plan: bool
    ) -> int:
        """Return the fewest samples that decide a round which may stop early.

        Args:
            round_: the round of the preset.
            agreed: whether all samples have one vote, rather than none.
            early_stop: the rule that stops it.
            forwards_plan: whether a later round needs the plan behind the answer.
        """
        return 1

    def num_levels(self, samples: int) -> int:
        """Return how many thresholds can decide differently with so many samples."""
        return samples

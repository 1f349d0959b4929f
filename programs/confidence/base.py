"""What a confidence is: it turns the samples of a round into an answer and a number between 0 and 1."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

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
        index: the sample's place in its round, from 0.
        plan: the plan of this sample's own round, None where the round makes none.
        reasoning: the steps, as the reasoner wrote them.
        answer: the answer that could be read; None is a sample without a vote.
        vote_label: what it votes for where that is not the answer's own words, such as what a program gives.
        report: what came of the visible tests, where programs are run.
        unparsed_reply: a reply that had none of the fields that were asked for.
        trace: DSPy's trace of its calls, for optimizers.
    """

    index: int
    plan: str | None = None
    reasoning: str = ""
    answer: str | None = None
    vote_label: str | None = None
    report: TestReport | None = None
    unparsed_reply: str | None = None
    trace: list[Any] = field(default_factory=list, repr=False)

    @property
    def vote(self) -> str | None:
        """What it votes for; None for nothing."""
        return self.answer if self.vote_label is None else self.vote_label


@dataclass(frozen=True)
class Verdict:
    """What the samples of a round say together.

    Attributes:
        answer: the answer that leads; None when no sample has a vote.
        confidence: between 0 and 1.
        supporters: the indices of the samples behind the answer; the first is drawn to hand its plan on.
        votes: supporters of each vote, the leading one first.
        explanation: how it was found, where that is not by how many agree.
        kind: the confidence that decided; a round sets it, and one kept by an earlier version has none.
    """

    answer: str | None
    confidence: float
    supporters: tuple[int, ...]
    votes: Mapping[str, int]
    explanation: str = ""
    kind: str = ""


class GatedRound(Protocol):
    """What a confidence knows of a preset's round.

    Attributes:
        samples: how many samples the round draws.
        threshold: the confidence from which the gate accepts; None accepts any answer.
    """

    @property
    def samples(self) -> int: ...

    @property
    def threshold(self) -> float | None: ...


class Tally(Protocol):
    """The samples of one round, as they come in."""

    @property
    def kind(self) -> str:
        """The name of the confidence that decides the round; a replay looks it up in `CONFIDENCES`."""
        ...

    async def evaluate(self, sample: Sample) -> None:
        """Look at a sample that was just made, while others are still in the making; here a program is run."""
        ...

    async def add(self, sample: Sample) -> None:
        """Count an examined sample."""
        ...

    def is_decided(self, threshold: float | None, forwards_plan: bool) -> bool:
        """Whether the samples still missing can change neither the gate's decision nor, with `forwards_plan`, the plan drawn."""
        ...

    def verdict(self) -> Verdict:
        """What the samples counted so far say."""
        ...


class Confidence(Protocol):
    """Turns a round's samples into an answer and a confidence: by votes, by tests, by perplexity and more.

    A subclass writes `kind`, `single_sample_decides`, `tally` for live rounds, `decide` for replays and `explain` for
    reports; the rest has defaults. The two forms decide alike, sample by sample, and a test compares them.

    Attributes:
        kind: its name in `CONFIDENCES`, in presets, in round records and in recordings.
        single_sample_decides: whether a single sample can decide a round. Then others are worth asking only when a model
            is free for them.
        labels_are_answers: whether samples vote with their answers, which are compared by their kind, also with those of
            other rounds. Otherwise a vote is a text of the confidence's own, such as the outputs of a program.
        counts_votes: whether the confidence is the share of the votes, so that rules which stop a vote early suit it.
        gate_text: how reports name it; None for plain texts with its `kind`.
    """

    kind: str
    single_sample_decides: bool = False
    labels_are_answers: bool = True
    counts_votes: bool = False
    gate_text: GateText | None = None

    def tally(
        self,
        order: Sequence[int],
        inputs: Mapping[str, Any] | None = None,
        answers: AnswerKind = MATH,
    ) -> Tally:
        """Return an empty tally for one live round.

        Args:
            order: the samples' indices; the order breaks ties and draws the plan that is forwarded.
            inputs: the question's inputs: `question`, and for code `tests`, `setup`, `entry_point`.
            answers: how two answers are compared.
        """
        ...

    def vote_labels(self, rows: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """Return what each sample of a recording votes for, None for nothing; equal votes then get equal numbers.

        Args:
            rows: samples in the columns of a recording, such as `answer` and `ballot`.
        """
        name = "answer" if self.labels_are_answers else "ballot"
        return [row.get(name) for row in rows]

    def count_votes(self, labels: Sequence[str | None], leading: str | None) -> dict[str, int]:
        """Return the supporters of each vote, the leading one first, as `Verdict.votes` holds them.

        Args:
            labels: what each sample votes for, in the seeded order; None for nothing.
            leading: the vote behind the answer.
        """
        counts = Counter(label for label in labels if label is not None)
        return dict(counts.most_common())

    def decide(self, samples: "RoundSamples") -> "VerdictArrays":
        """Decide the same round of many questions: the verdicts that `tally` gives on the same samples."""
        ...

    def explain(self, record: "RoundRecord", samples: int) -> str:
        """Say how a round found its answer, without the gate's decision.

        Args:
            record: the round, with an answer.
            samples: as many as the round draws, when nothing stops it early.
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

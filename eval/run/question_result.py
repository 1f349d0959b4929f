"""The result of one question, as a line of a run's file."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ...models.usage_row import UsageRow
from ...programs.agent.records import StepRecord
from ...programs.round_record import RoundRecord


@dataclass
class QuestionResult:
    """The result of one question.

    Attributes:
        key: a digest of the question's content.
        id: the id of the question in its data set.
        question: the text of the question.
        gold: the right answer; None if unknown.
        answer: the answer of the system; None if none could be read.
        score: between 0 and 1; None if no right answer is known, or if a model failed, which is an
            error and not a wrong answer.
        feedback: the feedback of the score.
        round: the round or stage that answered.
        confidence: the confidence in the answer.
        votes: the number of samples for each answer in the round that answered.
        rounds: for each round its votes, samples, plan and decision, as in the prediction.
        usage: calls, tokens, USD and seconds by tier, round and role.
        usd: the cost in USD; None if a price is unknown.
        seconds: from the question to the answer.
        error: the error of a model, as one line.
        judge_usage: the usage of a judge that scored the answer, which is no part of its cost.
        steps: a record of each step, where the question took several, as a game does.
    """

    key: str
    id: str
    question: str
    gold: str | None
    answer: str | None = None
    score: float | None = None
    feedback: str = ""
    round: int | None = None
    confidence: float | None = None
    votes: dict[str, int] = field(default_factory=dict)
    rounds: list[RoundRecord] = field(default_factory=list)
    usage: list[UsageRow] = field(default_factory=list)
    usd: float | None = None
    seconds: float = 0.0
    error: str | None = None
    judge_usage: list[UsageRow] = field(default_factory=list)
    steps: list[StepRecord] = field(default_factory=list)

    @classmethod
    def from_line(cls, line: Mapping[str, Any]) -> "QuestionResult":
        """Return the result in a line of a run's file. Keys of other versions are ignored.

        Raises:
            TypeError: if a key without a default is missing.
        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in line.items() if name in known})


Record = QuestionResult  # the name of earlier versions

"""The types of the lines in a run's folder, which check them when they are read."""

from collections.abc import Mapping
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic checks these on Python 3.11
)

from pydantic import Field
from typing_extensions import TypedDict

from ...models.usage_row import Amount, Count, UsageRow
from ...programs.agent.records import StepRecord
from ...programs.round_record import RoundRecord
from ...util.validate import check_type

Share = Annotated[float, Field(ge=0, le=1)]


class ResultLine(TypedDict):
    """A line of `records.jsonl`, see `QuestionResult`; the types of rounds are checked apart."""

    key: str
    id: str
    question: str
    gold: str | None
    answer: NotRequired[str | None]
    score: NotRequired[Share | None]
    feedback: NotRequired[str]
    round: NotRequired[Count | None]
    confidence: NotRequired[Share | None]
    votes: NotRequired[dict[str, Count]]
    rounds: NotRequired[list[dict[str, Any]]]
    usage: NotRequired[list[UsageRow]]
    usd: NotRequired[Amount | None]
    seconds: NotRequired[Amount]
    error: NotRequired[str | None]
    judge_usage: NotRequired[list[UsageRow]]
    steps: NotRequired[list[StepRecord]]


class ProgramLine(TypedDict):
    """An entry of `rounds` in the folder of a recording: the rows of one program."""

    program: str
    rows: list[dict[str, Any]]


class RunSettings(TypedDict):
    """The settings in `run.json` that every run has, and those that reports read."""

    task: str
    preset: str
    models: NotRequired[dict[str, str]]
    split: NotRequired[str | None]
    data: NotRequired[str | None]
    seed: NotRequired[int]
    early_stop: NotRequired[str]
    adapter: NotRequired[str]
    max_tokens: NotRequired[int]
    context: NotRequired[int]
    domain: NotRequired[str]
    shown: NotRequired[str]


def check_result(line: Mapping[str, Any]) -> None:
    """Raise an error unless a line is the result of a question.

    Raises:
        ValueError: with the path of the first wrong value.
    """
    check_type(ResultLine, dict(line))
    for round_ in line.get("rounds", []):
        check_type(ProgramLine if "program" in round_ else RoundRecord, round_)

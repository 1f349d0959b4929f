"""The Parquet file of a recording: one row for each sample of each round, and a manifest.

The rows are plain, so that any program can read them: `pandas.read_parquet`, DuckDB, `datasets`.
docs/reference/records.md describes every column.
"""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, NamedTuple

import pyarrow as pa
from pydantic import Field
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ...programs.domains.registry import DEFAULT_DOMAIN, domain_by_name

METADATA_KEY = b"cope.record"
FORMAT_VERSION = 1
SHARED_PLAN = -1
"""The sample number of a row that holds the plan which all samples of its round share."""


class RecordedProgram(TypedDict):
    """A program in a manifest: its rounds, and its state unless the prompts are unknown."""

    name: str
    preset: dict[str, Any]
    digest: str
    state: dict[str, Any] | None


class Column(NamedTuple):
    """A column: its name, type and description."""

    name: str
    type: pa.DataType
    description: str


_TEXT, _INT, _FLOAT, _BOOL = pa.string(), pa.int32(), pa.float64(), pa.bool_()

CALL_COLUMNS = (
    Column("calls", _INT, "requests made; 0 where nothing was asked"),
    Column("prompt_tokens", _INT, "tokens read"),
    Column("completion_tokens", _INT, "tokens written"),
    Column("cached_tokens", _INT, "of the tokens read, those that the engine had in its cache"),
    Column("usd", _FLOAT, "USD"),
    Column("seconds", _FLOAT, "from the moment the engine took the request to its end"),
    Column(
        "machine_seconds", _FLOAT, "share of the machine's time; calls in flight together divide it"
    ),
    Column(
        "logprob",
        _FLOAT,
        "sum of the written tokens' log-probabilities (natural), where they were asked for",
    ),
    Column("logprob_tokens", _INT, "tokens in the sum of the log-probabilities"),
    Column(
        "logprob_window",
        _FLOAT,
        "lowest mean log-probability of 16 tokens in a row; of all tokens in a shorter reply",
    ),
    Column("truncated", _BOOL, "whether the reply was cut at its greatest length"),
)
"""The columns of a call; each comes twice, as `plan_...` for the planner and `reason_...` for the
reasoner."""

USAGE_FIELDS = (
    "calls",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "usd",
    "seconds",
    "machine_seconds",
)
"""The columns of a call that are summed over calls."""

COLUMNS = (
    Column("key", _TEXT, "the question's digest; equal questions have keys of their own"),
    Column("id", _TEXT, "the question's name in its set"),
    Column("question", _TEXT, "the question, as it was asked"),
    Column(
        "gold",
        _TEXT,
        "the right answer, for programs the reference solution; null where none is known",
    ),
    Column(
        "group", _TEXT, "questions with the same value belong together; null where none were named"
    ),
    Column("preset", _TEXT, "the preset or program whose round this is"),
    Column("round", _INT, "the round, from 1"),
    Column(
        "sample",
        _INT,
        "the sample of the round, from 0; -1 holds the plan that all samples of the round share",
    ),
    Column("variant", _TEXT, "the prompt's name, in an imported record"),
    Column(
        "confidence",
        _TEXT,
        "how samples become an answer: votes, tests, outputs or another confidence by its name",
    ),
    Column(
        "plan",
        _TEXT,
        "the plan of this round that the sample saw; null where there is none or none was read",
    ),
    Column("reasoning", _TEXT, "the steps, as the reasoner wrote them"),
    Column("answer", _TEXT, "the answer or program that was read; null where none could be"),
    Column(
        "unread", _TEXT, "a reply, the planner's or the reasoner's, in which nothing could be read"
    ),
    Column(
        "refused",
        _BOOL,
        "whether the reply says that there is no answer, or that none will be given",
    ),
    Column(
        "ballot",
        _TEXT,
        "what a program votes for, in words; null where the answer itself is the vote",
    ),
    Column(
        "vote",
        _INT,
        "number of the vote: the same number is the same vote, over all rounds of a question",
    ),
    Column(
        "vote_doubtful",
        _BOOL,
        "some votes of the question are equal to a third one and not to each other",
    ),
    Column(
        "score",
        _FLOAT,
        "score of the answer, 0 to 1, on code by the hidden tests; null without a right answer",
    ),
    Column("feedback", _TEXT, "the score in words"),
    Column("tests_passed", _INT, "visible tests that the program passes"),
    Column("tests_total", _INT, "visible tests that it was run on"),
    Column("tests_failure", _TEXT, "why the first failed one failed; empty when all passed"),
    Column("p_true", _FLOAT, "the model's own probability of its answer, where it was asked"),
    Column("handed_on", _BOOL, "whether the plan of this row is the one that later rounds saw"),
    *(
        Column(f"{role}_{c.name}", c.type, c.description)
        for role in ("plan", "reason")
        for c in CALL_COLUMNS
    ),
    Column("reason_chars", _INT, "characters of the whole reply, where a source tells them"),
    Column("fields", _TEXT, "the short fields of the question's row, as a JSON object of texts"),
)
SCHEMA = pa.schema([pa.field(c.name, c.type, metadata={"words": c.description}) for c in COLUMNS])


@dataclass(frozen=True)
class RecordingManifest:
    """A description of where the rows of a recording come from.

    Attributes:
        task: the task's name; the file's name for imported samples.
        models: the model of each tier.
        programs: the recorded programs, the recording's own first: `name`, `preset` (the rounds),
            `digest`, and `state` from `Cascade.dump_state`, None where the prompts are unknown.
        seed: decides the order of samples and the draws.
        questions: number of questions with rows.
        data_fingerprint: digest of all questions and right answers, in order.
        domain: the domain of the questions.
        answer_kind: the kind of answers, by which they are compared; None is the domain's kind.
        source: `recorded` by this package, or `imported`.
        settings: the other settings that decide the outcome: adapter, maximum lengths, split, file,
            test visibility.
        weights: a digest of the model's weights by tier, without the tiers where it is unknown.
        group: the column of the data that `group` was taken from.
        failed: questions on which a model failed, with the error; they have no rows.
        left_out: number of questions of a source without rows because samples are missing, by the
            reason.
        other_usage: the usage of calls that no row has, such as those of a judge, by tier and
            round.
        created: the time, UTC.
        version: the version of the package.
    """

    task: str
    models: dict[str, str]
    programs: Annotated[list[RecordedProgram], Field(min_length=1)]
    seed: int
    questions: int
    data_fingerprint: str
    domain: str = DEFAULT_DOMAIN
    answer_kind: str | None = None
    source: str = "recorded"
    settings: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    failed: list[dict[str, str]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    other_usage: list[dict[str, Any]] = field(default_factory=list)
    created: str = ""
    version: str = ""

    @property
    def kind_of_answers(self) -> str:
        """The name of the kind by which answers are compared."""
        return self.answer_kind or domain_by_name(self.domain).answer_kind

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest as plain data, without the answer kind where it is the domain's."""
        fields = asdict(self)
        if self.answer_kind in (None, domain_by_name(self.domain).answer_kind):
            del fields["answer_kind"]
        if not self.other_usage:
            del fields["other_usage"]
        return fields

"""The body of a chat request, and the question that it asks."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..programs.json_form import JsonForm
from ..signatures import question_in_conversation
from ..util.json_types import JsonObject
from .errors import ApiError, invalid
from .response_format import ResponseFormat

_INSTRUCTIONS = ("system", "developer")
_REQUEST = "user"


class Part(BaseModel):
    """A part of a message; only texts can be answered."""

    model_config = ConfigDict(extra="allow")

    type: str
    text: str | None = None


class Message(BaseModel):
    """A message of a conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def is_instruction(self) -> bool:
        """Whether the message says how to answer, and is no part of the conversation."""
        return self.role in _INSTRUCTIONS

    def plain_text(self) -> str:
        """Return the text of the message.

        Raises:
            ApiError: for a part that is not text.
        """
        if self.content is None:
            return ""
        if isinstance(self.content, str):
            return self.content
        texts: list[str] = []
        for part in self.content:
            if part.text is None:
                raise invalid(
                    f"a message has a part of type {part.type[:40]!r}, and only texts are answered",
                    "messages",
                )
            texts.append(part.text)
        return "\n".join(texts)


class StreamOptions(BaseModel):
    """What a stream has besides its text."""

    model_config = ConfigDict(extra="allow")

    include_usage: bool | None = False


Stop = Annotated[str, Field(max_length=1_000)]
"""A text before which an answer ends; each part of a stream is compared with it."""


class ChatRequest(BaseModel):
    """The body of `/v1/chat/completions`. Fields that it does not name are ignored."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(max_length=500)
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: int | None = Field(None, ge=1, le=16)
    stop: Stop | Annotated[list[Stop], Field(max_length=16)] | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    temperature: float | None = Field(None, ge=0.0, le=2.0)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: ResponseFormat | None = None
    modalities: list[str] | None = None

    @property
    def wants_usage(self) -> bool:
        """Whether a stream ends with the usage."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    @property
    def choices(self) -> int:
        """How many answers are asked for."""
        return self.n or 1

    @property
    def most_tokens(self) -> int | None:
        """The maximum of tokens of an answer; None for the program's own."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def json_form(self) -> JsonForm | None:
        """The form of answers that are JSON; None for text."""
        return None if self.response_format is None else self.response_format.json_form()

    @property
    def alternatives(self) -> int | None:
        """How many alternatives to each token are reported; None without log-probabilities.

        Raises:
            ApiError: for alternatives without log-probabilities.
        """
        if self.top_logprobs is not None and not self.logprobs:
            raise invalid("top_logprobs needs logprobs: true", "top_logprobs")
        return (self.top_logprobs or 0) if self.logprobs else None

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts before which an answer ends."""
        if not self.stop:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(filter(None, self.stop))

    def check_modalities(self) -> None:
        """Raise an error when something else than text is asked for."""
        if set(self.modalities or ()) - {"text"}:
            raise invalid("only text is answered: leave out the other modalities", "modalities")

    def plain_messages(self) -> list[JsonObject]:
        """Return the messages as plain data, with all fields that the client sent."""
        return [message.model_dump(exclude_none=True) for message in self.messages]

    def question(self, max_prompt: int) -> str:
        """Return the conversation as one question.

        Args:
            max_prompt: the maximum of its characters.

        Raises:
            ApiError: when it does not end with a request, has parts that are not text, is too
                long, or when something else than text is asked for.
        """
        self.check_modalities()
        question = question_of(self.messages)
        check_length(question, max_prompt)
        return question


def check_length(text: str, most: int) -> None:
    """Raise an error when a conversation has too many characters, or half a character.

    Raises:
        ApiError: when it has more than `most`.
        UnicodeEncodeError: for a lone surrogate, which no server can be sent.
    """
    text.encode()
    if len(text) > most:
        raise ApiError(
            413,
            f"the conversation has {len(text):,} characters, and {most:,} are the maximum",
            code="context_length_exceeded",
            param="messages",
        )


def question_of(messages: Sequence[Message]) -> str:
    """Return messages as one question: instructions, then the conversation, then the last request.

    Raises:
        ApiError: when the last message is no request, or a message has parts that are not text.

    >>> system = Message(role="system", content="Be brief.")
    >>> question_of([system, Message(role="user", content="Hi")])
    'Be brief.\\n\\nHi'
    """
    instructions = [m.plain_text() for m in messages if m.is_instruction]
    spoken = [m for m in messages if not m.is_instruction]
    if not spoken or spoken[-1].role != _REQUEST:
        raise invalid("the last message must have the role user", "messages")
    earlier: list[tuple[str, str]] = []
    requests: list[str] = []
    replies: list[str] = []
    for message in spoken:
        if message.role == _REQUEST:
            if replies:  # a reply ends the exchange before this request
                earlier.append(("\n\n".join(requests), "\n\n".join(replies)))
                requests, replies = [], []
            requests.append(message.plain_text())
        else:
            replies.append(message.plain_text())
    question = "\n\n".join(requests)
    if not question.strip():
        raise invalid("the last message is empty", "messages")
    if earlier:
        question = question_in_conversation(question, earlier)
    return "\n\n".join([*filter(None, instructions), question])

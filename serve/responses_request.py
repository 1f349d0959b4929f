"""The body of a request for `/v1/responses`, read as a chat request."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import invalid
from .requests import ChatRequest, Message, Part
from .response_format import TextOptions

LOGPROBS = "message.output_text.logprobs"
_MESSAGE = "message"
_NAMES = {"messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens"}
"""Fields of responses by those of the chat request."""


Metadata = dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]]
"""What a client notes about a response, which is returned to it."""


class InputItem(BaseModel):
    """An item of the input: a message, or something that this server does not read."""

    model_config = ConfigDict(extra="allow")

    type: str = _MESSAGE
    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: str | list[Part] | None = None


class ResponsesRequest(BaseModel):
    """The body of `/v1/responses`. Fields that it does not name are ignored."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(max_length=500)
    input: str | list[InputItem] = Field(min_length=1)
    instructions: str | None = None
    stream: bool | None = False
    temperature: float | None = Field(None, ge=0.0, le=2.0)
    max_output_tokens: int | None = Field(None, ge=1)
    previous_response_id: str | None = None
    tools: list[dict[str, Any]] | None = None
    text: TextOptions | None = None
    include: list[str] | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    metadata: Metadata | None = None
    background: bool | None = None
    conversation: str | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None

    @property
    def wants_logprobs(self) -> bool:
        """Whether the log-probabilities of the answer's tokens are asked for."""
        return LOGPROBS in (self.include or ())

    def chat_request(self) -> ChatRequest:
        """Return the same request as one for chat completions.

        Reasoning items of earlier replies are left out.

        Raises:
            ApiError: for what needs stored responses or prompts; for items without a text; for
                alternatives to tokens whose log-probabilities are not asked for.
        """
        if self.tools:
            raise invalid("tools are called by /v1/chat/completions only: leave them out", "tools")
        self._check_storage()
        if self.top_logprobs and not self.wants_logprobs:
            raise invalid(f'top_logprobs needs include: ["{LOGPROBS}"]', "top_logprobs")
        messages = []
        if self.instructions:
            messages.append(Message(role="system", content=self.instructions))
        if isinstance(self.input, str):
            messages.append(Message(role="user", content=self.input))
        else:
            messages += [_message(item) for item in self.input if item.type != "reasoning"]
        fields = {
            "model": self.model,
            "messages": messages,
            "stream": self.stream,
            "temperature": self.temperature,
            "max_tokens": self.max_output_tokens,
        }
        if self.wants_logprobs:
            fields["logprobs"], fields["top_logprobs"] = True, self.top_logprobs
        if self.text is not None and self.text.format is not None:
            fields["response_format"] = self.text.format.chat_format()
        try:
            return ChatRequest.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            place = str(first["loc"][0])
            raise invalid(str(first["msg"]), _NAMES.get(place, place)) from None

    def _check_storage(self) -> None:
        """Raise an error for a request that needs something stored, because nothing is."""
        for name in ("previous_response_id", "conversation"):
            if getattr(self, name) is not None:
                raise invalid(
                    "responses are not stored: send the whole conversation as input", name
                )
        if self.prompt is not None:
            raise invalid("prompts are not stored: send them as instructions and input", "prompt")
        if self.background:
            raise invalid("responses are not stored: leave out background", "background")


def _message(item: InputItem) -> Message:
    if item.type == _MESSAGE and item.role is None:
        raise invalid("a message of the input has no role", "input")
    if item.type != _MESSAGE or item.role is None:
        raise invalid(
            f"the input has an item of type {item.type[:40]!r}, and only messages are read", "input"
        )
    return Message(role=item.role, content=item.content)

"""Write the events of an answer as `/v1/responses` of the OpenAI API does.

The order of the events is the one that the stream helper of the `openai` package assembles:
created, the reasoning with its summary, the message with its text, completed.
"""

import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..programs.events import AnswerText
from ..util.json_types import JsonObject
from .chat import Completion, finish_reason
from .chat_head import COMMENT, event_json
from .errors import ApiError, as_api_error
from .narration import narrate
from .responses_request import ResponsesRequest
from .service import Finished, KeepAlive
from .usage import responses_usage


@dataclass
class Response:
    """One response: its identity, and the completion behind it."""

    request: ResponsesRequest
    completion: Completion
    id: str = field(default_factory=lambda: "resp_" + secrets.token_hex(16))
    created: float = field(default_factory=time.time)
    _sequence: int = 0

    async def reply(self) -> JsonObject:
        """Answer, and return the whole body."""
        whole = await self.completion.answer()
        self._keep(whole.finished)
        text = self.completion.text(whole.finished.prediction, whole.written)
        return self._answered(whole.finished, whole.reasoning, text)

    async def stream(self) -> AsyncGenerator[str]:
        """Answer, and yield server-sent events as things happen. An error is the last event."""
        try:
            async with self.completion.within_time():
                async for event in self._events():
                    yield event
        except Exception as error:
            failure = as_api_error(error)
            body = self._body("failed") | {
                "error": {"code": failure.code or "server_error", "message": failure.message}
            }
            yield self._event("response.failed", response=body)

    async def _events(self) -> AsyncGenerator[str]:
        yield self._event("response.created", response=self._body("in_progress"))
        reasoning = {"item_id": self._name("rs"), "output_index": 0, "summary_index": 0}
        yield self._event(
            "response.output_item.added", output_index=0, item=self._reasoning_item([])
        )
        part = {"type": "summary_text", "text": ""}
        yield self._event("response.reasoning_summary_part.added", **reasoning, part=part)
        lines: list[str] = []
        text = self.completion.text_stream()
        finished: Finished | None = None
        question = self.completion.questions[0]
        cascade = self.completion.service.cascade(question.model)
        async for event in self.completion.service.events(
            question, self.completion.options.keep_alive
        ):
            match event:
                case KeepAlive():
                    yield COMMENT
                case AnswerText():
                    is_first = not text.sent
                    new = text.add(event.text, event.anew)
                    if new and is_first:
                        for opening in self._open_message(reasoning, lines):
                            yield opening
                    if new:
                        yield self._text_delta(new)
                case Finished():
                    finished = event
                case _:
                    lines.append(narrate(event, cascade))
                    if not text.sent:  # the reasoning has ended where the message began
                        delta = lines[-1]
                        kind = "response.reasoning_summary_text.delta"
                        yield self._event(kind, **reasoning, delta=delta)
        if finished is None:
            raise ApiError(500, "the answer did not end", "server_error")
        self._keep(finished)
        whole = self.completion.text(finished.prediction, text.sent)
        rest = text.finish(whole)
        if not text.sent:
            for opening in self._open_message(reasoning, lines):
                yield opening
        if rest or finished.tokens:
            yield self._text_delta(rest, finished.tokens)
        for ending in self._close_message(whole, finished.tokens):
            yield ending
        body = self._answered(finished, "".join(lines), whole)
        yield self._event("response.completed", response=body)

    def _keep(self, finished: Finished) -> None:
        self.completion.keep(self.id, self.completion.questions[0], finished)

    def _open_message(self, reasoning: JsonObject, lines: list[str]) -> list[str]:
        """Return the events that end the reasoning and begin the message."""
        part = {"type": "summary_text", "text": "".join(lines)}
        message = self._message_item("", "in_progress") | {"content": []}
        empty = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return [
            self._event("response.reasoning_summary_text.done", **reasoning, text="".join(lines)),
            self._event("response.reasoning_summary_part.done", **reasoning, part=part),
            self._event(
                "response.output_item.done", output_index=0, item=self._reasoning_item([part])
            ),
            self._event("response.output_item.added", output_index=1, item=message),
            self._event("response.content_part.added", **self._content(), part=empty),
        ]

    def _close_message(self, text: str, tokens: Sequence[JsonObject]) -> list[str]:
        """Return the events that end the message."""
        message = self._message_item(text, "completed", tokens)
        done = self._content() | {"text": text, "logprobs": list(tokens)}
        return [
            self._event("response.output_text.done", **done),
            self._event(
                "response.content_part.done", **self._content(), part=message["content"][0]
            ),
            self._event("response.output_item.done", output_index=1, item=message),
        ]

    def _text_delta(self, text: str, tokens: Sequence[JsonObject] = ()) -> str:
        delta = self._content() | {"delta": text, "logprobs": list(tokens)}
        return self._event("response.output_text.delta", **delta)

    def _content(self) -> JsonObject:
        return {"item_id": self._name("msg"), "output_index": 1, "content_index": 0}

    def _event(self, kind: str, **fields: Any) -> str:
        body = {"type": kind, "sequence_number": self._sequence} | fields
        self._sequence += 1
        return f"event: {kind}\ndata: {event_json(body)}\n\n"

    def _name(self, prefix: str) -> str:
        return self.id.replace("resp", prefix, 1)

    def _reasoning_item(self, summary: list[JsonObject]) -> JsonObject:
        return {"id": self._name("rs"), "type": "reasoning", "summary": summary}

    def _message_item(
        self, text: str, status: str, tokens: Sequence[JsonObject] = ()
    ) -> JsonObject:
        content = {"type": "output_text", "text": text, "annotations": []}
        content["logprobs"] = list(tokens)
        return {
            "id": self._name("msg"),
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [content],
        }

    def _answered(self, finished: Finished, reasoning: str, text: str) -> JsonObject:
        """Return the response with its answer."""
        prediction = finished.prediction
        body = self._body("completed")
        if finish_reason(prediction) == "length":
            body["status"] = "incomplete"
            body["incomplete_details"] = {"reason": "max_output_tokens"}
        summary = [{"type": "summary_text", "text": reasoning}]
        message = self._message_item(text, "completed", finished.tokens)
        body["output"] = [self._reasoning_item(summary), message]
        body["usage"] = responses_usage(prediction)
        body["cope"] = self.completion.cascade_field(prediction)
        return body

    def _body(self, status: str) -> JsonObject:
        """Return the response as an object of the API, without its answer."""
        return {
            "id": self.id,
            "object": "response",
            "created_at": self.created,
            "status": status,
            "model": self.request.model,
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None,
            "error": None,
            "incomplete_details": None,
            "instructions": self.request.instructions,
            "metadata": self.request.metadata or {},
            "temperature": self.request.temperature,
            "top_p": None,
            "top_logprobs": self.request.top_logprobs or 0,
        }

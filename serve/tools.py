"""Requests with tools: one call of the last tier, without plans, votes and rounds.

The calls of tools are decisions of one model about its own next step, so they are not voted on.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import dspy

from ..models import Call, Tier, call_labels, metered
from ..models.admission import Halt
from ..models.spending import SpendingGate, use_gate
from ..util.json_types import JsonObject
from .chat_head import COMMENT, DONE, ChatHead, sse
from .errors import ApiError, as_api_error, invalid
from .options import ServeOptions
from .question import Question
from .request_facts import note_question
from .requests import ChatRequest, check_length
from .service import Service
from .usage import calls_usage

_PASSED_ON = ("tools", "tool_choice", "parallel_tool_calls", "seed", "temperature", "stop")


@dataclass
class ToolCompletion:
    """One request with tools, which the last tier answers alone."""

    service: Service
    tier: Tier
    request: ChatRequest
    options: ServeOptions
    question: Question

    def __post_init__(self) -> None:
        self._head = ChatHead(self.request.model)

    @classmethod
    def of(
        cls,
        service: Service,
        request: ChatRequest,
        options: ServeOptions,
        gate: SpendingGate | None,
    ) -> "ToolCompletion":
        """Read a request with tools.

        Raises:
            ApiError: when the last tier has no tools, because its model runs in this process or on
                Ollama; when more than one choice or something else than text is asked for.
        """
        cascade = service.cascade(request.model)
        tier = cascade.team[cascade.preset.last_tier]
        if tier.engine is not None:
            raise invalid(
                f"the last tier, {tier.name}, calls no tools: leave them out, or serve a last "
                "tier of an API",
                "tools",
            )
        if request.choices > 1:
            raise invalid("with tools n must be 1", "n")
        if request.alternatives is not None:
            raise invalid("with tools no logprobs are reported", "logprobs")
        request.check_modalities()
        text = "\n\n".join(message.plain_text() for message in request.messages)
        check_length(text, options.max_prompt)
        return cls(service, tier, request, options, Question(text, request.model, gate=gate))

    async def reply(self) -> JsonObject:
        """Answer, and return the whole body."""
        message, finish, calls = await self._answer()
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        body = self._head.body("chat.completion") | {"choices": [choice]}
        return body | {"usage": calls_usage(calls)}

    async def stream(self) -> AsyncGenerator[str]:
        """Answer, and yield the message at once as server-sent events, after comments."""
        work = asyncio.create_task(self._answer())
        try:
            while not work.done():
                _ = await asyncio.wait({work}, timeout=self.options.keep_alive)
                if not work.done():
                    yield COMMENT
            message, finish, calls = work.result()
        except Exception as error:
            yield sse(as_api_error(error).body())
            yield DONE
            return
        finally:
            work.cancel()
        for index, call in enumerate(message.get("tool_calls") or ()):
            call["index"] = index
        for delta, reason in ((message, None), ({}, finish)):
            yield sse(self._head.chunk(0, delta, reason))
        if self.request.wants_usage:
            yield self._head.usage_chunk(calls_usage(calls))
        yield DONE

    async def _answer(self) -> tuple[JsonObject, str, list[Call]]:
        """Call the model, and return its message, why it ended, and the calls that were made."""
        note_question(self.question)
        with (
            dspy.context(disable_history=True),
            self.service.span(self.question),
            metered() as meter,
            use_gate(self.question.gate),
            call_labels(round=1, role="reason"),
        ):
            try:
                async with asyncio.timeout(self.options.request_timeout):
                    outputs = await self.tier.lm.acall(
                        messages=self.request.plain_messages(), **self._settings()
                    )
            except Halt as halt:
                raise as_api_error(halt) from None
        output = outputs[0] if outputs else None
        if isinstance(output, str):
            output = {"text": output}
        if not isinstance(output, dict):
            raise ApiError(502, "the model replied nothing", "server_error", code="model_failed")
        message: JsonObject = {"role": "assistant", "content": output.get("text"), "refusal": None}
        tool_calls = [_tool_call(call) for call in output.get("tool_calls") or ()]
        if tool_calls:
            return message | {"tool_calls": tool_calls}, "tool_calls", meter.calls
        cut = any(call.truncated for call in meter.calls)
        return message, "length" if cut else "stop", meter.calls

    def _settings(self) -> JsonObject:
        """Return the settings of the request that the model gets."""
        given = self.request.model_dump(exclude_none=True, include=set(_PASSED_ON))
        settings = {name: given[name] for name in _PASSED_ON if name in given}
        if self.request.most_tokens:
            settings["max_tokens"] = self.request.most_tokens
        form = self.request.json_form
        if form is not None:
            settings["response_format"] = form.response_format
        return settings


def _tool_call(call: Any) -> JsonObject:
    """Return the call of a tool as plain data; a reply of a cache is plain already."""
    function = _field(call, "function")
    named = {"name": _field(function, "name"), "arguments": _field(function, "arguments")}
    return {"id": _field(call, "id"), "type": "function", "function": named}


def _field(data: Any, name: str) -> Any:
    return data.get(name) if isinstance(data, dict) else getattr(data, name)

"""Write the events of answers as `/v1/chat/completions` of the OpenAI API does."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import dspy

from ..models.spending import SpendingGate
from ..programs.events import AnswerText, Event
from ..util.json_types import JsonObject
from .chat_head import COMMENT, DONE, ChatHead, sse
from .errors import as_api_error, no_valid_answer
from .event_document import event_document
from .narration import narrate
from .options import ServeOptions
from .requests import ChatRequest, check_length
from .service import SHORTCUT, Finished, KeepAlive, Question, Service, ServiceEvent
from .shortcut import is_shortcut
from .text_stream import TextStream, cut_at_stops
from .usage import LastTierCost, api_usage, cascade_field

Keep = Callable[[str, Question, Finished], None]
"""Keeps the answer with an id, so that it can be explained."""


def ignore_answer(id_: str, question: Question, finished: Finished) -> None:
    """Do not keep an answer."""


class Whole(NamedTuple):
    """An answer that is sent whole: its end, the lines of its reasoning, and the JSON so far."""

    finished: Finished
    reasoning: str
    written: str


@dataclass
class Completion:
    """One request for chat completions: its identity and the questions of its choices."""

    service: Service
    request: ChatRequest
    questions: Sequence[Question]
    last_tier: LastTierCost
    options: ServeOptions
    keep: Keep = ignore_answer

    def __post_init__(self) -> None:
        self._head = ChatHead(self.request.model)

    @classmethod
    def of(
        cls,
        service: Service,
        request: ChatRequest,
        last_tier: LastTierCost,
        options: ServeOptions,
        gate: SpendingGate | None = None,
        keep: Keep = ignore_answer,
    ) -> "Completion":
        """Read a request.

        Args:
            service: answers the questions.
            request: the request.
            last_tier: what the last tier's own answers cost so far.
            options: limits of the server.
            gate: lets the calls through within a budget; None for no budget.
            keep: keeps each answer, so that it can be explained.

        Raises:
            ApiError: when it cannot be answered.
        """
        cascade = service.cascade(request.model)
        model = request.model
        if service.has_shortcut and is_shortcut(request):
            model = SHORTCUT
        form = request.json_form
        text = request.question(options.max_prompt)
        if form is not None:
            check_length(text + form.instruction, options.max_prompt)
        question = Question(
            text,
            model,
            seed=request.seed,
            temperature=request.temperature,
            max_tokens=request.most_tokens,
            gate=gate,
            json_form=form,
            alternatives=request.alternatives,
        )
        if form is not None or request.alternatives is not None:
            _ = service.adapted(question)  # refuses what it cannot do, before it waits for a place
        seed = cascade.seed if request.seed is None else request.seed
        questions = [question.with_choice(index, seed) for index in range(request.choices)]
        return cls(service, request, questions, last_tier, options, keep)

    async def reply(self) -> JsonObject:
        """Answer, and return the whole body."""
        choices = []
        predictions = []
        for index, whole in enumerate(await self._wholes()):
            finished, reasoning, written = whole
            prediction = finished.prediction
            self.keep(self._id(index), self.questions[index], finished)
            message = {
                "role": "assistant",
                "content": self.text(prediction, written),
                "reasoning_content": reasoning,
                "refusal": None,
            }
            choice = {"index": index, "message": message, "logprobs": self._logprobs(finished)}
            choices.append(choice | {"finish_reason": finish_reason(prediction)})
            predictions.append(prediction)
        body = self._head.body("chat.completion") | {"choices": choices}
        return body | {"usage": api_usage(predictions), "cope": self.cascade_field(predictions[0])}

    async def _wholes(self) -> list[Whole]:
        """Answer all choices at once."""
        if len(self.questions) == 1:
            return [await self.answer()]
        async with self.within_time(), asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._whole(question)) for question in self.questions]
        return [task.result() for task in tasks]

    async def answer(self) -> Whole:
        """Answer the first choice."""
        async with self.within_time():
            return await self._whole(self.questions[0])

    def within_time(self) -> asyncio.Timeout:
        """Return the limit of time of the request, as a context."""
        return asyncio.timeout(self.options.request_timeout)

    async def _whole(self, question: Question) -> Whole:
        cascade = self.service.cascade(question.model)
        lines: list[str] = []
        text = self.text_stream()

        def add(event: Event) -> None:
            if not isinstance(event, AnswerText):
                lines.append(narrate(event, cascade))
            elif self.is_json:  # else the prediction has the text
                _ = text.add(event.text, event.anew)

        finished = await self.service.answer(question, add)
        return Whole(finished, "".join(lines), text.sent)

    @property
    def is_json(self) -> bool:
        """Whether the answers are JSON."""
        return self.questions[0].json_form is not None

    def text_stream(self) -> TextStream:
        """Return what passes on the text of an answer while it is written."""
        return TextStream(self.request.stops, self.is_json)

    def text(self, prediction: dspy.Prediction, written: str = "") -> str:
        """Return the text of an answer, up to the first stop.

        Args:
            prediction: the answer.
            written: the beginning of an answer in JSON, as far as the engine streamed it. It is
                all that there is of one that was cut at the limit of tokens.

        Raises:
            ApiError: when JSON was asked for, and no sample fits its form.
        """
        if not self.is_json:
            return cut_at_stops(answer_text(prediction), self.request.stops)
        if prediction.answer is not None:
            return answer_text(prediction)  # a stop within JSON would break it
        if finish_reason(prediction) != "length":
            raise no_valid_answer()
        return written

    def _logprobs(self, finished: Finished) -> JsonObject | None:
        """Return the log-probabilities of an answer; None when nobody asked for them."""
        if self.questions[0].alternatives is None:
            return None
        return {"content": list(finished.tokens), "refusal": None}

    async def stream(self) -> AsyncGenerator[str]:
        """Answer, and yield server-sent events as things happen.

        An error ends the stream with an event of its own, because the status is sent already.
        """
        try:
            async with self.within_time():
                async for part in self._chunks():
                    yield part
        except Exception as error:
            yield sse(as_api_error(error).body())
        yield DONE

    async def _chunks(self) -> AsyncIterator[str]:
        texts = [self.text_stream() for _ in self.questions]
        predictions: dict[int, dspy.Prediction] = {}
        for index in range(len(texts)):
            yield self._chunk(index, {"role": "assistant", "content": ""})
        streams = [self.service.events(q, self.options.keep_alive) for q in self.questions]
        async for index, event in merge(streams):
            match event:
                case KeepAlive():
                    yield COMMENT
                case AnswerText():
                    part = texts[index].add(event.text, event.anew)
                    if part:
                        yield self._chunk(index, {"content": part})
                case Finished():
                    predictions[index] = event.prediction
                    self.keep(self._id(index), self.questions[index], event)
                    text = texts[index]
                    rest = text.finish(self.text(event.prediction, text.sent))
                    if rest or event.tokens:
                        delta = {"content": rest} if rest else {}
                        chunk = self._head.chunk(index, delta)
                        chunk["choices"][0]["logprobs"] = self._logprobs(event)
                        yield sse(chunk)
                    yield self._last_chunk(index, event.prediction)
                case _:
                    cascade = self.service.cascade(self.questions[index].model)
                    line = {"reasoning_content": narrate(event, cascade)}
                    facts = {"cope_event": event_document(event, cascade)}
                    yield sse(self._head.chunk(index, line) | facts)
        if self.request.wants_usage:
            yield self._head.usage_chunk(api_usage(list(predictions.values())))

    def _id(self, index: int) -> str:
        """Return the id of a choice: that of the completion, with a number after the first."""
        return f"{self._head.id}/{index}" if index else self._head.id

    def _chunk(self, index: int, delta: JsonObject) -> str:
        return sse(self._head.chunk(index, delta))

    def _last_chunk(self, index: int, prediction: dspy.Prediction) -> str:
        body = self._head.chunk(index, {}, finish_reason(prediction))
        return sse(body | {"cope": self.cascade_field(prediction)})

    def cascade_field(self, prediction: dspy.Prediction) -> JsonObject:
        """Return the field `cope` of an answer."""
        model = self.questions[0].model
        cascade = self.service.cascade(model)
        field = cascade_field(prediction, self.last_tier.observe(cascade, prediction))
        return field | {"shortcut": True} if model == SHORTCUT else field


def answer_text(prediction: dspy.Prediction) -> str:
    """Return the answer as text; empty when none could be read."""
    return "" if prediction.answer is None else str(prediction.answer)


def finish_reason(prediction: dspy.Prediction) -> str:
    """Return why an answer ended: `length` when all its samples were cut, else `stop`."""
    rounds = prediction.rounds or []
    samples = rounds[-1].get("samples", []) if rounds else []
    is_cut = bool(samples) and all(sample.get("cut") for sample in samples)
    return "length" if is_cut else "stop"


async def merge(
    streams: Sequence[AsyncIterator[ServiceEvent]],
) -> AsyncIterator[tuple[int, ServiceEvent]]:
    """Yield the events of several streams as they come, with the number of their stream.

    The first error ends all streams. Closing the iterator closes them.
    """
    happened: asyncio.Queue[tuple[int, ServiceEvent | None]] = asyncio.Queue()

    async def read(index: int, stream: AsyncIterator[ServiceEvent]) -> None:
        try:
            async for event in stream:
                happened.put_nowait((index, event))
        finally:
            happened.put_nowait((index, None))

    readers = [asyncio.create_task(read(i, stream)) for i, stream in enumerate(streams)]
    try:
        running = len(readers)
        while running:
            index, event = await happened.get()
            if event is None:
                running -= 1
                await readers[index]
            else:
                yield index, event
    finally:
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

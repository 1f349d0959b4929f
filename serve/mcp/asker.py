"""Answer the calls of the tools with the service, within the limits of the server."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

import dspy

from ...errors import CopeError
from ...models.admission import Halt
from ...models.spending import SpendingGate, use_gate
from ...programs.events import AnswerText
from ...programs.written_plan import write_plan
from ..accounts import Account
from ..admission import Admission
from ..answered import Answered, answered_question
from ..errors import ApiError, as_api_error, invalid
from ..narration import narrate
from ..options import ServeOptions
from ..request_facts import note_question
from ..requests import check_length
from ..service import Finished, KeepAlive, Question, Service
from ..usage import LastTierCost, cascade_field
from .explained import explain
from .results import Answer, Explanation, Plan
from .steps import Progress, Steps

Report = Callable[[Progress, str], Awaitable[None]]
"""Receives how far an answer is, and a line about what happened."""


@dataclass
class Asker:
    """Answers the calls of the tools.

    Attributes:
        service: answers the questions.
        options: limits of the server.
        admission: keys, budget and places; those of the server's other interfaces, too.
        last_tier: what the last tier's own answers cost so far.
        answered: the latest answers, those of the server's other interfaces, too.
    """

    service: Service
    options: ServeOptions
    admission: Admission
    last_tier: LastTierCost
    answered: Answered = field(default_factory=Answered)

    def account(self, headers: Mapping[str, str] | None) -> Account | None:
        """Return whose call it is; None where no key is needed, as over stdio.

        Raises:
            ApiError: 401 when the key is missing or wrong.
        """
        return self.admission.access.account(headers or {})

    async def ask(
        self, headers: Mapping[str, str] | None, question: str, model: str, report: Report
    ) -> Answer:
        """Answer a question.

        Args:
            headers: those of the HTTP request; None over stdio.
            question: the question.
            model: the name of a served model.
            report: receives the progress.

        Raises:
            ApiError: when the question is refused or cannot be answered.
        """
        account = self.account(headers)
        async with self._admitted(account, question) as gate:
            cascade = self.service.cascade(model)
            steps = Steps(cascade.preset)
            finished = None
            asked = Question(question, model, gate=gate)
            async with aclosing(self.service.events(asked)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        finished = event
                    elif not isinstance(event, KeepAlive | AnswerText):
                        progress = steps.add(event)
                        if progress is not None:
                            await report(progress, narrate(event, cascade).strip())
            assert finished is not None
            prediction = finished.prediction
            kept = answered_question(asked, finished)
            id_ = "ans_" + secrets.token_hex(12)
            self.answered.add(account, id_, kept)
            alone = self.last_tier.observe(cascade, prediction)
            facts = cascade_field(prediction, alone)
            return Answer(
                id=id_,
                answer=kept.answer,
                confidence=facts["confidence"],
                round=facts["round"],
                plan=facts["plan"],
                cost_usd=facts["cost"],
                last_tier_alone_usd=alone,
                seconds=facts["seconds"],
            )

    async def plan(
        self, headers: Mapping[str, str] | None, question: str, model: str, number: int | None
    ) -> Plan:
        """Write a plan for a question and nothing else, see `write_plan`.

        Raises:
            ApiError: when the question is refused, or the model has no such plan.
        """
        account = self.account(headers)
        async with self._admitted(account, question) as gate:
            asked = Question(question, model, gate=gate)
            note_question(asked)
            with use_gate(gate), self.service.span(asked):
                plan = await write_plan(self.service.cascade(model), question, number)
        return Plan(
            plan=plan.text, kind=plan.kind, tier=plan.tier, round=plan.round, cost_usd=plan.cost
        )

    def explain(self, headers: Mapping[str, str] | None, id_: str) -> Explanation:
        """Return the rounds of an answer that the same key was given.

        Raises:
            ApiError: when there is no such answer.
        """
        answered = self.answered.find(self.account(headers), id_)
        return explain(id_, answered, self.service.cascade(answered.question.model))

    @asynccontextmanager
    async def _admitted(
        self, account: Account | None, question: str
    ) -> AsyncIterator[SpendingGate | None]:
        """Hold a place for a question within its limits, and turn every error into an `ApiError`.

        Yields:
            The gate for its calls.
        """
        try:
            if not question.strip():
                raise invalid("the question is empty", "question")
            check_length(question, self.options.max_prompt)
            gate = self.admission.access.gate(account)
            leave = await self.admission.enter(account)
            try:
                async with asyncio.timeout(self.options.request_timeout):
                    yield gate
            finally:
                leave()
        except ApiError:
            raise
        except (CopeError, dspy.LMError, Halt, TimeoutError) as error:
            raise as_api_error(error) from None

"""Trace the questions of a server in MLflow, as OpenTelemetry spans."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from .request_facts import current_request
from .service import SERVED, Question, Service

if TYPE_CHECKING:
    from ..tracking import Tracker

EXPERIMENT = "cope-serve"


@contextmanager
def traced_service(
    service: Service, tracker: "Tracker | None", store: str | None = None
) -> Iterator[None]:
    """Trace every question of a service inside, by the id of its request.

    One run holds the traces. A trace has the question, and DSPy's calls with their prompts.

    Args:
        service: answers the questions.
        tracker: keeps the traces; None traces nothing.
        store: the address of the store; None for the default one.

    Raises:
        CopeError: when the store cannot be used.
    """
    if tracker is None:
        yield
        return
    team, preset = service.program.team, service.program.preset
    params = {f"model.{tier}": team[tier].model for tier in preset.tiers}
    params["preset"] = preset.name

    def span(question: Question) -> AbstractContextManager[None]:
        request = current_request()
        name = request.id if request else secrets.token_hex(10)
        return tracker.question_span(name, question.text)

    with tracker.open(EXPERIMENT, f"{SERVED} {preset.name}", params, store=store):
        service.span = span
        yield

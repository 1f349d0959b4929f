"""Remove known secrets from the spans of traces before they are exported."""

from typing import Any

from mlflow.entities import LiveSpan
from opentelemetry.sdk.trace import Event

from ..util.redact import redact, redact_data


def redact_span(span: LiveSpan) -> None:
    """Redact a span's inputs, outputs, attributes, events, status. MLflow calls this at its end."""
    if span.inputs is not None:
        span.set_inputs(redact_data(span.inputs))
    if span.outputs is not None:
        span.set_outputs(redact_data(span.outputs))
    for name, value in span.attributes.items():
        clean = redact_data(value)
        if clean != value:
            span.set_attribute(name, clean)
    # Exceptions are recorded as events and as a status, which OpenTelemetry offers no public way to
    # change.
    raw: Any = span._span
    events = []
    for event in raw.events:
        attributes = redact_data(dict(event.attributes))
        events.append(Event(event.name, attributes, timestamp=event.timestamp))
    raw._events = events
    description = raw.status.description
    if description:
        raw._status = type(raw.status)(raw.status.status_code, redact(description))

"""The traces of a server in a real MLflow store."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.api import CHAT, body, client

from cope import Cascade
from cope.serve import Service, traced_service
from cope.tracking import MlflowTracker

pytestmark = pytest.mark.slow


def test_each_question_is_a_trace_with_its_calls_by_the_id_of_its_request(
    scripted: Callable[..., Any], tmp_path: Path
) -> None:
    import mlflow

    team = scripted(lambda ask: "Add." if ask.role == "plan" else "So.\nAnswer: 42").team
    service = Service(Cascade("cope", team))
    store = f"sqlite:///{tmp_path / 'traces.db'}"

    async def run() -> dict[str, str]:
        async with client(service) as http:
            questions = ["What is 6 times 7?", "What is 40 and 2?"]
            streams = [{"stream": True}, {}]
            sent = []
            for question, fields in zip(questions, streams, strict=True):
                sent.append(http.post(CHAT, json=body(question, **fields)))
            replies = await asyncio.gather(*sent)  # at once: their spans must not mix
            ids = [reply.headers["x-request-id"] for reply in replies]
            return dict(zip(ids, questions, strict=True))

    with traced_service(service, MlflowTracker(), store):
        asked = asyncio.run(run())
    mlflow.flush_trace_async_logging()

    api = mlflow.MlflowClient(tracking_uri=store)
    experiment = api.get_experiment_by_name("cope-serve")
    assert experiment is not None
    (kept,) = api.search_runs([experiment.experiment_id])
    assert kept.data.params["preset"] == "cope" and kept.info.status == "FINISHED"
    traces = api.search_traces(locations=[experiment.experiment_id])
    found = {trace.info.tags["question_id"]: trace for trace in traces}
    assert found.keys() == asked.keys()
    for id_, question in asked.items():
        spans = found[id_].data.spans
        root = next(span for span in spans if span.parent_id is None)
        assert root.inputs == {"question": question}
        calls = [span for span in spans if span.span_type == "CHAT_MODEL"]
        assert len(calls) >= 12, "six plans and six solutions at least"
        other = next(one for one in asked.values() if one != question)
        assert all(question in str(call.inputs) for call in calls)
        assert not any(other in str(call.inputs) for call in calls)

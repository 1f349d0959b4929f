"""A client that hangs up stops the work, over a real socket."""

import asyncio
import socket
from typing import Any

import httpx
import pytest
import uvicorn

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.serve import Service, make_app


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_cancels_the_call_at_the_engine(stream: bool) -> None:
    asked = asyncio.Event()

    async def never(messages: Any, request: Any) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    engine = ScriptedEngine(never)
    app = make_app(Service(Cascade("small", Team(engine, engine, cache=False))), log=lambda _: None)

    async def run() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        body = {"model": "cope", "stream": stream, "messages": [{"role": "user", "content": "Hi"}]}
        async with httpx.AsyncClient(base_url=address, timeout=60) as http:
            sent = asyncio.create_task(http.post("/v1/chat/completions", json=body))
            await asked.wait()
            sent.cancel()
            await asyncio.gather(sent, return_exceptions=True)
            async with asyncio.timeout(60):
                while engine.cancelled == 0 or app.state.places.running:
                    await asyncio.sleep(0.01)
        server.should_exit = True
        await serving

    asyncio.run(run())
    assert engine.cancelled == 1

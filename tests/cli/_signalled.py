"""`_signalled.py COMMAND ...`: the command line with models that answer after 50 ms, each call noted in `asked`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from cope import Team
from cope.cli import context, main
from cope.models import ScriptedEngine

ASKED = os.open("asked", os.O_CREAT | os.O_APPEND | os.O_WRONLY)


async def reply(messages: list[dict[str, str]], request: Any) -> str:
    os.write(ASKED, b"call\n")
    await asyncio.sleep(0.05)
    return "Answer: 1"


engines = [ScriptedEngine(reply), ScriptedEngine(reply)]
app_context = context.AppContext(
    make_team=lambda options: Team(*engines, cache=False), load_models=lambda *a, **k: None
)
main.app.context_settings["obj"] = app_context
main.main()

"""A tier on a scripted engine."""

from typing import Any

from cope.models import ScriptedEngine
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.models.lm import TierLM
from cope.models.runtime import TierRuntime


def tier_lm(script: Any = "four words of reply", *, delay: Any = 0.0, **runtime: Any) -> TierLM:
    engine = ScriptedEngine(script if callable(script) else lambda messages, request: script, delay)
    lm = TierLM(
        "engine/x",
        tier="small",
        engine=engine,
        async_engine=AsyncEngineAdapter(engine),
        cache=False,
    )
    lm.runtime = TierRuntime(**runtime)
    return lm


def engine_of(lm: TierLM) -> ScriptedEngine:
    assert isinstance(lm.engine, ScriptedEngine)
    return lm.engine

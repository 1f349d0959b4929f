"""Every default test starts from nothing: DSPy as it is imported, empty caches, none of the user's settings, no network.

A plugin of pytest, which `conftest.py` loads in the processes that run tests.
"""

import asyncio
import contextvars
import copy
import functools
import gc
import ipaddress
import logging
import socket
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dspy
import dspy.adapters.utils
import dspy.clients.capabilities
import dspy.clients.costs
import pytest
from dspy.clients import model_metadata
from dspy.dsp.utils.settings import DEFAULT_CONFIG
from dspy.signatures.signature import SignatureMeta
from pydantic import TypeAdapter

import support.hypothesis_profiles as hypothesis_profiles
from cope import Team
from cope.models import ScriptedEngine
from cope.signatures import CodeGoalPlan, CodeGuidelinePlan, GoalPlan, GuidelinePlan

__all__ = ["hypothesis_profiles"]

_DSPY_LOG = logging.getLogger("dspy")
PLANS = (GoalPlan, GuidelinePlan, CodeGoalPlan, CodeGuidelinePlan)
_OF_THE_USER = (
    "ALFWORLD_DATA",
    "COPE_WEIGHTS",
    "OLLAMA_HOST",
    "OLLAMA_API_KEY",
    "OPENAI_API_KEY",
    "HF_ENDPOINT",
    "MLFLOW_TRACKING_URI",
)

# DSPy makes a validator for each value that it writes into a prompt, though they are all texts.
dspy.adapters.utils.TypeAdapter = functools.cache(TypeAdapter)

# DSPy looks through its whole table of models three times for each call to a model that is not in it.
_model_info = model_metadata.model_info


@functools.cache
def _found_model(provider: str, model: str, namespaces: tuple[str, ...] | None) -> dict[str, Any]:
    return _model_info(provider, model, namespaces=namespaces)


def _model_info_once(provider: str, model: str, *, namespaces: Any = None) -> dict[str, Any]:
    """Return what DSPy knows of a model, which is looked up once."""
    names = None if namespaces is None else tuple(namespaces)
    return copy.deepcopy(_found_model(provider, model, names))


for _user in (dspy.clients.capabilities, dspy.clients.costs):
    _user.model_info = _model_info_once

# DSPy sorts a signature's fields into inputs and outputs about twenty times for each call.
_sorted_fields: weakref.WeakKeyDictionary[Any, dict[str, dict[str, Any]]] = (
    weakref.WeakKeyDictionary()
)
_sort_fields = SignatureMeta._get_fields_with_type


def _fields_with_type(signature: Any, field_type: str) -> dict[str, Any]:
    """Return a signature's inputs or outputs, which are sorted once."""
    kept = _sorted_fields.setdefault(signature, {})
    if field_type not in kept:
        kept[field_type] = _sort_fields(signature, field_type)
    return dict(kept[field_type])


SignatureMeta._get_fields_with_type = _fields_with_type

_sleep, _to_thread = asyncio.sleep, asyncio.to_thread  # tests may patch them


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Collect from now on, but do not visit again and again what imports made."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collect nothing at the end of the process: that takes seconds, and the memory is given back anyway."""
    gc.freeze()


@dataclass(frozen=True)
class Ask:
    """One request as a scripted model sees it."""

    tier: str
    role: str
    system: str
    user: str
    seed: int | None
    temperature: float | None

    @classmethod
    def of(cls, tier: str, request: Any) -> "Ask":
        system, user = str(request.system), request.messages[-1].parts[0].text
        planning = system.startswith(tuple(plan.instructions for plan in PLANS))
        role = "plan" if planning else "reason"
        return cls(tier, role, system, user, request.config.seed, request.config.temperature)


@dataclass
class Scripted:
    """A team of two scripted tiers, and what they were asked."""

    team: Team
    small: ScriptedEngine
    large: ScriptedEngine

    @property
    def asks(self) -> list[Ask]:
        """All requests, those to the small tier first."""
        engines = {"small": self.small, "large": self.large}
        return [
            Ask.of(tier, request) for tier, engine in engines.items() for request in engine.requests
        ]

    async def until_asked(self, count: int) -> None:
        """Wait until so many solutions have been requested, for replies that come after all requests."""
        async with asyncio.timeout(60):
            while sum(ask.role == "reason" for ask in self.asks) < count:
                await asyncio.sleep(0)


def even_logprobs(text: str) -> list[float]:
    """The log-probabilities of a reply whose words are all equally likely."""
    return [-0.1] * max(1, len(text.split()))


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    """Makes a team whose every reply is `reply(ask)`: `scripted(reply, delay=..., **options of the team)`."""

    def make(reply: Callable[[Ask], str], delay: Any = 0.0, **options: Any) -> Scripted:
        def engine(tier: str) -> ScriptedEngine:
            return ScriptedEngine(
                lambda messages, request: reply(Ask.of(tier, request)), delay, even_logprobs
            )

        small, large = engine("small"), engine("large")
        return Scripted(Team(small, large, **{"cache": False, **options}), small, large)

    return make


@pytest.fixture(scope="session")
def mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The MLflow store of all tests that look into one: making its tables takes seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture(autouse=True)
def fresh_dspy() -> Iterator[None]:
    """DSPy's settings and log level as they are at import, and an empty cache in memory."""
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)
    level = _DSPY_LOG.level
    yield
    _DSPY_LOG.setLevel(level)
    dspy.configure(**copy.deepcopy(DEFAULT_CONFIG))


@pytest.fixture(autouse=True)
def isolated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """A default test sees an empty cache folder and reaches this machine only; live tests see the real world."""
    if request.node.get_closest_marker("live"):
        yield
        return
    refused: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPE_CACHE", str(tmp_path_factory.getbasetemp() / "cope-cache"))
        for name in _OF_THE_USER:
            patch.delenv(name, raising=False)
        patch.setattr(asyncio, "to_thread", _without_thread)
        _guard(patch, refused)
        yield
    assert not refused, (
        f"a default test asked for {', '.join(refused)}: it may use loopback addresses only"
    )


async def _without_thread(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Run a function of DSPy here, and others in a thread as usual.

    DSPy prepares each call to a scripted model in a thread of its own, and prices it in another. That is a fifth of what
    the call takes.
    """
    if getattr(function, "__code__", None) is None or not function.__module__.startswith("dspy."):
        return await _to_thread(function, *args, **kwargs)
    await _sleep(0)
    return contextvars.copy_context().run(function, *args, **kwargs)


def _guard(patch: pytest.MonkeyPatch, refused: list[str]) -> None:
    """Refuse to connect to other machines and to look up their names; what was tried is noted, as code may go on."""

    def guarded(call: Callable[..., Any], host_of: Callable[..., Any]) -> Callable[..., Any]:
        def checked(*args: Any, **kwargs: Any) -> Any:
            host = host_of(*args, **kwargs)
            if not _here(host):
                refused.append(str(host))
                raise OSError(f"no network in default tests: {host}")
            return call(*args, **kwargs)

        return checked

    def of_address(sock: socket.socket, address: Any) -> Any:
        return address[0] if sock.family in (socket.AF_INET, socket.AF_INET6) else None

    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name), of_address))
    patch.setattr(
        socket, "getaddrinfo", guarded(socket.getaddrinfo, lambda host, *args, **kwargs: host)
    )


def _here(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified

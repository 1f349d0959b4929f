"""Every default test starts from nothing: DSPy as it is imported, empty caches, none of the user's settings, no network."""

import asyncio
import copy
import gc
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Workers and the commands that tests start import the same modules: compiling them each time takes as long as the tests.
# Where the user wants no bytecode beside the sources, it goes to pytest's cache.
if sys.dont_write_bytecode:
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# DSPy opens a cache on disk when it is first used, which may be before the first test.
_dspy_cache = tempfile.TemporaryDirectory(prefix="cope-tests-", ignore_cleanup_errors=True)
os.environ["DSPY_CACHEDIR"] = _dspy_cache.name
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # MLflow starts it when it is imported

# A job in the background of a shell starts with Ctrl-C ignored, and hands that on to the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import dspy
import pytest
from dspy.dsp.utils.settings import DEFAULT_CONFIG
from hypothesis import settings

from cope import Team
from cope.models import ScriptedEngine
from cope.signatures import CodeGoalPlan, CodeGuidelinePlan, GoalPlan, GuidelinePlan

# An example may take any time: other processes use the machine too. `.ci/run` asks for the thorough profile.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("thorough", max_examples=400, deadline=None)
settings.load_profile("quick")

# Objects that imports made live on. The collector should not visit them again and again (10% of the CPU time of two test files).
gc.freeze()
gc.set_threshold(20_000, 20, 20)

_DSPY_LOG = logging.getLogger("dspy")
PLANS = (GoalPlan, GuidelinePlan, CodeGoalPlan, CodeGuidelinePlan)
_OF_THE_USER = (
    "COPE_WEIGHTS",
    "OLLAMA_HOST",
    "OLLAMA_API_KEY",
    "OPENAI_API_KEY",
    "HF_ENDPOINT",
    "MLFLOW_TRACKING_URI",
)


_LOOK_INTO_MLFLOW = {
    "tests/optimize/compiler/test_tracking.py",
    "tests/test_tracker_contract.py",
    "tests/test_tracking.py",
    "tests/test_tracking_compile.py",
}


_LONG_FIRST = ("mlflow", "tests/optimize/", "tests/cli/", "tests/report")
"""Groups and folders of tests that start first, so that the workers end together."""


def group_of(nodeid: str) -> str:
    """Return which tests run on the same worker: those of a file, or those that share what takes seconds to make."""
    file = nodeid.split("::")[0]
    if file in _LOOK_INTO_MLFLOW:
        return "mlflow"
    return "tests/report" if file.startswith("tests/report/") else file


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the live tests where none of them will run: importing them takes seconds."""
    live = Path(__file__).parent / "live"
    return True if collection_path == live and "not live" in config.option.markexpr else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the groups that take long first, and keep each together."""

    def rank(item: pytest.Item) -> int:
        group = group_of(item.nodeid)
        found = [n for n, start in enumerate(_LONG_FIRST) if group.startswith(start)]
        return found[0] if found else len(_LONG_FIRST)

    items.sort(key=rank)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each group of tests to one worker."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Scheduling(config, log)


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


@pytest.fixture
def scripted() -> Callable[..., Scripted]:
    """Makes a team whose every reply is `reply(ask)`: `scripted(reply, delay=..., **options of the team)`."""

    def make(reply: Callable[[Ask], str], delay: Any = 0.0, **options: Any) -> Scripted:
        def engine(tier: str) -> ScriptedEngine:
            return ScriptedEngine(lambda messages, request: reply(Ask.of(tier, request)), delay)

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
        _guard(patch, refused)
        yield
    assert not refused, (
        f"a default test asked for {', '.join(refused)}: it may use loopback addresses only"
    )


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

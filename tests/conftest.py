"""How the tests are started: their environment, which worker runs which, and what every process that runs tests loads."""

import gc
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

# What imports make lives on: there is nothing to collect before the first test.
gc.disable()

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

# A job in the background of a shell starts with Ctrl-C ignored, and one under nohup with SIGHUP; the processes that tests
# interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

import pytest

_LOOK_INTO_MLFLOW = {
    "tests/optimize/compiler/test_tracking.py",
    "tests/test_redact.py",
    "tests/test_tracker_contract.py",
    "tests/test_tracking.py",
    "tests/test_tracking_compile.py",
    "tests/test_tracking_models.py",
}


_LONG_FIRST = ("mlflow", "tests/optimize/", "tests/cli/", "tests/report")
"""Groups and folders of tests that start first, so that the workers end together."""


def group_of(nodeid: str) -> str:
    """Return which tests run on the same worker: those of a file, or those that share what takes seconds to make."""
    file = nodeid.split("::")[0]
    if file in _LOOK_INTO_MLFLOW:
        return "mlflow"
    return "tests/report" if file.startswith("tests/report/") else file


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures of every test, but not in a process that only gives tests to workers: DSPy takes a second."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("support.every_test")
    elif config.getoption("--hypothesis-profile"):
        config.pluginmanager.import_plugin("support.hypothesis_profiles")


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

"""A compile that is killed resumes where it was: the same program, and hardly a call twice."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.compile_world import ANY_PRESET

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ran = subprocess.run(
        [
            sys.executable,
            str(HERE / "_killed_compile.py"),
            str(tmp_path_factory.mktemp("kills")),
            *ANY_PRESET,
        ],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("optimizer", ANY_PRESET)
def test_kills_change_nothing(outcomes: dict[str, Any], optimizer: str):
    found = outcomes[optimizer]
    alone, killed = found["alone"], found["killed"]
    assert found["kills"] == 3, "the compile ended before it was killed often enough"
    assert killed["state"] == alone["state"] and killed["candidates"] == alone["candidates"]
    assert killed["after"] == alone["after"]
    recorded = found["calls"]
    assert recorded["killed"] == recorded["alone"], "other calls were made than without a kill"
    assert found["twice"] == 0, "a call that was finished and recorded was made again"
    assert killed["spent"] == recorded["killed"], "what earlier attempts used is not counted"
    assert killed["asked"] < alone["asked"], "the last attempt asked everything again"

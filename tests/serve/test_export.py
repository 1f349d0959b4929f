"""`cope export`: rows in, rows out, by MLflow itself and by the program behind it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from click.testing import CliRunner
from support.fault_server import CHAT_REPLY, FaultServer, Reply
from support.servers import serving

from cope import Cascade
from cope.cli.main import app
from cope.errors import CopeError
from cope.models import Price
from cope.programs.options import ProgramOptions, TeamOptions
from cope.serve.export.code import copy_package, requirements
from cope.serve.export.rows import COLUMNS, RowsProgram
from cope.serve.export.settings import read_settings, write_settings


def test_every_row_has_its_answer_or_its_error(scripted: Callable[..., Any]) -> None:
    def reply(ask: Any) -> str:
        if "fails" in ask.user:
            raise RuntimeError("secret-key-123")
        return "no idea" if "hard" in ask.user else f"Answer: {len(ask.user.split('Q')[1])}"

    program = RowsProgram(Cascade("small", scripted(reply).team))
    questions = ["Qx", "hard", None, "fails", "  ", "Qxxx"]
    rows = pd.DataFrame({"question": questions, "other": range(6)}, index=[9, 8, 7, 6, 5, 4])
    answers = program.answer(rows)
    assert tuple(answers.columns) == COLUMNS and list(answers.index) == [9, 8, 7, 6, 5, 4]
    found = answers.to_dict(orient="records")
    assert found[0]["answer"] is not None and found[0]["round"] == 1
    assert [row["answer"] is None for row in found] == [False, True, True, True, True, False]
    errors = [row["error"] for row in found]
    assert errors[0] is None and errors[1] == "no answer could be read"
    assert "column 'question'" in errors[2] and "column 'question'" in errors[4]
    assert "secret" not in errors[3] and "failed" in errors[3]


def test_settings_are_read_as_they_were_written_without_paths(tmp_path: Path) -> None:
    program = ProgramOptions(
        preset=str(tmp_path / "own.toml"),
        program=None,
        thresholds=(0.5, 0.7),
        calibration=tmp_path / "calibration.json",
    )
    team = TeamOptions(
        small="openai/a",
        tiers={"middle": "openai/b"},
        prices={"small": Price(0.1, 0.2)},
        keys={"small": "SMALL_KEY"},
    )
    settings, files = write_settings(program, team, "open")
    assert str(tmp_path) not in json.dumps(settings)
    moved = {name: Path("/moved") / name for name in files}
    read, read_team, domain = read_settings(json.loads(json.dumps(settings)), moved)
    assert read_team == team and domain == "open" and read.thresholds == (0.5, 0.7)
    assert read.preset == "/moved/preset" and read.calibration == Path("/moved/calibration")
    with pytest.raises(CopeError, match="COPE_WEIGHTS"):
        write_settings(program, TeamOptions(weights=tmp_path), "open")


def test_the_code_beside_a_model_is_the_package_with_its_entry_points(tmp_path: Path) -> None:
    code, metadata = map(Path, copy_package(tmp_path))
    assert {"cli", "programs", "serve"} <= {entry.name for entry in code.iterdir()}
    assert not {"tests", "docs", ".git", "pyproject.toml"} & {e.name for e in code.iterdir()}
    assert (code / "programs" / "presets" / "cope.toml").is_file()
    assert (code / "py.typed").is_file() and not list(code.rglob("*.pyc"))
    assert "[cope.tasks]" in (metadata / "entry_points.txt").read_text()
    needed = requirements()
    assert any(line.startswith("mlflow") for line in needed)
    assert not any("extra" in line for line in needed)


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["export", "small", "-o", str(tmp_path)])
    assert done.exit_code == 1 and "name another folder" in done.output


@pytest.mark.slow
def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    words = ["export", str(tmp_path / "none.json"), "-o", str(tmp_path / "model")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1 and "none.json" in done.output
    assert not (tmp_path / "model").exists()


PREDICT = """
import json
import sys

sys.meta_path = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
import mlflow
import pandas as pd

model = mlflow.pyfunc.load_model(sys.argv[1])
rows = model.predict(pd.DataFrame({"question": ["6 * 7?", "7 * 6?", "3 * 14?"]}))
import cope

print(json.dumps([cope.__file__, rows.to_dict(orient="records")]))
"""


@pytest.mark.slow
def test_an_exported_model_answers_many_rows_without_the_installed_package(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    with serving(FaultServer([Reply(CHAT_REPLY)])) as stub:
        tier = f"openai/stub@{stub.address}/v1"
        options = ["--small", tier, "--large", tier, "--price", "small=1/2", "-o", str(folder)]
        done = CliRunner().invoke(app, ["export", "small", *options])
        assert done.exit_code == 0, done.output
        ran = subprocess.run(
            [sys.executable, "-c", PREDICT, str(folder)],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
        )
    assert ran.returncode == 0, ran.stderr
    file, rows = json.loads(ran.stdout.splitlines()[-1])
    assert Path(file).is_relative_to(folder)
    assert [row["answer"] for row in rows] == ["42"] * 3
    assert all(row["round"] == 1 and row["cost"] > 0 and row["error"] is None for row in rows)
    model = (folder / "MLmodel").read_text()
    assert '"question"' in model and '"confidence"' in model and str(tmp_path) not in model


@pytest.mark.slow
def test_mlflow_serves_an_exported_model(tmp_path: Path) -> None:
    folder, log = tmp_path / "model", tmp_path / "server.log"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = ["models", "serve", "-m", str(folder), "--env-manager", "local", "-p", str(port)]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    rows = [{"question": "6 * 7?"}, {"question": " "}, {"question": "7 * 6?"}]
    with serving(FaultServer([Reply(CHAT_REPLY)])) as stub, log.open("wb") as said:
        tier = f"openai/stub@{stub.address}/v1"
        words = ["export", "small", "--small", tier, "--large", tier, "-o", str(folder)]
        assert CliRunner().invoke(app, words).exit_code == 0
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *serve],
            stdout=said,
            stderr=said,
            start_new_session=True,
            env={**os.environ, "PATH": path},
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as http:
                _wait(http, server, log)
                reply = http.post("/invocations", json={"dataframe_records": rows})
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)
    assert reply.status_code == 200, reply.text
    answers = reply.json()["predictions"]
    assert [row["answer"] for row in answers] == ["42", None, "42"]
    assert "column 'question'" in answers[1]["error"]


def _wait(http: httpx.Client, server: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers."""
    until = time.monotonic() + 300
    while True:
        try:
            http.get("/ping").raise_for_status()
            return
        except httpx.HTTPError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)

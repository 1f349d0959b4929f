"""Which addresses of stores work, and what is said of the others: one line, before MLflow is imported."""

from pathlib import Path

import pytest
from support.commands import cope
from support.sweeps import sweep

from cope import tracking
from cope.errors import CopeError
from cope.tracking import check_address, store_uri

WRONG = {
    "file:runs": "no longer in a folder",
    "file:///runs": "no longer in a folder",
    "FILE:/runs": "no longer in a folder",
    "file://host/runs": "mlflow migrate-filestore",
    "sqlite:runs.db": "write sqlite:///runs.db",
    "sqlite:/runs.db": "write sqlite:///runs.db",
    "sqlite://runs.db": "write sqlite:///runs.db",
    "sqlite://": "write sqlite:///mlflow.db",
    "sqlite:///": "the path is missing",
    " ": "the path is missing",
    "sqlite:///folder": "it is a folder; name a file in it, such as folder/mlflow.db",
    "folder": "it is a folder",
    "folder/": "it is a folder",
    "text.txt": "is not an SQLite file",
    "sqlite:///text.txt": "is not an SQLite file",
    "runs.db?mode=ro": "has no ?",
    "a" * 300: "too long",
    "sqlite:///a\0b": "control character",
    "http:/host": "write http://HOST:PORT",
    "http:host:5000": "write http://HOST:PORT",
    "http://": "write http://HOST:PORT",
    "https://:5000": "write https://HOST:PORT",
    "http://host:port": "write http://HOST:PORT",
    "http://[::1": "write http://HOST:PORT",
    "localhost:5000": "MLflow knows no stores at localhost:",
    "ftp://host/runs": "MLflow knows no stores at ftp:",
    "s3://bucket": "MLflow knows no stores at s3:",
    "uc:catalog": "MLflow knows no stores at uc:",
    "postgresql+nowhere://db/runs": "pip install",
}
RIGHT = [
    "mlflow.db",
    "my runs.db",
    "folder/with space.db",
    "./runs",
    "sqlite:///mlflow.db",
    "sqlite:////tmp/runs.db",
    "C:\\runs\\mlflow.db",
    "http://127.0.0.1:5000",
    "https://me:secret@tracking.example/mlflow",
    "databricks",
    "databricks://profile",
    "postgresql+json://db/runs",
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("question,answer\n")
    return tmp_path


@pytest.mark.parametrize("address", RIGHT)
def test_addresses_that_mlflow_reads_are_taken(address: str):
    check_address(store_uri(address))


@sweep("address", WRONG, every=4)
@pytest.mark.parametrize("origin", ["argument", "environment"])
def test_other_addresses_are_one_line_that_says_which_work(
    address: str, origin: str, here: Path, monkeypatch: pytest.MonkeyPatch
):
    before = set(here.iterdir())
    if origin == "environment":
        if "\0" in address:
            return  # an environment cannot hold it
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(CopeError) as raised:
        tracking.open_store(address if origin == "argument" else None)
    line = str(raised.value)
    assert WRONG[address] in line and "\n" not in line and "--no-track" in line
    assert ("MLFLOW_TRACKING_URI" in line) == (origin == "environment")
    assert set(here.iterdir()) == before, "a wrong address leaves no file"


@pytest.mark.parametrize("command", ["ui", "eval"])
def test_commands_say_it_too(command: str, here: Path):
    (here / "q.jsonl").write_text('{"question": "What?", "answer": "1"}\n')
    words = ["jsonl", "--data", "q.jsonl"] if command == "eval" else []
    result = cope(command, *words, "--store", "file:runs")
    assert result.exit_code == 1
    assert result.stderr.count("error: ") == 1
    assert "MLflow stores runs in a database and no longer in a folder" in result.stderr

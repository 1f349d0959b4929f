"""Known secrets are in no file and no output, whatever a question, a model or a server says."""

import json
import random
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st
from support.commands import cope, give_team, give_tracker
from support.tracking import STORE

from cope import CopeError, Team
from cope.util.redact import redact, redact_data, redact_error, register_address


@pytest.fixture(autouse=True)
def no_registered_secrets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cope.util.redact._registered", {})


secrets = st.text(
    string.ascii_letters + string.digits + '-_.~+/="\\ :é€', min_size=12, max_size=40
).filter(lambda text: len(text.strip()) >= 12 and not text.startswith("/") and "://" not in text)


@given(secrets, st.text(max_size=20), st.text(max_size=20))
def test_no_form_of_a_key_remains(secret: str, before: str, after: str):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOME_API_KEY", secret)
        for form in (
            secret,
            secret.strip(),
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        ):
            assert form not in redact(before + form + after).replace("$SOME_API_KEY", "\n")
        data = {"a": [secret, {secret: 1}], "b": f"Bearer {secret}"}
        assert secret not in json.dumps(redact_data(data), ensure_ascii=False)


def test_text_without_a_secret_is_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOME_API_KEY", "short")
    monkeypatch.setenv("KEY_FILE", "not-the-name-of-a-secret")
    assert redact("short, not-the-name-of-a-secret") == "short, not-the-name-of-a-secret"
    data = {"a": ["x"]}
    assert redact_data(data) is data


def test_passwords_in_addresses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:hunter2-of-mlflow@tracking/x")
    register_address("http://me:p%40ss-word@server:8000/v1")
    assert redact("401: hunter2-of-mlflow") == "401: $MLFLOW_TRACKING_URI"
    assert redact("p%40ss-word and p@ss-word") == "[password] and [password]"
    assert redact("Authorization: Basic bWU6cEBzcy13b3Jk") == "Authorization: Basic [password]"
    assert redact_error("GET ftp://a:bcdef@c failed") == "GET ftp://a:[password]@c failed"
    assert (
        redact_error('{"Authorization": "Bearer abc.def"}')
        == '{"Authorization": "Bearer [secret]"}'
    )


def test_a_key_with_control_characters_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MY_KEY", "sk-0123456789\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789\r")
    with pytest.raises(CopeError, match=r"\$MY_KEY has a control character"):
        Team("openai/m@http://127.0.0.1:1/v1", keys={"small": "MY_KEY"})
    with pytest.raises(CopeError, match=r"\$OPENAI_API_KEY has a control character"):
        Team("openai/gpt-4o-mini")


def test_a_key_that_is_not_set_is_one_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(CopeError, match="--key large=MY_KEY: the variable MY_KEY is not set"):
        Team(large="openai/m@http://127.0.0.1:1/v1", keys={"large": "MY_KEY"})
    with pytest.raises(CopeError, match="no tier is named 'mid'"):
        Team(keys={"mid": "MY_KEY"})


def random_secret(draw: random.Random) -> str:
    alphabet = string.ascii_letters + string.digits + "+/=-_&%\"' é"
    return "sk" + "".join(draw.choice(alphabet) for _ in range(24)) + "k"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_file_and_no_output_of_a_run_in_mlflow_has_a_secret(
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: Callable[..., Any],
    mlflow_store: str,
):
    values, outputs = outputs_with_secrets(seed, tmp_path, monkeypatch, scripted, mlflow_store)
    files = files_below(tmp_path, Path(mlflow_store.removeprefix("sqlite:///")).parent)
    assert any(name.endswith(".db") for name in files)
    check_no_secret(values, outputs, files)


@pytest.mark.slow
def test_no_file_and_no_output_of_a_run_has_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Callable[..., Any]
):
    tracker = give_tracker(monkeypatch)
    values, outputs = outputs_with_secrets(0, tmp_path, monkeypatch, scripted, STORE)
    files = files_below(tmp_path)
    (run,) = tracker.runs.values()
    assert run.files.keys() >= {"records.jsonl"}
    check_no_secret(values, outputs, files | run.files)


def outputs_with_secrets(
    seed: int,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: Callable[..., Any],
    store: str,
) -> tuple[list[str], str]:
    """Run commands whose questions, replies and errors hold secrets.

    Returns:
        The secrets, and all that was printed.
    """
    draw = random.Random(seed)
    values = [random_secret(draw) for _ in range(3)]
    for number, value in enumerate(values):
        monkeypatch.setenv(f"SECRET_{number}_API_KEY", value)
    monkeypatch.chdir(folder)
    rows = [{"question": f"What is {n} + 1, {values[0]}?", "answer": n + 1} for n in range(4)]
    data = folder.parent / f"q{seed}.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(ask: Any) -> str:
        if "What is 3" in ask.user:
            raise RuntimeError(f"401: the key {values[1]} is wrong")
        return f"{values[2]}\nAnswer: {values[2] if 'What is 2' in ask.user else 1}"

    give_team(monkeypatch, lambda options: scripted(reply).team)
    eval_ = ["eval", "jsonl", "--data", str(data), "--preset", "small", "--store", store]
    outputs = ""
    for command in (
        eval_,
        [*eval_, "--json"],
        ["record", "jsonl", "--data", str(data), "--preset", "small", "--also", "none"],
        ["report", ".cope/eval", "-o", "page.html", "--no-track", "--json"],
    ):
        result = cope(*command)
        outputs += result.output + result.stderr
    return values, outputs


def files_below(*folders: Path) -> dict[str, bytes]:
    """Return the contents of all files by path; records are among them."""
    files: dict[str, bytes] = {}
    for folder in folders:
        files |= {str(f): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    assert any(name.endswith("records.jsonl") for name in files)
    return files


def check_no_secret(values: list[str], outputs: str, files: dict[str, bytes]) -> None:
    for value in values:
        for form in {value, json.dumps(value)[1:-1], quote(value, safe="")}:
            assert form not in outputs
            for name, content in files.items():
                assert form.encode() not in content, name


def test_a_secret_of_the_environment_is_known_as_long_as_it_is_set(monkeypatch: pytest.MonkeyPatch):
    text = "rejected: sk-changes-0123"
    for _ in range(2):
        assert redact(text) == text
        monkeypatch.setenv("CHANGING_API_KEY", "sk-changes-0123")
        assert redact(text) == "rejected: $CHANGING_API_KEY"
        monkeypatch.setenv("CHANGING_API_KEY", "sk-another-0123")
        assert redact(text) == text
        monkeypatch.delenv("CHANGING_API_KEY")

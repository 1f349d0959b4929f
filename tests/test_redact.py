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
from support.commands import cope, give_team

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


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
def test_no_file_and_no_output_of_a_run_has_a_secret(
    seed: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: Callable[..., Any],
    mlflow_store: str,
):
    draw = random.Random(seed)
    values = [random_secret(draw) for _ in range(3)]
    for number, value in enumerate(values):
        monkeypatch.setenv(f"SECRET_{number}_API_KEY", value)
    monkeypatch.chdir(tmp_path)
    rows = [{"question": f"What is {n} + 1, {values[0]}?", "answer": n + 1} for n in range(4)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(ask: Any) -> str:
        if "What is 3" in ask.user:
            raise RuntimeError(f"401: the key {values[1]} is wrong")
        return f"{values[2]}\nAnswer: {values[2] if 'What is 2' in ask.user else 1}"

    give_team(monkeypatch, lambda options: scripted(reply).team)
    (tmp_path / "q.jsonl").rename(tmp_path.parent / f"q{seed}.jsonl")
    data = tmp_path.parent / f"q{seed}.jsonl"
    eval_ = ["eval", "jsonl", "--data", str(data), "--preset", "small", "--store", mlflow_store]
    outputs = ""
    for command in (
        eval_,
        [*eval_, "--json"],
        ["record", "jsonl", "--data", str(data), "--preset", "small", "--also", "none"],
        ["report", ".cope/eval", "-o", "page.html", "--no-track", "--json"],
    ):
        result = cope(*command)
        outputs += result.output + result.stderr
    files: dict[str, bytes] = {}
    for folder in (tmp_path, Path(mlflow_store.removeprefix("sqlite:///")).parent):
        files |= {str(f): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    assert any(name.endswith("records.jsonl") for name in files)
    assert any(name.endswith(".db") for name in files)
    for value in values:
        for form in {value, json.dumps(value)[1:-1], quote(value, safe="")}:
            assert form not in outputs
            for name, content in files.items():
                assert form.encode() not in content, name

"""Programs as models of MLflow: they load without questions, name their packages, hold no key."""

import json
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, Team, tracking
from cope.models import ScriptedEngine


class Saved(ScriptedEngine):
    """A scripted engine that a pickle can hold; `asked` counts for all copies of it."""

    asked = 0

    def __init__(self) -> None:
        super().__init__(self._say)

    def _say(self, messages: Any, request: Any) -> str:
        type(self).asked += 1
        return "So.\nAnswer: 7"

    def __reduce__(self) -> Any:
        return type(self), ()


@pytest.mark.slow
@pytest.mark.parametrize("domain", ["short-answer", "code"])
def test_a_program_comes_back_as_a_model_without_being_asked(
    mlflow_store: str, domain: str, monkeypatch: pytest.MonkeyPatch
):
    from mlflow import pyfunc
    from mlflow.dspy import load_model

    program = Cascade("cope", Team(Saved(), Saved(), cache=False), seed=3, domain=domain)
    program.round_1.reasoner.predict.demos = [
        dspy.Example(question="1 + 1?", goal="Add.", reasoning="So.", answer="2")
    ]
    monkeypatch.setattr(Saved, "asked", 0)
    inputs = {"question": "string", "tests": "strings?"}
    with tracking.tracked_run(
        "cope-compile-test", "model", {}, store=mlflow_store, traces=False
    ) as run:
        address = run.log_model(program, inputs, {"question": "What is 3 + 4?"})
    assert Saved.asked == 0
    back: Any = load_model(f"runs:/{run.id}/program")
    assert isinstance(back, Cascade) and (back.seed, back.domain) == (3, domain)
    assert back.dump_state() == program.dump_state()
    if domain == "short-answer":
        assert back(question="What is 3 + 4?").answer == "7" and Saved.asked
        served = pyfunc.load_model(address)
        assert served.predict({"question": "What is 3 + 4?"})["answer"] == "7"
        assert served.input_example == {"question": "What is 3 + 4?"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, "from-somewhere==1.5"),
        (
            {"url": "file:///home/me/src", "dir_info": {"editable": True}},
            "from-somewhere @ file:///home/me/src",
        ),
        (
            {
                "url": "https://host/x.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc1", "requested_revision": "main"},
            },
            "from-somewhere @ git+https://host/x.git@abc1",
        ),
    ],
)
def test_a_model_requires_the_package_from_where_it_came(
    origin: Any, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from cope.tracking.model import pip_requirement

    folder = tmp_path / "from_somewhere-1.5.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: from-somewhere\nVersion: 1.5\n")
    if origin:
        (folder / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(tmp_path)
    assert pip_requirement("from-somewhere") == wanted


@pytest.mark.slow
def test_a_model_lists_what_an_environment_for_it_needs(mlflow_store: str):
    from mlflow.artifacts import download_artifacts

    from cope.tracking.model import pip_requirement

    with tracking.tracked_run(
        "cope-compile-test", "needs", {}, store=mlflow_store, traces=False
    ) as run:
        address = run.log_model(
            Cascade("small", Team(Saved(), Saved())), {"question": "string"}, {"question": "?"}
        )
    lines = (Path(download_artifacts(address)) / "requirements.txt").read_text().split("\n")
    assert [pip_requirement(name) for name in ("cope-dspy", "dspy", "mlflow")] == lines


@pytest.mark.slow
def test_a_model_holds_no_key(mlflow_store: str, monkeypatch: pytest.MonkeyPatch):
    from mlflow.artifacts import download_artifacts
    from mlflow.dspy import load_model

    monkeypatch.setenv("MY_KEY", "sk-of-who-compiled")
    model = "openai/one@http://localhost:1/v1"
    program = Cascade("small", Team(model, Saved(), keys={"small": "MY_KEY"}))
    assert program.team["small"].lm.kwargs["api_key"] == "sk-of-who-compiled"
    with tracking.tracked_run(
        "cope-compile-test", "key", {}, store=mlflow_store, traces=False
    ) as run:
        address = run.log_model(program, {"question": "string"}, {"question": "?"})
    files = [file for file in Path(download_artifacts(address)).rglob("*") if file.is_file()]
    assert any(file.name == "program.pkl" for file in files)
    assert not any(b"sk-of-who-compiled" in file.read_bytes() for file in files)
    monkeypatch.setenv("MY_KEY", "sk-of-who-serves")
    back: Any = load_model(address)
    assert back.team["small"].lm.kwargs["api_key"] == "sk-of-who-serves"
    assert back.team["small"].model == model

"""Functions of tables as models of MLflow: they come back quietly, with no file of a project."""

import warnings
from pathlib import Path

import pandas as pd
import pytest

from cope import tracking

pytestmark = pytest.mark.slow


def double(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"row": table["row"] * 2, "text": table["text"] + table["text"]})


def test_a_function_comes_back_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    from mlflow.pyfunc import load_model

    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    (tmp_path / "uv.lock").write_text("version = 1\n")
    monkeypatch.chdir(tmp_path)
    columns = {"row": "long", "text": "string"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tracking.save_table_function(tmp_path / "model", double, columns, columns, ["cope-dspy"])
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "model" / "uv.lock").exists()
    assert "cope-dspy" in (tmp_path / "model" / "requirements.txt").read_text()
    model = load_model(str(tmp_path / "model"))
    made = model.predict(pd.DataFrame({"row": [1, 2], "text": ["a", ""]}))
    assert made.to_dict("list") == {"row": [2, 4], "text": ["aa", ""]}

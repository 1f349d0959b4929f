"""The application's context without arguments: what commands get outside tests."""

import os
import pickle
from pathlib import Path

import pytest

from cope.cli.context import AppContext
from cope.errors import CopeError
from cope.models.loading import load_models
from cope.optimize.compiler.proposer import make_proposer
from cope.programs.options import TeamOptions


def test_weights_are_searched_in_the_folder_that_the_options_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("COPE_WEIGHTS", raising=False)
    folder = tmp_path / "none"
    team = AppContext().make_team(TeamOptions(weights=folder))
    with pytest.raises(CopeError, match="there is no folder .*none"):
        load_models(team)
    engine = team["small"].engine
    assert engine is not None and "weights_dir" not in engine.dump_state()
    assert pickle.loads(pickle.dumps(engine)).weights_dir == folder
    assert make_proposer(team).engine.weights_dir == folder
    assert "COPE_WEIGHTS" not in os.environ

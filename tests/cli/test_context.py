"""What the commands take from outside when nobody gives them anything else."""

from pathlib import Path

import pytest

from cope.cli.context import AppContext
from cope.errors import CopeError
from cope.models.weights.resolve import resolve
from cope.programs.resolve import TeamOptions


def test_weights_are_searched_in_the_folder_that_the_options_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COPE_WEIGHTS", "")  # put back after the test
    AppContext().make_team(TeamOptions(weights=tmp_path / "none"))
    with pytest.raises(CopeError, match="there is no folder .*none"):
        resolve("tiny")

"""Which models a name stands for, and which of them can be downloaded."""

import pytest

from cope.errors import CopeError
from cope.models.engines.download import download_model, names_of_models

CODER = ["local/qwen2.5-coder-0.5b", "local/qwen2.5-coder-1.5b"]


@pytest.mark.parametrize(
    ("names", "models"),
    [
        ([], CODER),
        (["coder"], CODER),
        (["general", "ollama/x"], ["local/qwen2.5-0.5b", "local/qwen2.5-1.5b", "ollama/x"]),
    ],
)
def test_the_name_of_a_pair_stands_for_both_of_its_models(names: list[str], models: list[str]):
    assert list(names_of_models(names)) == models


@pytest.mark.parametrize("name", ["openai/gpt-4o-mini", "nonsense/x"])
def test_a_model_of_an_api_is_not_downloaded(name: str):
    with pytest.raises(CopeError, match="pull takes local/NAME and ollama/NAME"):
        download_model(name)

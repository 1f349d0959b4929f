"""Which compiled program of the package's is for whom."""

import json
from pathlib import Path
from typing import Any

import pytest

from cope import Cascade, Team, load_preset
from cope.models import ScriptedEngine
from cope.programs.bundled import FOLDER, find_bundled_program
from cope.programs.program_view import load_program_view

MODELS = {"small": "local/a", "large": "local/b"}
Save = Any


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Puts a compiled program into the folder."""

    def make(name: str, preset: Any = "cope", domain: str = "short-answer", **about: Any) -> Path:
        engine = ScriptedEngine(lambda *_: "")
        state = Cascade(preset, Team(engine, engine), domain=domain).dump_state()
        compiled = {
            "task": "gsm8k",
            "optimizer": "gepa",
            "models": {**MODELS, "proposer": "openai/c"},
            **about,
        }
        path = tmp_path / name
        path.write_text(json.dumps({**state, "compiled": compiled}))
        return path

    return make


@pytest.fixture
def found(tmp_path: Path) -> Any:
    def find(
        preset: Any = "cope",
        task: str | None = "gsm8k",
        models: Any = MODELS,
        *more: Any,
        **context: Any,
    ) -> Any:
        return find_bundled_program(preset, task, models, *more, folder=tmp_path, **context)

    return find


def test_all_must_match(save: Save, found: Any) -> None:
    file = save("gsm8k-cope.json")
    assert found() == file
    assert found(models={**MODELS, "judge": "local/d"}) == file, (
        "a tier that the rounds do not ask is no matter"
    )
    assert found(load_preset("cope")) == file
    for other in (
        {"preset": "answer-cascade"},
        {"task": "math500"},
        {"task": None},
        {"models": {**MODELS, "small": "local/c"}},
        {"models": {"small": "local/a"}},
    ):
        assert found(**other) is None, other
    assert found("cope", "gsm8k", MODELS, "code") is None
    assert found(load_preset("cope").with_overrides(samples=4)) is None, (
        "other rounds under the same name"
    )


def test_a_round_that_asks_one_tier_needs_that_model_alone(save: Save, found: Any) -> None:
    file = save("gsm8k-small.json", "small")
    assert found("small", "gsm8k", {"small": "local/a", "large": "openai/other"}) == file


def test_a_question_of_no_task_takes_what_says_that_it_is_for_any(save: Save, found: Any) -> None:
    save("a-gsm8k-cope.json")
    file = save("b-math500-cope.json", task="math500", **{"for": "domain"})
    code = save("c-mbpp-cope.json", domain="code", task="mbpp", **{"for": "domain"})
    assert found(task=None) == file == found(task="math500")
    assert found("cope", None, MODELS, "code") == code
    assert found(task="jsonl") is None


def test_prompts_for_a_larger_context_do_not_serve(save: Save, found: Any) -> None:
    file = save("gsm8k-cope.json", context=2048)
    assert (found(context=2048), found(context=4096), found()) == (file, file, file)
    assert found(context=1024) is None


def test_each_program_that_comes_with_the_package_is_whole_and_found() -> None:
    assert (FOLDER / "__init__.py").is_file()
    for file in FOLDER.glob("*.json"):
        view = load_program_view(file)
        about = view.compiled or {}
        assert (
            find_bundled_program(view.preset, about["task"], about["models"], view.domain) == file
        ), "two programs for the same"
        assert about["rows"]["train"] and about["rows"]["val"], (
            "an evaluation could not tell what it has met"
        )

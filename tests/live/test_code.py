"""Programs of a real, very small model, run in the real sandbox: the mechanics, not what the model knows."""

import asyncio

import pytest

from cope import Cascade, Preset, Team
from cope.eval import RunStore, evaluate, task_by_name
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.weights.progress import DownloadBar
from cope.models.weights.resolve import resolve_weights

pytestmark = pytest.mark.live

QUESTION = "Write a function double(n) that returns n + n.\n\nassert double(2) == 4"
ROUNDS = [
    {"reasoner": "small", "samples": 2, "temperature": 0.4, "threshold": 0.5, "max_tokens": 48},
    {"reasoner": "large", "max_tokens": 48},
]


@pytest.fixture(scope="module")
def team() -> Team:
    with DownloadBar("smollm2-135m") as bar:
        resolve_weights("smollm2-135m", progress=bar)
    engine = EmbeddedEngine("smollm2-135m", slots=2, context=512, threads=1)
    return Team(engine, engine, cache=False)


def test_what_a_model_writes_is_run_on_the_visible_tests(team: Team):
    prediction = Cascade(Preset(name="two", rounds=ROUNDS), team, domain="code")(question=QUESTION)
    samples = [sample for round_ in prediction.rounds for sample in round_["samples"]]
    for sample in samples:
        if sample["answer"] is None:
            assert "tests" not in sample
        else:
            (outcome,) = sample["tests"]
            assert outcome["test"] == "assert double(2) == 4"
            assert outcome["passed"] or outcome["message"]
    assert prediction.round == 2 or prediction.confidence == 1.0
    assert any(sample["answer"] for sample in samples), "not one reply with a program in it"


def test_an_evaluation_scores_it_on_the_hidden_ones(team: Team, tmp_path):
    data = tmp_path / "tasks.jsonl"
    data.write_text(
        '{"question": "Write a function double(n) that returns n + n.", "answer": "def double(n): return n + n", '
        '"test_list": ["assert double(2) == 4", "assert double(3) == 6"]}\n'
    )
    task = task_by_name("mbpp")
    examples = task.load("test", data=str(data))
    cascade = Cascade(Preset(name="two", rounds=ROUNDS), team, domain="code")
    settings = {"task": "mbpp", "preset": "two", "models": {}}
    with RunStore(settings, tmp_path / "runs").open() as folder:
        (record,) = asyncio.run(evaluate(task, examples, cascade, folder)).results
    assert record.error is None and record.score in (0.0, 1.0)
    assert record.answer is None or "hidden test" in record.feedback

"""P(True): each different answer is put to the model once, and weights its votes."""

import math
from typing import Any

import pytest
from support.recordings import recorder, recording

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Replay
from cope.models import ScriptedEngine

ROUND = {"reasoner": "small", "samples": 4, "temperature": 0.8, "confidence": "p-true"}
GATED = {
    "name": "p",
    "rounds": [ROUND | {"threshold": 0.5}, {"reasoner": "large"}],
}


def is_check(system: object) -> bool:
    return "proposed answer" in str(system)


def engine(answers: list[str], truth: dict[str, tuple[str, float]]) -> ScriptedEngine:
    """A model that gives these answers, and says of each a word with a probability."""
    left = list(answers)
    probability = [1.0]

    def script(messages: Any, request: Any) -> str:
        if not is_check(messages[0]["content"]):
            return f"So.\nAnswer: {left.pop(0)}"
        answer = messages[-1]["content"].rsplit("Answer: ", 1)[1]
        word, probability[0] = truth[answer]
        return word

    return ScriptedEngine(script, logprobs=lambda text: [math.log(probability[0])])


def ask(answers: list[str], truth: dict[str, tuple[str, float]], **more: Any) -> Any:
    small = engine(answers, truth)
    team = Team(small, ScriptedEngine(lambda m, r: "Answer: 9"), cache=False, **more)
    made = Cascade(Preset.model_validate(GATED), team, answer_kind="math")(question="q")
    checks = [request for request in small.requests if is_check(request.system)]
    return made, checks


@pytest.mark.parametrize(
    ("answers", "truth", "answer", "confidence", "stage"),
    [
        # 3 x 0.2 = 0.6 against 1 x 0.9: the one answer leads, with 0.9 / 4
        (["1", "1", "1", "2"], {"1": ("True", 0.2), "2": ("True", 0.9)}, "2", 0.9 / 4, 2),
        # 3 x 0.8 against 1 x (1 - 0.7)
        (["1", "1.0", "1", "2"], {"1": ("True", 0.8), "2": ("False", 0.7)}, "1", 2.4 / 4, 1),
        (["1"] * 4, {"1": ("True", 0.9)}, "1", 0.9, 1),
        (["1"] * 4, {"1": ("False", 0.9)}, "1", 0.1, 2),
        (["1"] * 4, {"1": ("Perhaps", 0.9)}, "1", 0.5, 1),  # neither word is undecided
    ],
)
def test_by_hand(answers: Any, truth: Any, answer: str, confidence: float, stage: int) -> None:
    made, checks = ask(answers, truth)
    first = made.rounds[0]
    assert first["answer"] == answer and first["confidence"] == pytest.approx(confidence)
    assert made.round == stage and len(checks) == len(truth), "one call for each different answer"
    for request in checks:
        assert (request.config.max_tokens, request.config.temperature) == (1, 0.0)
    calls = {(row["round"], row["role"]): row["calls"] for row in made.usage}
    assert calls[1, "reason"] == 4 and calls[1, "other"] == len(truth), "the round pays for them"


def test_any_adapter_and_a_single_sample() -> None:
    made, checks = ask(["1"] * 4, {"1": ("True", 0.9)}, adapter="chat")
    assert made.rounds[0]["answer"] is None or len(checks) == 1
    single = {"reasoner": "small", "confidence": "p-true"}
    preset = Preset.model_validate({"name": "p", "rounds": [single]})
    team = Team(engine(["1"], {"1": ("True", 0.7)}), ScriptedEngine(lambda m, r: ""), cache=False)
    assert Cascade(preset, team)(question="q").confidence == pytest.approx(0.7)


def test_an_engine_without_log_probabilities_is_an_error() -> None:
    small = ScriptedEngine(lambda m, r: "True" if is_check(r.system) else "Answer: 1")
    team = Team(small, ScriptedEngine(lambda m, r: "Answer: 9"), cache=False)
    with pytest.raises(CopeError, match="no log-probabilities.*another confidence"):
        Cascade(Preset.model_validate(GATED), team)(question="q")


def test_a_record_holds_p_true_and_its_calls(tmp_path: Any) -> None:
    truth = {"1": ("True", 0.3), "2": ("True", 0.8), "3": ("False", 0.6)}
    answers = ["1", "2", "2", "3"]
    small = engine(answers, truth)
    team = Team(small, ScriptedEngine(lambda m, r: "Answer: 9"), cache=False)
    record = recording(recorder(team, Preset.model_validate(GATED)), tmp_path, 1)
    replay = Replay(record)
    (first, _) = replay.rounds
    assert first.recorded and first.verdict
    assert first.confidence[0] == pytest.approx(2 * 0.8 / 4)
    assert first.recorded.answers[0, first.verdict.leader[0]] == "2"
    calls = first.usage["small", "reason"]["calls"]
    assert calls.tolist() == [7], "four samples and three questions about them"
    logprobs = first.recorded.reason_calls.logprob
    assert logprobs[0].tolist().count(pytest.approx(math.log(0.8))) == 0, "not those of checks"

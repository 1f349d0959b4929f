"""A predictor that is called without DSPy's repeated looks leaves what DSPy's own call leaves."""

import asyncio
from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback

from cope import Team
from cope.models import ScriptedEngine
from cope.models.engines.base import LocalEngine
from cope.programs.predict_call import acall_predict

SIGNATURES = {
    "text": "question -> answer",
    "reasoning": "question -> reasoning, answer",
    "typed": "question, year: int -> reasoning, answer: int",
    "default": dspy.Signature("question -> reasoning, answer: str | None"),
}
REPLIES = ["So.\nAnswer: 42", "42", "Answer:", ""]


def engine(reply: str) -> LocalEngine:
    return ScriptedEngine(lambda messages, request: reply)


def state(prediction: dspy.Prediction) -> list[Any]:
    """Return all that a prediction has."""
    completions = prediction.completions
    kept = [repr(prediction), sorted(vars(prediction)), prediction.get_lm_usage()]
    return [
        *kept,
        sorted(vars(completions)),
        dict(completions.items()),
        repr(completions.signature),
    ]


def left_behind(
    signature: Any, reply: str, inputs: dict[str, Any], directly: bool, adapter: str = "lean"
) -> tuple[Any, ...]:
    """Return what a call gives or raises, with its trace, its prompt and its entries in the histories."""
    scripted = engine(reply)
    tier = Team(small=scripted, large=scripted, cache=False, adapter=adapter)["small"]
    predict, outer = dspy.Predict(signature), dspy.Module()
    predict.demos = [dspy.Example(question="1 + 1?", answer="2", year=1)]
    trace: list[Any] = []
    config = {"temperature": 0.5, "rollout_id": 3}
    with tier.context(trace=trace, caller_modules=[outer]):
        lm = dspy.settings.lm
        try:
            if directly:
                call = acall_predict(predict, dict(inputs), config, predict.demos)
            else:
                call = predict.acall(**inputs, config=config, demos=predict.demos, lm=lm)
            given: Any = asyncio.run(call).toDict()
        except Exception as error:
            given = type(error), str(error)
    entries = [
        [entry["messages"], sorted(entry["kwargs"]), entry["outputs"]]
        for module in (lm, predict, outer)
        for entry in module.history
    ]
    traced = [(one is predict, values, state(made)) for one, values, made in trace]
    return given, traced, entries


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("name", SIGNATURES)
def test_a_call_leaves_the_same(name: str, reply: str):
    inputs: dict[str, Any] = {"question": "6 * 7?"}
    if name == "typed":
        inputs["year"] = 1997
    both = [left_behind(SIGNATURES[name], reply, inputs, directly) for directly in (True, False)]
    assert both[0] == both[1]
    assert reply == "" or len(both[0][2]) == 3


@pytest.mark.parametrize("adapter", ["chat", "json", "xml"])
def test_other_adapters_are_asked_as_dspy_asks_them(adapter: str):
    both = [
        left_behind("question -> answer", "42", {"question": "6 * 7?"}, directly, adapter)
        for directly in (True, False)
    ]
    assert both[0] == both[1]


@pytest.mark.parametrize("inputs", [{}, {"question": "a", "other": "b"}])
def test_wrong_inputs_are_warned_of_as_by_dspy(
    inputs: dict[str, Any], caplog: pytest.LogCaptureFixture
):
    lines = []
    for directly in (True, False):
        caplog.clear()
        left_behind("question -> answer", "42", inputs, directly)
        lines.append([message for message in caplog.messages if "input" in message.lower()])
    assert lines[0] == lines[1] and lines[0]


class Listener(BaseCallback):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def on_module_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.heard.append(type(instance).__name__)


def ask(predict: dspy.Predict) -> dspy.Prediction:
    scripted = engine("42")
    tier = Team(small=scripted, large=scripted, cache=False)["small"]
    with tier.context():
        return asyncio.run(acall_predict(predict, {"question": "6 * 7?"}, {}, []))


def test_a_callback_hears_of_the_call():
    everywhere, own = Listener(), Listener()
    with dspy.context(callbacks=[everywhere]):
        ask(dspy.Predict("question -> answer"))
    ask(dspy.Predict("question -> answer", callbacks=[own]))
    assert everywhere.heard == own.heard == ["Predict"]


def test_usage_is_tracked_where_somebody_asks_for_it():
    with dspy.context(track_usage=True):
        prediction = ask(dspy.Predict("question -> answer"))
    assert prediction.get_lm_usage()


def test_a_predictor_of_another_class_is_asked_by_its_own_methods():
    class Own(dspy.Predict):
        async def aforward(self, **inputs: Any) -> dspy.Prediction:
            return dspy.Prediction(answer="own")

    assert ask(Own("question -> answer")).answer == "own"

"""DSPy's callbacks, histories and usage of a cascade's modules, with and without an observer."""

import asyncio
from collections import Counter
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback

from cope import Cascade, Team
from cope.models import ScriptedEngine
from cope.programs.preset import Preset
from cope.programs.preset_round import Round

SAMPLES = 3


class Listener(BaseCallback):
    """Counts what begins and what ends, by the class of the object."""

    def __init__(self) -> None:
        self.began: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self._calls: dict[str, str] = {}

    def _begin(self, call_id: str, instance: Any, inputs: Any) -> None:
        self._calls[call_id] = type(instance).__name__
        self.began[type(instance).__name__] += 1

    def _end(self, call_id: str, outputs: Any, exception: Any = None) -> None:
        self.ended[self._calls[call_id]] += 1

    on_module_start = on_lm_start = on_adapter_format_start = on_adapter_parse_start = _begin
    on_module_end = on_lm_end = on_adapter_format_end = on_adapter_parse_end = _end


def cascade() -> Cascade:
    engine = ScriptedEngine(lambda messages, request: "So.\nAnswer: 42")
    team = Team(small=engine, large=engine, cache=False)
    preset = Preset(name="one", rounds=(Round(reasoner="small", samples=SAMPLES, temperature=0.8),))
    return Cascade(preset, team, early_stop="none")


def ask(program: Cascade) -> dspy.Prediction:
    return asyncio.run(program.acall(question="6 * 7?"))


def test_a_callback_hears_of_every_module_and_call():
    listener, program = Listener(), cascade()
    with dspy.context(callbacks=[listener]):
        heard = ask(program)
    each = {"Reasoner": SAMPLES, "Predict": SAMPLES, "TierLM": SAMPLES, "LeanAdapter": 2 * SAMPLES}
    assert listener.began == listener.ended == Counter(each | {"Cascade": 1, "CascadeRound": 1})
    unheard = ask(program)
    assert heard.answer == unheard.answer == "42" and heard.votes == unheard.votes


def test_a_callback_of_one_module_hears_of_it_alone():
    listener, program = Listener(), cascade()
    program.round_1.reasoner.callbacks = [listener]
    ask(program)
    assert listener.began == listener.ended == Counter(Reasoner=SAMPLES)


def test_every_module_has_the_calls_made_in_it():
    program = cascade()
    ask(program)
    round_ = program.round_1
    for module in (program, round_, round_.reasoner, round_.reasoner.predict):
        assert [entry["outputs"] for entry in module.history] == [["So.\nAnswer: 42"]] * SAMPLES


def test_usage_is_tracked_where_somebody_asks_for_it():
    with dspy.context(track_usage=True):
        assert ask(cascade()).get_lm_usage()
    assert ask(cascade()).get_lm_usage() is None


def test_an_optimizer_sees_the_winners_call_in_the_trace():
    trace: list[Any] = []
    program = cascade()
    with dspy.context(trace=trace):
        ask(program)
    ((predict, inputs, prediction),) = trace
    assert predict is program.round_1.reasoner.predict and inputs == {"question": "6 * 7?"}
    assert prediction.answer == "42"

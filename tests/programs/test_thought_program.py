"""Rounds whose samples are programs of thought: what they compute votes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.recordings import recorder, recording
from support.thought_programs import ReadingSandbox

from cope import Cascade, CopeError, Preset, Team
from cope.eval import Replay, replay_results
from cope.models import ScriptedEngine
from cope.models.engines.base import response
from cope.programs import load_preset

SANDBOX: Callable[[], Any] = ReadingSandbox
RETURNS = "```python\ndef solution():\n    return {}\n```"


class CutEngine(ScriptedEngine):
    """An engine whose limit of tokens ends each reply."""

    async def agenerate(self, request: Any) -> Any:
        await super().agenerate(request)
        text = str(self.script([], request))
        return response(request, text, finish="length", prompt=1, completion=1)


def cascade(replies: list[str], large: str = RETURNS.format(99), **options: Any) -> Cascade:
    """Return a cascade whose small tier writes these replies one after the other."""
    left: Iterator[str] = iter(replies)
    engines = ScriptedEngine(lambda m, r: next(left)), ScriptedEngine(lambda m, r: large)
    preset = load_preset("program-of-thought").with_overrides(samples=len(replies))
    team = Team(*engines, cache=False)
    return Cascade(
        preset, team, answer_kind="number", sandbox=SANDBOX, early_stop="none", **options
    )


@pytest.mark.parametrize(
    ("replies", "answer", "confidence", "number"),
    [
        ([RETURNS.format(7), RETURNS.format("7.0"), RETURNS.format(8)], "7", 2 / 3, 1),
        (["x = 7\nprint(7)", RETURNS.format("'7 eggs'"), "I cannot."], "7", 2 / 3, 1),
        ([RETURNS.format(1), RETURNS.format(2), RETURNS.format(3)], "99", 1.0, 2),
        (["No.", "No.", "No."], "99", 1.0, 2),
    ],
)
def test_results_vote(replies: list[str], answer: str, confidence: float, number: int) -> None:
    solved = cascade(replies)(question="How many?")
    assert (solved.answer, solved.round) == (answer, number)
    assert solved.confidence == pytest.approx(confidence)
    first = solved.rounds[0]["samples"]
    assert len(first) == 3
    assert first[0]["reasoning"] == replies[0] or first[0]["reasoning"].startswith("def solution")


def test_the_prompt_shows_a_plan_and_asks_for_the_function() -> None:
    rounds = [
        {"reasoner": "small", "planner": "large", "plan": "goal", "sees": [1], "thought": "program"}
    ]
    seen: list[Any] = []

    def small(messages: list[dict[str, str]], request: Any) -> str:
        seen.extend(messages)
        return RETURNS.format(5)

    team = Team(ScriptedEngine(small), ScriptedEngine(lambda m, r: "Count them."), cache=False)
    preset = Preset.model_validate({"name": "planned", "rounds": rounds})
    solved = Cascade(preset, team, sandbox=SANDBOX)(question="How many?")
    assert solved.answer == "5"
    assert "solution()" in seen[0]["content"] and "Count them." in seen[-1]["content"]


def test_a_program_that_was_cut_off_has_no_answer() -> None:
    large = ScriptedEngine(lambda m, r: RETURNS.format(99))
    team = Team(CutEngine(lambda m, r: "x = 16\ny = x - 7"), large, cache=False)
    preset = load_preset("program-of-thought").with_overrides(samples=1)
    solved = Cascade(preset, team, sandbox=SANDBOX)(question="How many?")
    assert solved.rounds[0]["samples"][0]["answer"] is None and solved.answer == "99"


@pytest.mark.parametrize("options", [{"domain": "code"}, {"signature": "ticket -> team"}])
def test_where_answers_are_not_computed_it_is_refused(options: dict[str, str]) -> None:
    rounds = [{"reasoner": "small", "thought": "program"}]
    preset = Preset.model_validate({"name": "mine", "rounds": rounds})
    with pytest.raises(CopeError, match="have no thought 'program': leave out thought"):
        Cascade(preset, Team(), **options)  # type: ignore[arg-type]


def test_a_record_of_programs_is_replayed(tmp_path: Path, scripted: Callable[..., Any]) -> None:
    models = scripted(lambda ask: RETURNS.format(1))
    programs = recorder(models.team, "program-of-thought", sandbox=SANDBOX)
    record = recording(programs, tmp_path, 2)
    assert record.rounds[0].right[0].all() and not record.rounds[0].right[1].any()
    replayed = replay_results(Replay(record, load_preset("program-of-thought")))
    assert [one.answer for one in replayed.results] == ["1", "1"]


def test_training_rows_are_no_demonstrations_of_programs() -> None:
    program = cascade([RETURNS.format(1)])
    for _, predict in program.named_predictors():
        predict.demos = [dspy.Example(question="How many?", answer="5").with_inputs("question")]
    program(question="How many hens?")
    engine: Any = program.team["small"].engine
    assert [len(request.messages) for request in engine.requests] == [1]


def test_right_programs_become_demonstrations() -> None:
    rows = [dspy.Example(question="How many?", answer="7").with_inputs("question")]
    optimizer = dspy.BootstrapFewShot(
        metric=lambda example, prediction, trace=None: prediction.answer == example.answer,
        max_labeled_demos=0,
    )
    program = optimizer.compile(cascade([RETURNS.format(7)] * 3), trainset=rows)
    (demo,) = program.round_1.reasoner.predict.demos
    assert demo.program == RETURNS.format(7)

"""The rounds of a question as lines, for a log or a notebook, and without the command line."""

import re

from support.ask_replies import QUESTION, split, sure

from cope.models import ScriptedEngine, Team
from cope.programs import Cascade
from cope.programs.events import Planned, RoundStarted, use_observer
from cope.programs.round_lines import RoundLines


def test_each_event_is_one_line():
    lines: list[str] = []
    cascade = Cascade("cope", Team(ScriptedEngine(split), ScriptedEngine(split), cache=False))
    with use_observer(RoundLines(cascade, lines.append)):
        cascade(question=QUESTION)
    assert lines[0].startswith("round 1: small (engine/ScriptedEngine")
    assert "round 1: plan 1 of 8: Find the product." in lines
    assert any(re.match(r"round 1: escalated: \d+% agree.*  \(\d+\.\d s\)$", it) for it in lines)
    assert "round 2: forwards the plan: Multiply the two numbers." in lines
    assert lines[-1].startswith("round 3: accepted 42: the last round answers  (")


def test_a_model_s_text_stays_on_its_line():
    lines: list[str] = []
    cascade = Cascade("cope", Team(ScriptedEngine(sure), ScriptedEngine(sure)))
    watch = RoundLines(cascade, lines.append)
    watch(RoundStarted(1, "small", "goal", "small", 8))
    watch(Planned(1, 0, "First\nsecond\x1b[2J"))
    assert lines[-1] == "round 1: plan 1 of 8: First second [2J"

"""The rounds of a question on a terminal: plans, bars and the decision."""

import io
from typing import Any

from rich.console import Console
from support.ask_replies import QUESTION, split, sure, system

from cope.cli.display import round_display
from cope.cli.display.rounds_live import LiveRoundDisplay
from cope.models import ScriptedEngine, Team
from cope.programs import Cascade, load_preset
from cope.programs.events import use_observer


def test_a_terminal_shows_plans_bars_and_the_decision() -> None:
    def steered(messages: list[dict[str, str]], request: Any) -> str:
        return (
            "Find [red]the\nproduct\x1b[2J."
            if system(messages).startswith("State")
            else sure(messages, request)
        )

    cascade = Cascade("cope", Team(ScriptedEngine(steered), ScriptedEngine(steered), cache=False))
    out = io.StringIO()
    with (
        LiveRoundDisplay(cascade, Console(file=out, force_terminal=True, width=160)) as live,
        use_observer(live),
    ):
        cascade(question=QUESTION)
    text = out.getvalue()
    assert "Round 1" in text and "8 x  " in text and "75% must agree" in text
    assert "accepted 42: " in text and "agree, 75% are enough" in text and "━" in text
    assert "\x1b[2J" not in text and "[red]the product" in text, (
        "a model's text must not steer the terminal"
    )


def test_a_terminal_shows_an_escalation_and_leaves_out_what_would_not_fit() -> None:
    team = Team(ScriptedEngine(split), ScriptedEngine(split), cache=False)
    cascade = Cascade(load_preset("cope").with_overrides(samples=12), team, early_stop="none")
    out = io.StringIO()
    with (
        LiveRoundDisplay(cascade, Console(file=out, force_terminal=True, width=160)) as live,
        use_observer(live),
    ):
        cascade(question=QUESTION)
    text = out.getvalue()
    assert text.count("... and 4 more answers") >= 2, "once a round at least"
    assert (
        "escalated: 8% agree, 75% are needed" in text
        and "forwards the plan: Multiply the two numbers." in text
    )
    assert "Round 3" in text and "accepted 42: the last round answers" in text


def test_without_a_terminal_or_quiet_there_is_no_live_display() -> None:
    cascade = Cascade("small", Team(ScriptedEngine(sure), ScriptedEngine(sure)))
    with round_display(cascade, quiet=True) as observer:
        assert observer is None

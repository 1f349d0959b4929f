"""Programs that answer together: their answers vote, the first one leads, and all that they ask is counted."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError
from cope.models import Price
from cope.programs import VisibleTests, load_program
from cope.programs.demonstrations import KNNDemos
from cope.programs.ensemble import Ensemble, members_of
from cope.programs.events import use_observer
from cope.sandbox import TestOutcome, TestReport, TestSuite


def ensemble(
    scripted: Any, *answers: str, preset: str = "small", **options: Any
) -> tuple[Any, Ensemble]:
    """One program for each answer, which its instructions give away; the first one leads."""
    more = {
        name: options.pop(name)
        for name in ("domain", "confidence", "early_stop", "answer_kind")
        if name in options
    }

    def reply(ask: Any) -> str:
        found = re.search(r"Say <(.*?)>", ask.system, re.S)
        if ask.role == "plan" or not found:
            return "A plan."
        return (
            f"```python\n{found[1]}\n```"
            if more.get("domain") == "code"
            else f"So.\nAnswer: {found[1]}"
            if found[1]
            else "?"
        )

    s = scripted(reply, **options)
    programs = [Cascade(preset, s.team, **more) for _ in answers]
    for program, answer in zip(programs, answers, strict=True):
        for name, predict in program.named_predictors():
            if "reasoner" in name:
                predict.signature = predict.signature.with_instructions(
                    f"Say <{answer}>. Answer: it"
                )
    return s, Ensemble.from_cascades(programs)


def told(prediction: Any) -> list[Any]:
    return [member["answer"] for member in prediction.members]


@pytest.mark.parametrize(
    ("answers", "answer", "votes", "asked"),
    [
        (["1", "2", "2"], "2", {"2": 2, "1": 1}, 3),
        (["1", "1", "2"], "1", {"1": 2}, 2),  # the third could change nothing
        (["1", "2", "3"], "1", {"1": 1, "2": 1, "3": 1}, 3),  # a tie is the lead's
        (["2", "1/2", "0.5"], "1/2", {"1/2": 2, "2": 1}, 3),  # equal as mathematics
        (["", "4"], "4", {"4": 1}, 2),  # one that answers nothing has no vote
        (["", "", ""], None, {}, 3),
        (["1", "2"], "1", {"1": 1, "2": 1}, 2),
    ],
)
def test_answers_vote(
    scripted, answers: list[str], answer: str | None, votes: dict[str, int], asked: int
):
    s, program = ensemble(scripted, *answers, answer_kind="math")
    prediction = program(question="What is it?")
    assert (prediction.answer, prediction.votes) == (answer, votes)
    assert prediction.confidence == pytest.approx(max(votes.values(), default=0) / len(answers))
    assert told(prediction) == [said or None for said in answers[:asked]]
    assert len(s.small.requests) == asked and not s.large.requests


def test_all_are_asked_where_samples_are_wanted_in_full(scripted):
    s, program = ensemble(scripted, "1", "1", "2", early_stop="none")
    assert told(program(question="?")) == ["1", "1", "2"] and len(s.small.requests) == 3


def test_what_all_used_is_stated_by_tier_and_round(scripted):
    prices = {"small": Price(1, 1), "large": Price(10, 10)}
    s, program = ensemble(scripted, "1", "2", "3", preset="plan-then-solve", prices=prices)
    alone = Cascade("plan-then-solve", s.team)(question="?")
    prediction = program(question="?")
    rows = [(row["tier"], row["round"], row["role"], row["calls"]) for row in prediction.usage]
    assert rows == [("large", 1, "plan", 3), ("small", 1, "reason", 3)]
    assert len(s.large.requests) == len(s.small.requests) == 4
    assert (
        prediction.cost == pytest.approx(sum(row["usd"] for row in prediction.usage))
        and prediction.cost > 2 * alone.cost
    )


def test_a_price_that_is_not_known_makes_no_cost(scripted):
    _, program = ensemble(scripted, "1", "2", "3")
    assert program(question="?").cost is None


def test_a_model_that_fails_is_no_vote(scripted):
    s, program = ensemble(scripted, "1", "1", "1")

    def fail(messages: Any, request: Any) -> str:
        raise RuntimeError("out of order")

    s.small.script = fail
    with pytest.raises(dspy.LMError, match="out of order"):
        program(question="?")


# Programs as answers


@dataclass
class Box:
    """A sandbox that knows what programs do: source to the tests passed, or to the values of calls."""

    known: dict[str, Any]
    runs: list[str] = field(default_factory=list)

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        self.runs.append(program)
        known = self.known[program]
        if isinstance(known, int):
            return TestReport(tuple(TestOutcome(t, n < known) for n, t in enumerate(suite.tests)))
        return TestReport(tuple(TestOutcome(t, True, "", known) for t in suite.tests))


def code(number: int) -> str:
    return f"def f(x): return {number}"


TESTS = ["assert f(1) == 2", "assert f(2) == 2"]


@pytest.mark.parametrize(
    ("passing", "winner", "confidence", "asked"),
    [
        ([2, 2, 2], 1, 1.0, 1),  # the lead's passes: nobody else is asked
        ([1, 0, 2], 3, 1.0, 3),
        ([1, 2, 2], 2, 1.0, 2),
        ([1, 1, 0], 1, 0.0, 3),  # none passes: the best, and of equals the lead's
    ],
)
def test_a_program_that_passes_the_visible_tests_wins(
    scripted, passing: list[int], winner: int, confidence: float, asked: int
):
    box = Box({code(n): count for n, count in enumerate(passing, 1)})
    judge = VisibleTests(lambda: box)
    _, program = ensemble(scripted, code(1), code(2), code(3), domain="code", confidence=judge)
    prediction = program(question="Write f.", tests=TESTS)
    assert prediction.answer.strip() == code(winner) and prediction.confidence == confidence
    assert len(prediction.members) == asked
    assert [outcome["passed"] for outcome in prediction.tests] == [
        n < passing[winner - 1] for n in range(2)
    ]


def test_without_visible_tests_programs_vote_by_what_they_give(scripted):
    box = Box({code(1): "1", code(2): "7", code(3): "7"})
    judge = VisibleTests(lambda: box)
    _, program = ensemble(scripted, code(1), code(2), code(3), domain="code", confidence=judge)
    assert program(question="Write a function `f(x)`, as in `f(4)`.").answer.strip() == code(2)


# In DSPy's hands, and on the screen


@pytest.mark.parametrize(("answers", "calls"), [(["1", "1", "2"], 2), (["1", "2", "2"], 0)])
def test_optimizers_learn_from_the_lead_and_only_when_its_answer_is_given(
    scripted, answers: list[str], calls: int
):
    _, program = ensemble(scripted, *answers, preset="plan-then-solve")
    mine = [predict for _, predict in program.named_predictors()]
    assert len(mine) == 2  # those of peers are not seen
    with dspy.context(trace=[]):
        program(question="?")
        traced = [entry[0] for entry in dspy.settings.trace]
    assert len(traced) == calls and all(any(predict is own for own in mine) for predict in traced)


def test_observers_see_the_leads_rounds(scripted):
    _, program = ensemble(scripted, "1", "2", "2")
    seen: list[Any] = []
    with use_observer(seen.append):
        program(question="?")
    assert [event.answer for event in seen if type(event).__name__ == "RoundDecided"] == ["1"]


# Files


def test_a_saved_ensemble_answers_the_same(scripted, tmp_path: Path):
    s, program = ensemble(scripted, "1", "2", "2", preset="cope")
    program.save(tmp_path / "p.json")
    state = json.loads((tmp_path / "p.json").read_text())
    assert len(state["peers"]) == 2 and not {"preset", "domain"} & state["peers"][0].keys()
    fresh = Ensemble("cope", s.team)
    fresh.load(tmp_path / "p.json")  # DSPy's own
    for back in (Cascade.from_file(tmp_path / "p.json", s.team), fresh):
        assert isinstance(back, Ensemble)
        assert back.dump_state() == program.dump_state() and len(back.others) == 2
        prediction = back(question="?")
        assert prediction.answer == "2" and told(prediction) == ["1", "2", "2"]


def test_a_cascade_does_not_load_an_ensemble(scripted, tmp_path: Path):
    s, program = ensemble(scripted, "1", "2", "2")
    program.save(tmp_path / "p.json")
    with pytest.raises(CopeError, match=r"saved as an ensemble: load it with Cascade\.from_file"):
        Cascade("small", s.team).load(tmp_path / "p.json")


@pytest.mark.slow
def test_a_loaded_ensemble_is_saved_byte_by_byte_as_before(scripted, tmp_path: Path):
    s, program = ensemble(scripted, "1", "2", "2", preset="cope")
    program.save(tmp_path / "p.json")
    load_program(tmp_path / "p.json", s.team).save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "p.json").read_bytes()
    names = list(json.loads((tmp_path / "p.json").read_text()))
    assert names[names.index("peers") + 1] == "preset"


def test_a_program_of_one_cascade_is_no_ensemble(scripted, tmp_path: Path):
    team = scripted(lambda ask: "Answer: 1").team
    Cascade("small", team).save(tmp_path / "p.json")
    assert type(load_program(tmp_path / "p.json", team)) is Cascade


def test_an_ensemble_of_one_answers_as_its_lead(scripted):
    _, program = ensemble(scripted, "1")
    prediction = program(question="?")
    assert (prediction.answer, "members" in prediction) == ("1", False)
    assert members_of(program) == [program] and "peers" not in program.dump_state()


def test_copies_share_the_other_cascades(scripted):
    _, program = ensemble(scripted, "1", "2", "2")
    assert program.deepcopy().others is program.others and len(program.reset_copy().others) == 2


@pytest.mark.parametrize("peers", [{}, ["?"], [{}], [{"round_1.reasoner.predict": {}}]])
def test_a_file_with_other_peers_is_refused_in_one_line(scripted, tmp_path: Path, peers: Any):
    team = scripted(lambda ask: "Answer: 1").team
    (tmp_path / "p.json").write_text(
        json.dumps({**Cascade("small", team).dump_state(), "peers": peers})
    )
    with pytest.raises(CopeError, match="is not a program saved by Cascade") as caught:
        Cascade.from_file(tmp_path / "p.json", team)
    assert "\n" not in str(caught.value)


def test_another_kind_of_answers_keeps_the_prompts_of_every_member(scripted):
    _, program = ensemble(scripted, "1", "2", "2")
    demo = {"question": "What is 2 + 2?", "answer": "4"}
    for number, member in enumerate(members_of(program)):
        member.round_1.reasoner.predict.demos = [dspy.Example(**demo)] * number
        member.knn_demos = {"round_1.reasoner.predict": KNNDemos(number, [demo])}
    other = program.with_answer_kind("text")
    before, after = program.dump_state(), other.dump_state()
    assert after.pop("answer_kind") == "text" and after == before
    assert [m.answer_kind for m in members_of(other)] == ["text"] * 3
    lead = other.round_1.reasoner.predict
    lead.demos.append(dspy.Example(**demo))
    assert program.dump_state() == before, "each has demonstrations of its own"

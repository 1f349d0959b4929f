"""Demonstrations by question: the nearest are shown, to each question its own, and they are kept with the program."""

import asyncio
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import dspy
import pytest

from cope import Cascade, CopeError, load_preset
from cope.programs.demonstrations import KNNDemos, knn_demos_in_state
from cope.programs.preset import parse_preset

KEPT = [
    {"question": "How many legs have 2 hens?", "answer": "4"},
    {"question": "What is the area of a square of side 3?", "answer": "9"},
    {"question": "How many legs have 5 spiders?", "answer": "40"},
]


def shown(neighbours: KNNDemos, question: str) -> list[str]:
    return [demo.answer for demo in neighbours.nearest(question)]


@pytest.mark.parametrize(
    ("k", "question", "answers"),
    [
        (1, "How many legs have 7 hens?", ["4"]),
        (1, "What is the area of a circle of radius 3?", ["9"]),
        (2, "How many legs have 7 spiders and one fly?", ["4", "40"]),
        (9, "How many legs have 7 hens?", ["9", "40", "4"]),
        (2, "how  many legs have 2 HENS?", ["9", "40"]),  # its own row is not shown to it
        (2, "", ["9", "4"]),  # equals keep the order in which they were learned
    ],
)
def test_the_nearest_come_last(k: int, question: str, answers: list[str]):
    assert shown(KNNDemos(k, KEPT), question) == answers


def test_rare_words_say_more_than_common_ones():
    rows = [
        {"question": f"A train rides to {town}. How long does it ride?", "answer": town}
        for town in ("Rome", "Oslo")
    ]
    rows.append({"question": "Is Oslo nice?", "answer": "yes"})
    assert shown(KNNDemos(1, rows), "How long does it ride, the train to Oslo?") == ["Oslo"]


def test_copies_share_what_never_changes():
    kept = KNNDemos(1, KEPT)
    assert copy.deepcopy(kept) is kept
    shown(kept, "?")
    again = pickle.loads(pickle.dumps(kept))
    assert again.as_dict() == kept.as_dict() and shown(again, "7 hens?") == ["4"]


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "not an object"),
        ({"round_1.reasoner.predict": []}, "a number k and a list of demonstrations"),
        (
            {"round_1.reasoner.predict": {"k": 1, "demos": [{"answer": "4"}]}},
            "with a question each",
        ),
        (
            {"round_9.reasoner.predict": {"k": 1, "demos": []}},
            "round_9.reasoner.predict, and no such predictor",
        ),
    ],
)
def test_a_file_with_other_neighbours_is_refused_in_one_line(
    scripted, tmp_path: Path, plain: Any, said: str
):
    team = scripted(lambda ask: "Answer: 1").team
    state = {**Cascade("small", team).dump_state(), "neighbours": plain}
    with pytest.raises(ValueError, match=said):
        knn_demos_in_state(state)
    (tmp_path / "p.json").write_text(json.dumps(state))
    with pytest.raises(CopeError, match=said) as caught:
        Cascade.from_file(tmp_path / "p.json", team)
    assert "\n" not in str(caught.value)


# In a program

PLANS = [{**row, "guideline": f"Plan of {row['answer']}.", "augmented": True} for row in KEPT]
SOLVED = [
    {**row, "guideline": "g", "reasoning": f"Work of {row['answer']}.", "augmented": True}
    for row in KEPT
]
QUESTIONS = [
    "How many legs have 7 hens?",
    "What is the area of a square of side 8?",
    "How many legs have 3 spiders?",
]


def with_neighbours(team: Any) -> Cascade:
    program = Cascade(load_preset("plan-then-solve"), team)
    planner, reasoner = (f"round_1.{role}.predict" for role in ("planner", "reasoner"))
    plans = [{k: v for k, v in row.items() if k != "answer"} for row in PLANS]
    program.knn_demos = {planner: KNNDemos(1, plans), reasoner: KNNDemos(1, SOLVED)}
    return program


def said_in(request: Any) -> list[str]:
    """What the demonstrations of a request answer."""
    return [m.parts[0].text for m in request.messages if m.role == "assistant"]


def by_question(s: Any) -> dict[tuple[str, str], list[str]]:
    requests = [*s.small.requests, *s.large.requests]
    return {
        (q, "plan" if "Answer:" not in str(r.system) else "reason"): said_in(r)
        for r in requests
        for q in QUESTIONS
        if q in r.messages[-1].parts[0].text
    }


EXPECTED = {
    (question, role): [
        f"Plan of {answer}." if role == "plan" else f"Work of {answer}.\nAnswer: {answer}"
    ]
    for question, answer in zip(QUESTIONS, ("4", "9", "40"), strict=True)
    for role in ("plan", "reason")
}


def test_questions_at_the_same_time_see_their_own(scripted):
    async def reply(ask: Any) -> str:
        """The first replies come when all three questions are asked."""
        async with asyncio.timeout(60):
            while max(s.small.most_running, s.large.most_running) < 3:
                await asyncio.sleep(0)
        return "A plan." if ask.role == "plan" else "So.\nAnswer: 1"

    s = scripted(reply)
    program = with_neighbours(s.team)

    async def ask_all() -> None:
        await asyncio.gather(*(program.acall(question=question) for question in QUESTIONS))

    asyncio.run(ask_all())
    assert by_question(s) == EXPECTED
    assert max(s.small.most_running, s.large.most_running) == 3
    assert all(not predict.demos for _, predict in program.named_predictors())


def test_they_come_after_the_demonstrations_that_all_questions_see(scripted):
    s = scripted(lambda ask: "So.\nAnswer: 1")
    program = Cascade("small", s.team)
    program.round_1.reasoner.predict.demos = [
        dspy.Example(question="Always?", reasoning="Yes.", answer="yes")
    ]
    program.knn_demos["round_1.reasoner.predict"] = KNNDemos(
        2, [{**row, "reasoning": "."} for row in KEPT]
    )
    program(question=QUESTIONS[0])
    assert [said.split("Answer: ")[1] for said in said_in(s.small.requests[-1])] == [
        "yes",
        "40",
        "4",
    ]


def test_a_saved_program_shows_the_same(scripted, tmp_path: Path):
    s = scripted(lambda ask: "A plan." if ask.role == "plan" else "So.\nAnswer: 1")
    program = with_neighbours(s.team)
    program.save(tmp_path / "p.json")
    for back in (
        Cascade.from_file(tmp_path / "p.json", s.team),
        Cascade("plan-then-solve", s.team),
    ):
        back.load(tmp_path / "p.json")  # DSPy's own
        assert back.dump_state() == program.dump_state()
        for engine in (s.small, s.large):
            engine.requests.clear()
        for question in QUESTIONS:
            back(question=question)
        assert by_question(s) == EXPECTED


def test_a_program_without_them_is_saved_as_ever(scripted):
    assert "neighbours" not in Cascade("cope", scripted(lambda ask: "").team).dump_state()


def test_reset_drops_them_as_it_drops_demonstrations(scripted):
    program = with_neighbours(scripted(lambda ask: "").team)
    assert program.reset_copy().knn_demos == {} and len(program.deepcopy().knn_demos) == 2 == len(
        program.knn_demos
    )


def test_the_steps_of_a_game_can_have_the_demonstrations_of_its_task(tmp_path: Path):
    """Only the first line, the task, is compared, and a program file keeps that."""
    games = [
        {"question": "Task: feed a cat\nNow: a dog", "turns": [], "now": "", "action": "a"},
        {"question": "Task: walk a dog\nNow: a cat", "turns": [], "now": "", "action": "b"},
    ]
    rounds = [{"reasoner": "small", "history": "turns"}]
    program = Cascade(parse_preset({"name": "p", "rounds": rounds}, "here"), domain="agent")
    program.knn_demos["round_1.reasoner.predict"] = KNNDemos(1, games, by_task=True)
    program.save(tmp_path / "made.json")
    (kept,) = Cascade.from_file(tmp_path / "made.json").knn_demos.values()
    for now in ("a dog, a dog, a dog", "a cat"):
        (demo,) = kept.nearest(f"Task: feed two cats\nNow: {now}")
        assert demo.action == "a"
    (same,) = kept.nearest("Task: feed a cat\nNow: a garden")
    assert same.action == "a", "another game may have the same task"
    (other,) = kept.nearest("Task: feed a cat\nNow: a dog")
    assert other.action == "b", "its own game is not shown to it"

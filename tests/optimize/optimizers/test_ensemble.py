"""ensemble: the best three programs of a search vote, and are saved together only where that is better than the best one."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy
import pytest
from support import commands
from support.commands import give_team
from support.compile_world import LIMITS

from cope import Cascade, load_preset, metered
from cope.models import Call, ScriptedEngine, Team
from cope.optimize import Compilation, CompileSettings, optimizer_by_name, split
from cope.optimize.compiler.prompts import is_ensemble
from cope.optimize.compiler.splits import question_fingerprint
from cope.programs.ensemble import members_of


def rows(numbers: Any) -> list[dspy.Example]:
    return [
        dspy.Example(question=f"What is {n} + {n}?", answer=str(2 * n)).with_inputs("question")
        for n in numbers
    ]


TRAIN, VAL = rows(range(6)), rows(range(30, 39))


class World:
    """Two tiers that know 0, 1 and 2, and else need a demonstration.

    Each demonstration misleads on a third of the questions, and on another third than the two others do; or all on the
    same third.
    """

    def __init__(self, alike: bool = False) -> None:
        self._alike = alike
        self.small, self.large = (ScriptedEngine(self.reply) for _ in range(2))
        self.team = Team(self.small, self.large, cache=False, limits=LIMITS)

    def reply(self, messages: list[dict[str, str]], request: Any) -> str:
        system, *shown, last = messages
        number = int(re.findall(r"What is (\d+) \+", last["content"])[-1])
        taught = [
            int(n)
            for m in shown
            if m["role"] == "user"
            for n in re.findall(r"What is (\d+) \+", m["content"])
        ]
        if "Answer:" not in system["content"]:
            return f"Double {number}."
        misled = taught and (number + (0 if self._alike else taught[0])) % 3 == 0
        right = number < 3 or (taught and not misled)
        return f"So.\nAnswer: {2 * number if right else 100 + number + sum(taught)}"

    @property
    def asked(self) -> int:
        return len(self.small.requests) + len(self.large.requests)


def score(example: dspy.Example, answer: str | None) -> float:
    return float(answer == example.answer)


def compile_it(
    world: World, folder: Path, preset: str = "small", program: Cascade | None = None, **more: Any
) -> Any:
    program = program or Cascade(load_preset(preset).with_overrides(samples=3), world.team)
    more = {"optimizer": "ensemble", "demos": 1, **more}
    settings = CompileSettings(folder=folder, **more)
    compilation = Compilation(program, split(TRAIN, VAL), score, settings)
    try:
        return compilation.run()
    finally:
        compilation.close()


@dataclass
class Finished:
    """A compile that tests only read; its folder is to be copied before it is compiled in again."""

    made: Any
    calls: list[Call]
    asked: int
    folder: Path


def finished_in(folder: Path, preset: str = "small") -> Finished:
    world = World()
    with metered() as meter:
        made = compile_it(world, folder, preset)
    return Finished(made, meter.calls, world.asked, folder)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return finished_in(tmp_path_factory.mktemp("compile"))


@pytest.mark.slow
def test_three_that_err_apart_are_right_together(finished: Finished):
    check_a_vote_of_three(finished, {("small", 1, "reason"): 1})


@pytest.mark.slow
def test_three_with_plans_that_err_apart_are_right_together(tmp_path: Path):
    calls = {("large", 1, "plan"): 1, ("small", 1, "reason"): 1}
    check_a_vote_of_three(finished_in(tmp_path, "plan-then-solve"), calls)


def check_a_vote_of_three(finished: Finished, calls: dict[Any, int]) -> None:
    made = finished.made
    assert made.before.accuracy == 0.0 and made.after.accuracy == 1.0 and made.improved
    assert {(call.tier, call.round, call.role) for call in finished.calls} == set(calls)
    keys = [question_fingerprint(example.question) for example in VAL]
    single = [c.mean(keys) for c in made.candidates if c.has_all(keys) and not is_ensemble(c.state)]
    assert max(single) == pytest.approx(2 / 3)
    program = made.program
    taught = {p.round_1.reasoner.predict.demos[0].question for p in members_of(program)}
    assert len(members_of(program)) == 3 and len(taught) == 3
    # What it costs is what all three use: two calls of a kind where two agree, else three.
    rows = [program(question=example.question) for example in VAL]
    assert [prediction.answer for prediction in rows] == [example.answer for example in VAL]
    for prediction in rows:
        used = {(row["tier"], row["round"], row["role"]): row["calls"] for row in prediction.usage}
        assert used == {key: len(prediction.members) * count for key, count in calls.items()}
    assert {len(prediction.members) for prediction in rows} == {2, 3}
    tokens = sum(
        row["prompt_tokens"] + row["completion_tokens"] for p in rows for row in p.usage
    ) / len(rows)
    assert (
        made.after.tokens == pytest.approx(tokens) and made.after.tokens > 1.5 * made.before.tokens
    )


@pytest.mark.slow
def test_the_vote_itself_costs_the_compile_nothing(finished: Finished, tmp_path: Path):
    other = World()
    compile_it(other, tmp_path, optimizer="bootstrap-random-search")
    assert finished.asked == other.asked


@pytest.mark.slow
def test_where_all_err_alike_the_best_one_is_saved_alone(tmp_path: Path):
    made = compile_it(World(alike=True), tmp_path)
    assert made.improved and made.after.accuracy == pytest.approx(2 / 3)
    assert members_of(made.program) == [made.program] and "peers" not in made.program.dump_state()
    tried = [c for c in made.candidates if is_ensemble(c.state)]
    assert len(tried) == 1 and sum(tried[0].scores.values()) == sum(made.after.values)


@pytest.mark.slow  # every compile resumes alike
def test_a_second_time_costs_nothing(finished: Finished, tmp_path: Path):
    first = finished.made
    again = World()
    made = compile_it(again, shutil.copytree(finished.folder, tmp_path / "again"))
    assert again.asked == 0
    assert made.program.dump_state() == first.program.dump_state() and made.after == first.after


def test_the_costs_are_in_its_words():
    assert "up to three times as much" in optimizer_by_name("ensemble").description


@pytest.mark.slow
def test_an_ensemble_can_be_compiled_on_its_lead(finished: Finished, tmp_path: Path):
    world = World()
    first = finished.made.program.deepcopy()
    before = [peer.dump_state() for peer in members_of(first)[1:]]
    proposer = ScriptedEngine(
        lambda *_: "Double it well.\nProposed prefix for output field: Answer"
    )
    made = compile_it(world, tmp_path, program=first, optimizer="copro", proposer=proposer)
    assert made.before.accuracy == 1.0 and not made.improved
    tried = [
        c.state
        for c in made.candidates
        if c.state["round_1.reasoner.predict"]["instructions"] == "Double it well."
    ]
    assert tried and all(state.keys() == made.candidates[0].state.keys() for state in tried)
    assert [peer.dump_state() for peer in members_of(made.program)[1:]] == before


@pytest.mark.slow
def test_evaluated_and_shown_like_every_program(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    world = World()
    finished.made.save("p.json")
    Path("q.jsonl").write_text(
        "".join(json.dumps({"question": e.question, "answer": e.answer}) + "\n" for e in VAL)
    )
    give_team(monkeypatch, lambda options: world.team)

    def cope(*words: str) -> str:
        made = commands.cope(*words)
        assert made.exit_code == 0, made.output
        return made.stdout

    evaluation = (
        "eval",
        "jsonl",
        "--data",
        "q.jsonl",
        "--program",
        "p.json",
        "--no-track",
        "--json",
    )
    asked = world.asked
    summary = json.loads(cope(*evaluation))
    assert summary["accuracy"] == 1.0 and summary["total"][
        "calls"
    ] == world.asked - asked >= 2 * len(VAL)
    asked = world.asked
    cope(*evaluation)
    assert world.asked == asked
    said = cope("show", "p.json")
    assert (
        "ensemble of 3 programs, whose answers vote: a question costs up to 3 times as much" in said
    )
    assert all(
        f"{name}round_1.reasoner.predict (small solves)" in said
        for name in ("", "peer_2.", "peer_3.")
    )
    assert "program voting programs: 1 -> 3" in cope("diff", "small", "p.json")

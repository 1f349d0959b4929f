"""knn-few-shot: what the program did right once is kept with it, and each question is shown what is most like it."""

import json
import re
from pathlib import Path
from typing import Any

import dspy
import pytest
from support.commands import cope, give_team
from support.compile_world import LIMITS
from support.sweeps import mostly_slow

from cope import Cascade, load_preset
from cope.models import ScriptedEngine, Team
from cope.optimize import Compilation, CompileSettings, split

LEGS = {"hens": 2, "cows": 4, "ants": 6, "spiders": 8, "crabs": 10, "woodlice": 14}


def row(number: int, animal: str) -> dspy.Example:
    text = f"How many legs have {number} {animal}?"
    return dspy.Example(question=text, answer=str(number * LEGS[animal])).with_inputs("question")


TRAIN = [row(number, animal) for animal in LEGS for number in (2, 5)]
VAL = [row(number, animal) for animal in LEGS for number in (7, 9)]


def asked_about(text: str) -> tuple[int, str]:
    found = re.findall(r"How many legs have (\d+) (\w+)\?", text)
    return int(found[-1][0]), found[-1][1]


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """Models know pairs of animals only; else how many legs one has must be in a demonstration. Plans are all the same."""
    system, *shown, last = messages
    number, animal = asked_about(last["content"])
    if "Answer:" not in system["content"]:
        return f"Count the legs of the {animal}."
    known = number == 2 or any(f" {animal}?" in message["content"] for message in shown)
    # One that knows nothing guesses, so that no vote settles it in the cascade's first rounds.
    return f"Counting.\nAnswer: {number * LEGS[animal] if known else 1000 + (request.config.seed or 0) % 997}"


class World:
    def __init__(self) -> None:
        self.small, self.large = (
            ScriptedEngine(lambda messages, request, tier=tier: reply(tier, messages, request))
            for tier in ("small", "large")
        )
        self.team = Team(self.small, self.large, cache=False, limits=LIMITS)

    @property
    def asked(self) -> int:
        return len(self.small.requests) + len(self.large.requests)


def score(example: dspy.Example, answer: str | None) -> float:
    return float(answer == example.answer)


def compile_it(
    world: World, folder: Path, preset: str = "small", optimizer: str = "knn-few-shot", **more: Any
) -> Any:
    program = Cascade(load_preset(preset).with_overrides(samples=3), world.team)
    settings = CompileSettings(optimizer=optimizer, folder=folder, **{"demos": 1, **more})
    compilation = Compilation(program, split(TRAIN, VAL), score, settings)
    try:
        return compilation.run()
    finally:
        compilation.close()


def shown_in(request: Any) -> list[str]:
    """The animals of a request's demonstrations."""
    return [asked_about(m.parts[0].text)[1] for m in request.messages[:-1] if m.role == "user"]


def right_tiers(world: World, program: Cascade) -> None:
    """Every request went to the tier that its round and role name: they are told apart by their instructions."""
    for engine, tier in ((world.small, "small"), (world.large, "large")):
        wanted = {
            predict.signature.instructions
            for name, predict in program.named_predictors()
            if getattr(program.preset.rounds[int(name[6]) - 1], name.split(".")[1]) == tier
        }
        assert engine.requests or not wanted
        for request in engine.requests:
            assert any(str(request.system).startswith(words) for words in wanted), (
                tier,
                request.system,
            )


@pytest.mark.parametrize("preset", ["small", *mostly_slow(["plan-then-solve", "cope"])])
def test_only_the_nearest_demonstration_helps_and_is_shown(tmp_path: Path, preset: str):
    world = World()
    made = compile_it(world, tmp_path, preset)
    assert made.before.accuracy == 0.0 and made.after.accuracy == 1.0 and made.improved
    right_tiers(world, made.program)
    # The first round settles what it knows: the later ones of a cascade did nothing right, and keep nothing.
    assert all(name.startswith("round_1.") for name in made.program.knn_demos)
    world = World()
    program = Cascade(made.program.preset, world.team)
    program.load_state(made.program.dump_state())
    for example in VAL:
        before = [len(engine.requests) for engine in (world.small, world.large)]
        assert program(question=example.question).answer == example.answer
        animal = asked_about(example.question)[1]
        fresh = [
            r
            for engine, n in zip((world.small, world.large), before, strict=True)
            for r in engine.requests[n:]
        ]
        assert fresh and all(shown_in(request) == [animal] for request in fresh)


def test_a_few_demonstrations_for_all_questions_would_not_do(tmp_path: Path):
    assert compile_it(World(), tmp_path, optimizer="bootstrap-few-shot").after.accuracy <= 2 / len(
        LEGS
    )


def test_only_right_answers_are_kept_and_planners_learn_plans(tmp_path: Path):
    made = compile_it(World(), tmp_path, "plan-then-solve")
    planner, reasoner = (
        made.program.knn_demos[f"round_1.{role}.predict"] for role in ("planner", "reasoner")
    )
    pairs = {
        (example.question, example.answer) for example in TRAIN if " 2 " in str(example.question)
    }
    assert {(demo["question"], demo["answer"]) for demo in reasoner.demos} == pairs
    assert all(demo["augmented"] and "answer" not in demo for demo in planner.demos)
    assert {(demo["question"], demo["guideline"]) for demo in planner.demos} == {
        (question, f"Count the legs of the {asked_about(question)[1]}.") for question, _ in pairs
    }
    assert all(not predict.demos for _, predict in made.program.named_predictors())


def test_the_frozen_part_is_left_as_it_is(tmp_path: Path):
    made = compile_it(World(), tmp_path, "plan-then-solve", only=["small"])
    assert made.improved and set(made.program.knn_demos) == {"round_1.reasoner.predict"}


@pytest.mark.slow  # every compile resumes alike
def test_a_second_time_costs_nothing(tmp_path: Path):
    first = compile_it(World(), tmp_path, "plan-then-solve")
    again = World()
    made = compile_it(again, tmp_path, "plan-then-solve")
    assert again.asked == 0
    assert made.program.dump_state() == first.program.dump_state() and made.after == first.after


def test_fewer_are_shown_where_more_would_not_fit(tmp_path: Path):
    world = World()
    world.small.context = 150  # type: ignore[attr-defined]
    world.small.slots = 1  # type: ignore[attr-defined]
    made = compile_it(world, tmp_path, demos=6)
    kept = made.program.knn_demos["round_1.reasoner.predict"]
    assert 1 <= kept.k < 6 and made.improved
    assert sum(candidate.reject_reason is not None for candidate in made.candidates) == 6 - kept.k


@pytest.mark.slow
def test_instructions_compiled_afterwards_keep_them(tmp_path: Path):
    world = World()
    proposer = ScriptedEngine(
        lambda *_: "Count their legs.\nProposed prefix for output field: Answer"
    )
    made = compile_it(
        world, tmp_path, optimizer="chain", chain=("knn-few-shot", "copro"), proposer=proposer
    )
    assert proposer.requests and made.after.accuracy == 1.0 and made.program.knn_demos
    asked_again = [r for r in world.small.requests if "Count their legs." in str(r.system)]
    own = [shown_in(r) for r in asked_again if " 2 " in str(r.messages[-1].parts[0].text)]
    # A training question is not shown its own answer, also while instructions are tried on it.
    assert asked_again and all(len(shown) == 1 for shown in own)
    for request in asked_again:
        number, animal = asked_about(request.messages[-1].parts[0].text)
        assert (shown_in(request) == [animal]) == (number != 2)


def test_evaluated_and_shown_like_every_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    world = World()
    compile_it(world, tmp_path / "compile").save("p.json")
    Path("q.jsonl").write_text(
        "".join(json.dumps({"question": e.question, "answer": e.answer}) + "\n" for e in VAL)
    )
    give_team(monkeypatch, lambda options: world.team)
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
    made = cope(*evaluation)
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["accuracy"] == 1.0
    asked = world.asked
    assert json.loads(cope(*evaluation).stdout)["n"] == len(VAL) and world.asked == asked
    said = cope("show", "p.json").stdout
    assert "for each question the 1 nearest of 6 demonstrations:" in said
    assert said.count("demonstration ") == 3 and "... and 3 more, shown with --full" in said
    assert cope("show", "p.json", "--full").stdout.count("Counting.") == 6
    assert (
        "demonstrations chosen for each question: none -> the 1 nearest of 6"
        in cope("diff", "small", "p.json").stdout
    )

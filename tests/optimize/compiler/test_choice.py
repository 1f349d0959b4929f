"""What a compile hands over: the better of before and after, whatever the optimizer made of it."""

import json
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.teleprompt import BootstrapFewShot
from dspy.teleprompt.teleprompt import Teleprompter
from support.compile_world import (
    MAGIC,
    PROPOSAL,
    TRAIN,
    VAL,
    World,
    compiled,
    question,
    reply as usual,
    rows,
    score,
)
from support.sweeps import mostly_slow

from cope import Cascade, CopeError
from cope.eval import Score
from cope.models import Price
from cope.optimize import Budget, compile
from cope.optimize.optimizers.registry import OPTIMIZERS


class Saying(Teleprompter):
    """An optimizer of the user's that gives the reasoner these words."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def compile(self, student: Any, *, trainset: Any) -> Any:
        made = student.deepcopy()
        predict = made.round_1.reasoner.predict
        predict.signature = predict.signature.with_instructions(self.words)
        return made


def spoiled(tier: str, messages: Any, request: Any) -> str:
    return "Answer: 0" if "Be brief" in messages[0]["content"] else usual(tier, messages, request)


def test_a_worse_outcome_leaves_the_program_as_it_was(tmp_path: Path):
    run = compiled(Saying("Be brief."), "small", tmp_path, World(spoiled))
    made = run.made
    assert not made.improved and made.after == made.before and made.before.accuracy == 0.25
    assert made.program.dump_state() == run.before
    tried = made.candidates[-1]
    assert tried.state["round_1.reasoner.predict"]["instructions"] == "Be brief."
    assert tried.mean(list(tried.scores)) == 0.0
    assert made.gain == (0.0, 0.0, 0.0)


def test_an_equal_outcome_leaves_the_program_as_it_was(tmp_path: Path):
    run = compiled(Saying("Other words."), "small", tmp_path)
    assert not run.made.improved and run.made.program.dump_state() == run.before


def test_an_optimizer_of_the_users_own(tmp_path: Path):
    """It sees the rows as they are, with what its metric needs, and its calls go to the tiers."""
    with_more = [row.copy(secret=row.answer) for row in TRAIN]

    def right(example: Any, prediction: Any, trace: Any = None) -> bool:
        return prediction.answer == example.secret

    own = BootstrapFewShot(metric=right, max_bootstrapped_demos=2, max_labeled_demos=0)
    run = compiled(
        own, "plan-then-solve", tmp_path, splits=(with_more, VAL), budget=Budget(calls=60)
    )
    assert run.made.improved and run.made.after.accuracy == 1.0
    assert len(run.made.program.round_1.planner.predict.demos) == 1
    assert {call.tier for call in run.calls} == {"small", "large"} and run.asked <= 60


def test_an_optimizer_that_fails_loses_nothing(tmp_path: Path):
    """COPRO's second round of proposals fails; what the first one gave is known."""
    count = iter(range(100))

    def proposal(messages: Any, request: Any) -> str:
        if next(count) > 6:
            raise RuntimeError("no more ideas\nof any kind")
        return PROPOSAL

    run = compiled("copro", "small", tmp_path, World(proposal=proposal), budget=Budget(calls=110))
    stopped = run.made.stop_reason or ""
    assert (
        stopped.startswith("copro failed (") and "no more ideas" in stopped and "\n" not in stopped
    )
    assert "no more ideas" in (tmp_path / "optimizer.log").read_text()
    assert run.made.improved and run.made.after.accuracy == 1.0


@pytest.mark.parametrize("optimizer", ["chain", "better-together"])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_chain_ends_with_the_step_that_failed_and_keeps_what_was_found(
    optimizer: str, failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """DSPy's BetterTogether logs what a step raises and would go on as if it were done."""
    world = World(lambda tier, messages, request: both(messages))
    chain = ("labeled-few-shot", "copro", "bootstrap-random-search")
    reached: list[str] = []
    for number, name in enumerate(chain, 1):
        kind = type(OPTIMIZERS[name])

        def link(
            self: Any,
            context: Any,
            number: int = number,
            name: str = name,
            compile: Any = kind.compile,
        ) -> Any:
            reached.append(name)
            if number == failing:
                raise ValueError("a library's trouble\nin many lines")
            return compile(self, context)

        monkeypatch.setattr(kind, "compile", link)
    made = compiled(optimizer, "small", tmp_path, world, chain=chain, budget=Budget(calls=150)).made
    assert (
        made.stop_reason
        == f"{optimizer} failed in step {failing}, {chain[failing - 1]} (ValueError: a library's trouble)"
    )
    assert reached == list(chain[:failing]), "nothing is asked after it"
    assert "in many lines" in (tmp_path / "optimizer.log").read_text()
    assert made.improved == (failing == 2)
    assert bool(made.program.round_1.reasoner.predict.demos) == (failing == 2)


@pytest.mark.parametrize("optimizer", ["chain", "better-together"])
def test_a_users_mistake_in_a_step_ends_the_compile(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def mistaken(self: Any, context: Any) -> Any:
        raise CopeError("give another file")

    monkeypatch.setattr(type(OPTIMIZERS["copro"]), "compile", mistaken)
    with pytest.raises(CopeError, match="^give another file$"):
        compiled(
            optimizer,
            "small",
            tmp_path,
            chain=("labeled-few-shot", "copro"),
            budget=Budget(calls=150),
        )


@pytest.mark.parametrize(
    "optimizer", ["copro", "miprov2", "infer-rules", *mostly_slow(["simba", "gepa"])]
)
def test_a_proposer_that_says_nothing_costs_no_more_than_its_proposals(
    optimizer: str, tmp_path: Path
):
    made = compiled(optimizer, "small", tmp_path, World(proposal=""), budget=Budget(calls=110)).made
    assert made.after.accuracy >= made.before.accuracy
    assert len(made.after.values) == len(VAL)


@pytest.mark.slow
def test_a_chain_keeps_what_its_first_link_found(tmp_path: Path):
    """Labelled rows are chosen without a validation, and COPRO scores on training questions: neither is lost."""
    world = World(lambda tier, messages, request: both(messages))
    run = compiled(
        "chain",
        "small",
        tmp_path,
        world,
        chain=("labeled-few-shot", "copro"),
        budget=Budget(calls=110),
    )
    predict = run.made.program.round_1.reasoner.predict
    assert run.made.after.accuracy == 1.0 and run.made.improved
    assert predict.demos and MAGIC in predict.signature.instructions


def both(messages: list[dict[str, str]]) -> str:
    """Half right with demonstrations, all right with the magic word as well; never right with the word alone."""
    number = int(messages[-1]["content"].split()[2])
    shown, word = len(messages) > 2, MAGIC in messages[0]["content"]
    return (
        f"Answer: {2 * number if (shown and (word or number % 2)) or number == 2 else number + 1}"
    )


@pytest.mark.slow
def test_the_objective_cost_prefers_few_tokens_of_the_large_tier(tmp_path: Path):
    """Both are right; the one with the magic word needs the large tier for nothing."""

    def script(tier: str, messages: Any, request: Any) -> str:
        number, helped = int(messages[-1]["content"].split()[2]), MAGIC in messages[0]["content"]
        right = tier == "large" or helped
        return f"Answer: {2 * number if right else 1000 + (request.config.seed or 1) % 997}"

    few = {"only": ["round:1"], "budget": Budget(calls=200)}
    run = compiled("copro", "answer-cascade", tmp_path, World(script), objective="cost", **few)
    assert run.made.improved and run.made.after.accuracy == run.made.before.accuracy == 1.0
    assert run.made.before.large_tokens > 0 == run.made.after.large_tokens
    again = compiled("copro", "answer-cascade", tmp_path / "again", World(script), **few)
    assert not again.made.improved, "for accuracy alone there is nothing to gain"
    cheapest, *rest = again.made.frontier
    assert cheapest[1].large_tokens == 0 and not rest


def test_a_program_keeps_the_settings_of_the_one_that_was_given(tmp_path: Path):
    world = World()
    given = Cascade("small", world.team, seed=7, early_stop="none")
    made = compiled("labeled-few-shot", given, tmp_path, world).made.program
    assert (made.seed, made.early_stop, made.team, made.preset) == (
        7,
        "none",
        world.team,
        given.preset,
    )
    assert type(made) is Cascade and made.round_1.reasoner.predict.lm is None


def test_the_verb_compiles_and_its_program_is_saved_and_loaded(tmp_path: Path):
    """Without a validation set a third of the questions is kept for it; a task's score is a coroutine function."""
    world = World(prices={"small": Price(1.0, 2.0)})

    async def judged(example: dspy.Example, answer: str | None) -> Score:
        return Score(score(example, answer), "Judged.")

    made = compile(
        Cascade("small", world.team),
        rows(range(16)),
        score=judged,
        optimizer="labeled-few-shot",
        folder=tmp_path,
    )
    assert (
        made.improved
        and len(made.before.values) == 5
        and made.usage.total_usd
        and made.usage.total_usd > 0
    )
    file = made.save(tmp_path / "deep" / "made.json")
    again = Cascade.from_file(file, world.team)
    assert again.dump_state() == made.program.dump_state()
    assert again(question=question(33)).answer == "66"
    assert json.loads(file.read_text())["compiled"] == made.provenance


def test_what_python_saves_says_what_it_was_compiled_on(tmp_path: Path):
    made = compiled("bootstrap-few-shot", "small", tmp_path / "run", World()).made
    saved = json.loads(made.save(tmp_path / "mine.json").read_text())["compiled"]
    assert (
        saved["optimizer"] == "bootstrap-few-shot"
        and saved["scores"]["after"]["accuracy"] == made.after.accuracy
    )
    assert len(saved["rows"]["train"]) == saved["splits"]["train"]["n"] == len(TRAIN)

"""An optimizer object of the user's: its models are booked and bounded, and what could not work is refused at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.teleprompt import (
    BetterTogether,
    BootstrapFewShot,
    BootstrapFewShotWithRandomSearch,
    Ensemble,
    LabeledFewShot,
    MIPROv2,
)
from dspy.teleprompt.teleprompt import Teleprompter
from support.compile_world import PROPOSAL, World, compiled, fickle, rows
from support.sweeps import sweep

from cope.errors import CopeError
from cope.models import Price, ScriptedEngine
from cope.optimize import Budget
from cope.optimize.optimizers.custom_lms import MeteredLM, use_metered_lms

SPLITS = (rows(range(12)), rows(range(20, 28)))


def right(gold: Any, pred: Any, trace: Any = None, *_: Any) -> bool:
    return pred.answer == gold.answer


def told(
    gold: Any, pred: Any, trace: Any = None, pred_name: Any = None, pred_trace: Any = None
) -> dspy.Prediction:
    return dspy.Prediction(score=float(right(gold, pred)), feedback="Look again.")


class Plain(dspy.LM):
    """A model with a way of asking of its own, that tells nothing of what a call used."""

    asked = 0

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> list[str]:
        Plain.asked += 1
        return [f"Double the number, way {Plain.asked}."]


def scripted() -> tuple[dspy.LM, Callable[[], int]]:
    """A model of DSPy's with an engine, and how often that was asked."""
    engine = ScriptedEngine(lambda messages, request: f"{PROPOSAL} Way {len(engine.requests)}.")
    return dspy.LM("engine/own", engine=engine, temperature=0.7, cache=False), lambda: len(
        engine.requests
    )


def plain() -> tuple[dspy.LM, Callable[[], int]]:
    before = Plain.asked
    return Plain("openai/x"), lambda: Plain.asked - before


@sweep("model", [scripted, plain], every=2)
def test_what_its_own_model_is_asked_is_booked_and_within_the_budget(
    model: Any, tmp_path: Path
) -> None:
    lm, asked = model()
    own = dspy.GEPA(metric=told, max_metric_calls=400, reflection_lm=lm)
    run = compiled(own, "small", tmp_path, World(fickle), SPLITS, budget=Budget(calls=44))
    assert asked() > 0 and run.asked + asked() == run.made.usage.calls <= 44
    booked = [call for call in run.calls if call.tier == "proposer"]
    assert len(booked) == asked() and {call.model for call in booked} == {lm.model}
    assert (
        own.reflection_lm is lm
        and type(lm).__call__ is type(lm).__call__
        and "update_history" not in vars(lm)
    )
    if model is scripted:
        assert all(call.prompt_tokens and call.completion_tokens for call in booked)
        assert len(lm.history) == asked()
    assert (run.made.stop_reason or "").startswith("the budget of 44 calls is used up")


def test_a_call_that_the_budget_does_not_allow_is_not_made(tmp_path: Path) -> None:
    """The first reflection comes when all calls but those of the last validation are used."""
    lm, asked = scripted()
    own = dspy.GEPA(metric=told, max_metric_calls=400, reflection_lm=lm)
    run = compiled(own, "small", tmp_path, World(), SPLITS, budget=Budget(calls=28))
    assert asked() == 0 and run.made.usage.calls <= 28


def test_an_interrupted_compile_asks_its_model_nothing_twice(tmp_path: Path) -> None:
    lm, asked = scripted()
    own = dspy.GEPA(metric=told, max_metric_calls=60, reflection_lm=lm, seed=3)
    first = compiled(own, "small", tmp_path, World(fickle), SPLITS)
    before = asked()
    again = compiled(own, "small", tmp_path, World(fickle), SPLITS)
    assert (asked(), again.asked) == (before, 0)
    assert again.made.usage.calls == first.made.usage.calls


@pytest.mark.slow
def test_a_tiers_model_that_it_holds_is_booked_as_the_proposer(tmp_path: Path) -> None:
    world = World(
        lambda tier, messages, request: (
            PROPOSAL if tier == "large" else fickle(tier, messages, request)
        )
    )
    lm = world.team["large"].lm
    own = dspy.GEPA(metric=told, max_metric_calls=60, reflection_lm=lm)
    run = compiled(own, "small", tmp_path, world, SPLITS)
    assert {call.tier for call in run.calls} == {"small", "proposer"} and lm.tier == "large"
    assert own.reflection_lm is lm


@pytest.mark.slow
def test_a_budget_in_money_asks_for_the_price_of_its_models_before_anything_else(
    tmp_path: Path,
) -> None:
    lm, asked = scripted()
    own = dspy.GEPA(metric=told, max_metric_calls=60, reflection_lm=lm)
    world, prices = World(fickle, prices={"small": Price(1, 2)}), {"small": Price(1, 2)}
    with pytest.raises(
        CopeError, match=r"give --price proposer=IN/OUT, .*\(proposer is engine/own\)"
    ):
        compiled(own, "small", tmp_path / "none", world, SPLITS, budget=Budget(usd=1.0))
    assert (world.asked, asked()) == (0, 0)
    run = compiled(
        own,
        "small",
        tmp_path / "own",
        World(fickle, prices=prices),
        SPLITS,
        budget=Budget(usd=1.0),
        proposer_price=Price(3, 4),
    )
    booked = [call for call in run.calls if call.tier == "proposer"]
    assert booked and all(
        c.usd == pytest.approx((3 * (c.prompt_tokens or 0) + 4 * (c.completion_tokens or 0)) / 1e6)
        for c in booked
    )
    assert own.reflection_lm is lm


@pytest.mark.slow
def test_its_own_model_is_named_when_each_of_its_requests_fails(tmp_path: Path) -> None:
    def full(*_: Any) -> str:
        raise dspy.LMInvalidRequestError("no memory")

    own = dspy.GEPA(
        metric=told,
        max_metric_calls=60,
        reflection_lm=dspy.LM("engine/own", engine=ScriptedEngine(full), cache=False),
    )
    with pytest.raises(CopeError, match=r"the proposer engine/own cannot be asked \(.*no memory"):
        compiled(own, "small", tmp_path, World(fickle), SPLITS)


class Nested(Teleprompter):
    """Models in all the places that DSPy's optimizers keep them in."""

    def __init__(self, lm: dspy.LM) -> None:
        super().__init__()
        self.settings, self.list = {"lm": lm, "n": 3}, [lm, 4]
        self.inner = MIPROv2(metric=right, prompt_model=lm, task_model=lm)
        self.predict = dspy.Predict("question -> answer")
        self.predict.lm = lm
        self.judge = Judge(lm)
        self.metric = self.judge.judged

    def compile(self, student: Any, *, trainset: Any) -> Any:
        return student


class Judge:
    def __init__(self, lm: dspy.LM) -> None:
        self.lm = lm

    def judged(self, *_: Any) -> float:
        return 1.0


def test_its_models_are_found_wherever_it_keeps_them_and_given_back() -> None:
    lm, asked = scripted()
    own = Nested(lm)

    def held() -> list[Any]:
        return [
            own.settings["lm"],
            own.list[0],
            own.inner.prompt_model,
            own.inner.task_model,
            own.predict.lm,
            own.judge.lm,
        ]

    def trouble() -> None:
        with use_metered_lms(own):
            assert (
                all(isinstance(found, MeteredLM) for found in held())
                and len({id(found) for found in held()}) == 1
            )
            assert own.predict.lm.copy(temperature=0.1, rollout_id=7)("Say.") == [
                f"{PROPOSAL} Way 1."
            ]
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        trouble()
    assert all(found is lm for found in held()) and asked() == 1
    assert (own.settings["n"], own.list[1]) == (3, 4)


def test_what_a_copy_changes_reaches_the_model() -> None:
    engine = ScriptedEngine(lambda *_: "So.")
    lent = MeteredLM(dspy.LM("engine/own", engine=engine, temperature=0.7, cache=False))
    lent("Say.")
    lent.copy(temperature=0.1)("Say.")
    lent("Say.", temperature=0.2)
    assert [request.config.temperature for request in engine.requests] == [0.7, 0.1, 0.2]


class Odd(Teleprompter):
    def compile(self, student: Any, *, trainset: Any) -> Any:
        raise ValueError("no ideas")


class Missing(Teleprompter):
    def compile(self, student: Any, *, trainset: Any, corpus: Any) -> Any:
        return student


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (
            lambda: BetterTogether(metric=right),
            "BetterTogether's step BootstrapFinetune trains a model's weights",
        ),
        (
            lambda: BetterTogether(metric=right, p=LabeledFewShot(), q=LabeledFewShot()),
            "BetterTogether is run with its usual strategy, p -> w -> p: name its optimizers p and w, or choose",
        ),
        (
            Ensemble,
            "Ensemble joins programs that are there already, and learns nothing: choose the optimizer ensemble",
        ),
        (Missing, "Missing.compile wants corpus, which a compile has not"),
    ],
    ids=["better-together", "strategy", "ensemble", "missing"],
)
def test_what_cannot_work_is_refused_before_any_call(own: Any, words: str, tmp_path: Path) -> None:
    world = World()
    with pytest.raises(CopeError) as refused:
        compiled(own(), "small", tmp_path, world, SPLITS)
    assert (
        words in str(refused.value)
        and "\n" not in str(refused.value)
        and len(str(refused.value)) < 300
    )
    assert world.asked == 0


@sweep(
    "own",
    [
        lambda: BootstrapFewShot(metric=right),
        lambda: LabeledFewShot(k=2),
        lambda: BootstrapFewShotWithRandomSearch(metric=right, num_candidate_programs=2),
        lambda: BetterTogether(
            metric=right, p=BootstrapFewShot(metric=right), w=LabeledFewShot(k=2)
        ),
    ],
    ids=["bootstrap", "labeled", "random-search", "better-together"],
    every=2,
)
def test_the_others_are_taken(own: Any, tmp_path: Path) -> None:
    run = compiled(own(), "small", tmp_path, World(), SPLITS)
    assert run.made.stop_reason is None and run.made.improved
    assert {call.tier for call in run.calls} == {"small"}


def test_a_step_of_better_together_that_fails_is_said(tmp_path: Path) -> None:
    failing = BetterTogether(metric=right, p=LabeledFewShot(k=2), w=Odd())
    stopped = compiled(failing, "small", tmp_path, World(), SPLITS).made.stop_reason
    assert (
        stopped == "BetterTogether failed (RuntimeError: one of its steps failed; the log says why)"
    )
    assert "no ideas" in (tmp_path / "optimizer.log").read_text()

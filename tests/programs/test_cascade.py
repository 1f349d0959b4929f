"""The cascade on scripted models: what each round asks whom, and what comes out."""

import json
import threading
from collections import Counter
from typing import Any

import dspy
import pytest
from support.cascade_replies import PRESETS, QUESTION, agreement, no_agreement
from support.sweeps import sweep

from cope import Cascade, CopeError, Preset, metered
from cope.models import Price
from cope.programs import load_preset
from cope.programs.events import Planned, RoundDecided, RoundStarted, SampleCounted, use_observer
from cope.programs.preset import parse_preset

P_TRUE = "p-true"
"""A preset and its confidence, which puts each different answer to the model."""

# What each round asks whom


def test_what_every_round_of_cope_is_asked(scripted):
    """The table of the paper's method, read off the requests."""
    s = scripted(no_agreement)
    prediction = Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    small, large = [[a for a in s.asks if a.tier == tier] for tier in ("small", "large")]

    goals = [a for a in small if a.role == "plan"]
    first, second = [a for a in small[:16] if a.role == "reason"], small[16:]
    assert (len(goals), len(first), len(second), len(large)) == (8, 8, 8, 2)

    assert all(a.user == QUESTION and a.temperature == 0.8 for a in goals)
    assert len({a.seed for a in goals}) == 8

    own = {f"Question: {QUESTION}\n\nGoal: Goal {a.seed}." for a in goals}
    assert {a.user for a in first} == own and len(own) == 8
    assert all(a.temperature == 0.4 for a in first)

    guideline, third = large
    assert (guideline.role, guideline.user, guideline.temperature) == ("plan", QUESTION, 0.8)
    plan_2 = f"Guideline {guideline.seed}."

    plan_1 = prediction.rounds[0]["plan"]
    assert f"Question: {QUESTION}\n\nGoal: {plan_1}" in own
    assert all(a.role == "reason" and a.temperature == 0.8 for a in second)
    assert {a.user for a in second} == {
        f"Question: {QUESTION}\n\nGoal: {plan_1}\n\nGuideline: {plan_2}"
    }

    assert (third.role, third.user) == ("reason", f"Question: {QUESTION}\n\nGuideline: {plan_2}")
    assert (third.temperature, third.seed) == (0.0, None)
    assert (prediction.answer, prediction.round, prediction.plan) == ("3", 3, plan_2)


@sweep("preset", [name for name in PRESETS if name != P_TRUE], every=4)
def test_only_plans_cross_a_round(scripted, preset: str):
    s = scripted(no_agreement)
    prediction = Cascade(preset, s.team, early_stop="none")(question=QUESTION)
    answers = {sample["answer"] for made in prediction.rounds for sample in made["samples"]}
    said = [a.system + a.user for a in s.asks]
    assert not any("WORKINGS" in text or "Answer: 1" in text for text in said)
    seeds = {plan.split()[1] for made in prediction.rounds for plan in [made["plan"] or "- -"]}
    assert not any(
        answer and len(answer) > 3 and answer in text for answer in answers - seeds for text in said
    )


@sweep("preset", PRESETS, every=4)
def test_samples_that_share_their_plans_share_every_byte(scripted, preset: str):
    s = scripted(no_agreement)
    program = Cascade(preset, s.team, early_stop="none")
    program(question=QUESTION)
    for round_ in program.rounds():
        system = s.team["small"].adapter.format_system_message(round_.reasoner.predict.signature)
        asked = [a.user for a in s.asks if a.system == system]
        assert len(asked) == round_.spec.samples
        assert len(set(asked)) == round_.spec.plans
    assert all(
        a.user.startswith(QUESTION) or a.user.startswith(f"Question: {QUESTION}\n\n")
        for a in s.asks
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_every_predictor_has_instructions_of_its_own(scripted, preset: str):
    texts = [
        p.signature.instructions for p in Cascade(preset, scripted(agreement).team).predictors()
    ]
    assert len(set(texts)) == len(texts) >= 1


@sweep("preset", PRESETS, every=4)
@pytest.mark.parametrize("copied", [False, True])
def test_every_call_is_made_by_its_tier(scripted, preset: str, copied: bool):
    s = scripted(no_agreement)
    program = Cascade(preset, s.team, early_stop="none")
    if copied:
        program = program.reset_copy().deepcopy()
    outside = scripted(lambda ask: pytest.fail("a call left its tier"))
    with metered() as meter, dspy.context(lm=outside.team["small"].lm):
        program(question=QUESTION)
    expected: Counter[tuple[str, int, str]] = Counter()
    for number, spec in enumerate(program.preset.rounds, 1):
        if spec.planner:
            expected[spec.planner, number, "plan"] += spec.plans
        expected[spec.reasoner, number, "reason"] += spec.samples
        if spec.confidence == P_TRUE:
            expected[spec.reasoner, number, "other"] += spec.samples  # no two answers are alike
    assert Counter((c.tier, c.round, c.role) for c in meter.calls) == expected
    for tier, engine in (("small", s.small), ("large", s.large)):
        assert len(engine.requests) == sum(n for (t, _, _), n in expected.items() if t == tier)


def test_tiers_of_the_users_own_and_a_kind_of_plan_seen_twice(scripted):
    judge = scripted(lambda ask: "Guideline of the judge." if ask.role == "plan" else "Answer: 5")
    s = scripted(no_agreement, judge=judge.small)
    rounds = [
        {
            "planner": "large",
            "plan": "guideline",
            "reasoner": "small",
            "sees": [1],
            "samples": 2,
            "temperature": 1.0,
        }
        | {"threshold": 1.0},
        {"planner": "judge", "plan": "guideline", "reasoner": "judge", "sees": [2, 1]},
    ]
    prediction = Cascade(Preset(name="mine", rounds=rounds), s.team)(question=QUESTION)  # pyright: ignore[reportArgumentType]
    assert (prediction.answer, prediction.round) == ("5", 2)
    plan, reason = judge.asks[:2]
    assert (plan.role, plan.user) == ("plan", QUESTION)
    assert reason.user == (
        f"Question: {QUESTION}\n\nGuideline: Guideline of the judge.\n\nGuideline 1: Guideline None."
    )


def test_a_tier_that_the_team_has_not(scripted):
    preset = Preset(name="mine", rounds=[{"reasoner": "huge"}])  # pyright: ignore[reportArgumentType]
    with pytest.raises(CopeError, match="no tier is named 'huge': the team has small, large"):
        Cascade(preset, scripted(agreement).team)


def test_lengths_and_stops(scripted):
    for adapter, stop in (("lean", ("\n\n",)), ("chat", ())):
        s = scripted(no_agreement, adapter=adapter, max_tokens=300)
        Cascade("plan-then-solve", s.team)(question=QUESTION)
        plan, reason = s.large.requests[0].config, s.small.requests[0].config
        assert (plan.max_tokens, plan.stop) == (80, stop)
        assert (reason.max_tokens, reason.stop) == (300, ())


def test_a_plan_with_steps_ends_after_a_sentence_or_before_code(scripted):
    given = load_preset("plan-then-solve").model_dump(exclude_defaults=True)
    given["rounds"][0]["plan_ends"] = "steps"
    s = scripted(no_agreement)
    Cascade(Preset(**given), s.team)(question=QUESTION)
    assert s.large.requests[0].config.stop == (".\n\n", "!\n\n", "?\n\n", "```")
    with pytest.raises(CopeError, match="plan_ends"):
        parse_preset(
            {"name": "mine", "rounds": [{**given["rounds"][0], "plan_ends": "never"}]}, "mine"
        )


# What comes out


def test_the_prediction(scripted):
    s = scripted(no_agreement, prices={"small": Price(1e6, 1e6), "large": Price(2e6, 2e6)})
    prediction = Cascade("cope", s.team, early_stop="none")(question=QUESTION)
    assert json.loads(json.dumps(prediction.rounds)) == prediction.rounds
    assert [(r["round"], r["accepted"], r["asked"], r["threshold"]) for r in prediction.rounds] == [
        (1, False, 8, 0.75),
        (2, False, 8, 0.5),
        (3, True, 1, None),
    ]
    lines = {(line["tier"], line["round"], line["role"]): line for line in prediction.usage}
    assert {key: line["calls"] for key, line in lines.items()} == {
        ("large", 2, "plan"): 1,
        ("large", 3, "reason"): 1,
        ("small", 1, "plan"): 8,
        ("small", 1, "reason"): 8,
        ("small", 2, "reason"): 8,
    }
    tokens = {key: line["prompt_tokens"] + line["completion_tokens"] for key, line in lines.items()}
    assert prediction.cost == pytest.approx(
        sum(n * (2 if tier == "large" else 1) for (tier, *_), n in tokens.items())
    )
    assert prediction.seconds >= sum(made["seconds"] for made in prediction.rounds)
    assert all(
        sample["reasoning"].startswith("WORKINGS") for sample in prediction.rounds[0]["samples"]
    )


def test_a_cost_that_is_known_in_part_is_not_known(scripted):
    prices = {"large": Price(1, 1)}
    assert (
        Cascade("cope", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost is None
    )
    assert Cascade("large", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost > 0
    assert (
        Cascade("small", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost is None
    )


def test_the_same_seed_gives_the_same_prediction(scripted):
    def reply(ask: Any) -> str:
        return f"Plan {ask.seed}." if ask.role == "plan" else f"Answer: {(ask.seed or 0) % 3}"

    def run(seed: int) -> Any:
        made = Cascade("cope", scripted(reply).team, seed=seed, early_stop="none")(
            question=QUESTION
        )
        return made.answer, made.round, [(r["plan"], r["votes"], r["samples"]) for r in made.rounds]

    assert run(1) == run(1) and run(1) != run(2)


def test_what_is_observed(scripted):
    events: list[Any] = []
    threads = set()

    def observe(event: Any) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    with use_observer(observe):
        Cascade("cope", scripted(no_agreement).team, early_stop="none")(question=QUESTION)
    kinds = [type(event) for event in events]
    assert Counter(kinds) == {RoundStarted: 3, Planned: 9, SampleCounted: 17, RoundDecided: 3}
    assert kinds[0] is RoundStarted and kinds[-1] is RoundDecided and len(threads) == 1
    assert events[0] == RoundStarted(1, "small", "goal", "small", 8)
    judged = [event for event in events if isinstance(event, RoundDecided)]
    assert [j.reason for j in judged] == [
        "12% agree, 75% are needed",
        "12% agree, 50% are needed",
        "the last round answers",
    ]
    assert judged[0].plan in {event.plan for event in events if isinstance(event, Planned)}
    assert [event.votes for event in events if isinstance(event, SampleCounted)][-1] == {"3": 1}


def test_what_is_observed_when_sampling_stops(scripted):
    events: list[Any] = []
    in_turn = {"delay": lambda request: (request.config.seed or 0) % 13 / 1000}
    with use_observer(events.append):
        Cascade("answer-cascade", scripted(agreement, **in_turn).team)(question=QUESTION)
        Cascade("answer-cascade", scripted(no_agreement, **in_turn).team)(question=QUESTION)
        Cascade("large", scripted(lambda ask: "").team)(question=QUESTION)
    reasons = [event.reason for event in events if isinstance(event, RoundDecided)]
    assert reasons[0].endswith("agree, 75% are enough")
    assert "75% can not be reached" in reasons[1] or "75% are needed" in reasons[1]
    assert reasons[-2:] == ["the last round answers", "no answer could be read"]

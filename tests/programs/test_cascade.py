"""The cascade on scripted models: what each round asks whom, what it hands on, and where it may be called from."""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dspy
import pytest
from dspy.clients import execution
from dspy.lm15 import ContextLengthError, TransportError

from cope import Cascade, CopeError, Preset, load_preset, metered
from cope.models import Price
from cope.programs import preset_names
from cope.programs.events import Judged, Planned, RoundStarted, Voted, observed_by
from cope.programs.sampling import seed_of

QUESTION = "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total?"
PRESETS = preset_names()


def no_agreement(ask: Any) -> str:
    """Every small sample says something else, so that the question goes through all rounds."""
    if ask.role == "plan":
        return f"Goal {ask.seed}." if ask.tier == "small" else f"Guideline {ask.seed}."
    return f"WORKINGS {ask.seed}.\nAnswer: {100 + (ask.seed or 0)}" if ask.tier == "small" else "So.\nAnswer: 3"


def agreement(ask: Any) -> str:
    return f"Plan {ask.seed}." if ask.role == "plan" else "WORKINGS.\nAnswer: 3"


def by_index(answers: list[str], seed: int = 0, number: int = 1) -> Callable[[Any], str]:
    """Small's sample i of a round answers answers[i]; its plan says which it is. Large's guideline, then 99."""
    planned = {seed_of(seed, number, "plan", index): index for index in range(len(answers))}
    reasoned = {seed_of(seed, number, "reason", index): index for index in range(len(answers))}

    def reply(ask: Any) -> str:
        if ask.role == "plan":
            return f"Goal of {planned[ask.seed]}." if ask.tier == "small" else "Guideline."
        if ask.tier == "large":
            return "Answer: 99"
        return f"Answer: {answers[reasoned[ask.seed]]}" if ask.seed in reasoned else f"Answer: {ask.seed}"

    return reply


# What each round asks whom


def test_what_every_round_of_cope_is_asked(scripted):
    """The table of the paper's method, read off the requests."""
    s = scripted(no_agreement)
    prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
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
    assert {a.user for a in second} == {f"Question: {QUESTION}\n\nGoal: {plan_1}\n\nGuideline: {plan_2}"}

    assert (third.role, third.user) == ("reason", f"Question: {QUESTION}\n\nGuideline: {plan_2}")
    assert (third.temperature, third.seed) == (0.0, None)
    assert (prediction.answer, prediction.round, prediction.plan) == ("3", 3, plan_2)


@pytest.mark.parametrize("preset", PRESETS)
def test_only_plans_cross_a_round(scripted, preset: str):
    s = scripted(no_agreement)
    prediction = Cascade(preset, s.team, full_samples=True)(question=QUESTION)
    answers = {sample["answer"] for made in prediction.rounds for sample in made["samples"]}
    said = [a.system + a.user for a in s.asks]
    assert not any("WORKINGS" in text or "Answer: 1" in text for text in said)
    seeds = {plan.split()[1] for made in prediction.rounds for plan in [made["plan"] or "- -"]}
    assert not any(answer and len(answer) > 3 and answer in text for answer in answers - seeds for text in said)


@pytest.mark.parametrize("preset", PRESETS)
def test_samples_that_share_their_plans_share_every_byte(scripted, preset: str):
    s = scripted(no_agreement)
    program = Cascade(preset, s.team, full_samples=True)
    program(question=QUESTION)
    for round_ in program.rounds():
        system = s.team["small"].adapter.format_system_message(round_.reasoner.predict.signature)
        asked = [a.user for a in s.asks if a.system == system]
        assert len(asked) == round_.spec.samples
        assert len(set(asked)) == round_.spec.plans
    assert all(a.user.startswith(QUESTION) or a.user.startswith(f"Question: {QUESTION}\n\n") for a in s.asks)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_predictor_has_instructions_of_its_own(scripted, preset: str):
    texts = [p.signature.instructions for p in Cascade(preset, scripted(agreement).team).predictors()]
    assert len(set(texts)) == len(texts) >= 1


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("copied", [False, True])
def test_every_call_is_made_by_its_tier(scripted, preset: str, copied: bool):
    s = scripted(no_agreement)
    program = Cascade(preset, s.team, full_samples=True)
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
    assert Counter((c.tier, c.round, c.role) for c in meter.calls) == expected
    for tier, engine in (("small", s.small), ("large", s.large)):
        assert len(engine.requests) == sum(n for (t, _, _), n in expected.items() if t == tier)


def test_tiers_of_the_users_own_and_a_kind_of_plan_seen_twice(scripted):
    judge = scripted(lambda ask: "Guideline of the judge." if ask.role == "plan" else "Answer: 5")
    s = scripted(no_agreement, judge=judge.small)
    rounds = [
        {"planner": "large", "plan": "guideline", "reasoner": "small", "sees": [1], "samples": 2, "temperature": 1.0}
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


# The gate and the plan handed on


@pytest.mark.parametrize(
    ("answers", "round_", "confidence"),
    [
        (["3"] * 6 + ["4", "5"], 1, 6 / 8),
        (["3"] * 8, 1, 1.0),
        (["3"] * 5 + ["4", "5", "6"], 3, None),
        (["3"] * 6 + ["?", "?"], 1, 6 / 8),
        (["3", "3.0", "3 bolts", "$3$", "\\boxed{3}", "6/2", "4", "5"], 1, 6 / 8),
    ],
)
def test_six_of_eight_are_enough_in_the_first_round(scripted, answers: list[str], round_: int, confidence: float):
    s = scripted(by_index(answers))
    prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    assert prediction.round == round_
    assert confidence is None or prediction.confidence == confidence


def test_four_of_eight_are_enough_in_the_second_round(scripted):
    for agreeing, round_ in ((4, 2), (3, 3)):
        first = by_index([str(n) for n in range(8)])
        second = by_index(["3"] * agreeing + [str(n) for n in range(10, 18 - agreeing)], number=2)
        in_second = {seed_of(0, 2, "reason", index) for index in range(8)}
        s = scripted(lambda ask, a=first, b=second, c=in_second: (b if ask.seed in c else a)(ask))
        prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
        assert prediction.round == round_


def test_the_plan_handed_on_is_one_behind_the_majority_drawn_at_random_by_the_seed(scripted):
    answers = ["3", "4", "3", "3", "4", "5", "3", "6"]
    drawn: Counter[str] = Counter()
    first = load_preset("cope").rounds[0].model_dump()
    preset = Preset(name="mine", rounds=[first, {"reasoner": "large", "sees": [1]}])  # pyright: ignore[reportArgumentType]
    for seed in range(80):
        s = scripted(by_index(answers, seed))
        made = Cascade(preset, s.team, seed=seed)(question=QUESTION).rounds[0]
        drawn[made["plan"]] += 1
        if seed < 5:
            again = Cascade(preset, s.team, seed=seed)(question=QUESTION).rounds[0]
            assert again["plan"] == made["plan"]
    assert set(drawn) == {f"Goal of {index}." for index in (0, 2, 3, 6)}
    assert all(9 <= count <= 34 for count in drawn.values()), drawn  # 20 each, give or take


def test_a_plan_that_cannot_be_read(scripted):
    """The reasoner is told that there is none, and another supporter's plan is handed on."""
    reply = by_index(["3", "3", "3", "3", "4", "5", "6", "7"])
    silent = {seed_of(0, 1, "plan", index) for index in (0, 1, 2)}
    s = scripted(lambda ask: "" if ask.seed in silent else reply(ask))
    prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    first = [a.user for a in s.asks if a.role == "reason" and a.temperature == 0.4]
    assert sum(user.endswith("Goal: none") for user in first) == 3
    assert prediction.rounds[0]["plan"] == "Goal of 3."
    assert [sample["plan"] for sample in prediction.rounds[0]["samples"]][:3] == [None] * 3


def test_no_plan_at_all(scripted):
    s = scripted(lambda ask: "" if ask.role == "plan" else no_agreement(ask))
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert (prediction.answer, prediction.round, prediction.plan) == ("3", 3, None)
    assert s.asks[-1].user.endswith("Guideline: none")


# Samples that cannot be read


def test_replies_without_any_answer_are_samples_without_a_vote(scripted):
    s = scripted(by_index(["3"] * 6 + [" ", " "]))
    prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    assert (prediction.answer, prediction.confidence, prediction.votes) == ("3", 0.75, {"3": 6})


@pytest.mark.parametrize("adapter", ["lean", "chat", "json", "xml"])
def test_a_round_that_cannot_be_read_escalates(scripted, adapter: str):
    def reply(ask: Any) -> str:
        if ask.tier == "small":
            return ""
        good = {
            "lean": "So.\nAnswer: 3",
            "chat": "[[ ## reasoning ## ]]\nSo.\n[[ ## answer ## ]]\n3\n[[ ## completed ## ]]",
            "json": '{"reasoning": "So.", "answer": "3"}',
            "xml": "<reasoning>So.</reasoning><answer>3</answer>",
        }
        return good[adapter]

    prediction = Cascade("answer-cascade", scripted(reply, adapter=adapter).team)(question=QUESTION)
    assert (prediction.answer, prediction.round) == ("3", 3)
    assert [made["answer"] for made in prediction.rounds] == [None, None, "3"]


def test_if_the_last_round_cannot_be_read_either_there_is_no_answer(scripted):
    prediction = Cascade("cope", scripted(lambda ask: "").team)(question=QUESTION)
    assert (prediction.answer, prediction.confidence, prediction.round, prediction.votes) == (None, 0.0, 3, {})
    assert prediction.rounds[-1]["accepted"] is False


@pytest.mark.parametrize("question", ["", " ", "?" * 5000, "Wie viele Ballen? \u2014 \U0001f9f5", "{braces} %s \\n"])
def test_any_question_may_be_asked(scripted, question: str):
    assert Cascade("cope", scripted(agreement).team)(question=question).answer == "3"


# Stopping early


@pytest.mark.parametrize("preset", ["cope", "answer-cascade", "self-consistency"])
def test_stopping_early_answers_as_all_samples_do(scripted, preset: str):
    """Random answers and random times; some rounds agree and some do not."""
    saved = 0
    for seed in range(12):
        chance = random.Random(seed)
        spread = chance.choice((1, 2, 3, 8))
        times = random.Random(seed)

        def reply(ask: Any, seed=seed, spread=spread) -> str:
            if ask.role == "plan":
                return f"Plan {ask.seed}."
            roll = random.Random(f"{seed} {ask.seed} {ask.tier}")
            return "" if roll.random() < 0.1 else f"Answer: {roll.randrange(spread)}"

        runs = []
        for full in (False, True):
            s = scripted(reply, delay=lambda request, times=times: times.random() / 200)
            runs.append(Cascade(preset, s.team, seed=seed, full_samples=full)(question=QUESTION))
        early, full = runs
        assert (early.answer, early.round) == (full.answer, full.round)
        assert [r["accepted"] for r in early.rounds] == [r["accepted"] for r in full.rounds]
        handed = load_preset(preset).hands_on
        for a, b in zip(early.rounds, full.rounds, strict=True):
            assert a["accepted"] or not handed(a["round"]) or a["plan"] == b["plan"]
        saved += sum(b["asked"] - a["asked"] for a, b in zip(early.rounds, full.rounds, strict=True))
    assert saved > 0


def test_requests_that_are_not_needed_are_cancelled_at_the_engine(scripted):
    slow = {seed_of(0, 1, "reason", index) for index in (2, 5)}
    s = scripted(agreement, delay=lambda request: 30 if request.config.seed in slow else 0.001)
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert (prediction.answer, prediction.round, prediction.confidence) == ("3", 1, 0.75)
    assert s.small.cancelled == 2 and s.small.running == 0 and prediction.seconds < 10
    reasons = next(line for line in prediction.usage if line["role"] == "reason")
    assert (reasons["calls"], reasons["cancelled"]) == (8, 2)
    words = len(s.asks[-1].system.split()) + len(s.asks[-1].user.split())
    assert reasons["prompt_tokens"] == 8 * words and reasons["completion_tokens"] == 6 * 3


def test_a_shared_plan_needs_no_vote_to_be_handed_on(scripted):
    """Round 2 of cope: once four of eight cannot agree any more, the rest is left, whoever leads."""
    slow = {seed_of(0, 2, "reason", index) for index in (0, 4)}
    s = scripted(no_agreement, delay=lambda request: 30 if request.config.seed in slow else 0.0)
    prediction = Cascade("cope", s.team)(question=QUESTION)
    assert [made["asked"] for made in prediction.rounds] == [8, 6, 1]
    assert prediction.rounds[1]["plan"].startswith("Guideline") and s.small.cancelled == 2


# Concurrency


def test_all_samples_are_in_flight_together(scripted):
    s = scripted(no_agreement, delay=0.02)
    Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    assert s.small.most_running == 8


@pytest.mark.parametrize("limit", [1, 3])
def test_up_to_the_limit_of_the_tier(scripted, limit: int):
    s = scripted(agreement, delay=0.002, limits={"small": limit})
    Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    assert s.small.most_running == limit


def test_the_limit_holds_for_several_questions_and_loops(scripted):
    s = scripted(agreement, delay=0.003, limits={"small": 4})
    cascade = Cascade("cope", s.team, full_samples=True)

    async def some(count: int) -> list[dspy.Prediction]:
        return await asyncio.gather(*(cascade.acall(question=f"{n}?") for n in range(count)))

    with ThreadPoolExecutor(3) as pool:
        made = [p for group in pool.map(lambda _: asyncio.run(some(3)), range(3)) for p in group]
        made += pool.map(lambda n: cascade(question=f"{n}?"), range(3))
    assert [p.answer for p in made] == ["3"] * 12
    assert s.small.most_running == 4


def test_in_dspys_evaluate_with_threads(scripted):
    s = scripted(agreement, delay=0.002, limits={"small": 5})
    devset = [dspy.Example(question=f"{n}?", answer="3").with_inputs("question") for n in range(8)]
    evaluate = dspy.Evaluate(
        devset=devset, metric=lambda example, made, trace=None: made.answer == example.answer, num_threads=4
    )
    result = evaluate(Cascade("cope", s.team, full_samples=True))
    assert result.score == 100.0
    assert s.small.most_running == 5 and len(s.small.requests) == 8 * 16
    # Each question's usage is its own, though they ran side by side.
    assert [sum(line["calls"] for line in made.usage) for _, made, _ in result.results] == [16] * 8


def test_in_a_running_loop(scripted):
    cascade = Cascade("cope", scripted(agreement).team)

    async def cell() -> list[Any]:
        return [cascade(question=QUESTION).answer, (await cascade.acall(question=QUESTION)).answer]

    assert asyncio.run(cell()) == ["3", "3"]


def test_inside_a_users_program(scripted):
    cascade = Cascade("small", scripted(agreement).team)

    class Twice(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cascade = cascade

        def forward(self, question: str) -> dspy.Prediction:
            first = self.cascade(question=question)
            return self.cascade(question=f"{question} {first.answer}")

    program = Twice()
    assert program(question="?").answer == "3"
    with dspy.context(lm=None):
        assert (
            dspy.Parallel(num_threads=2, disable_progress_bar=True)([(program, {"question": "?"})] * 3)[2].answer == "3"
        )


def test_questions_meter_and_observe_for_themselves(scripted):
    s = scripted(agreement, delay=0.002)
    cascade = Cascade("cope", s.team, full_samples=True)
    seen: dict[str, list[Any]] = {}

    def ask(question: str) -> dspy.Prediction:
        with observed_by(seen.setdefault(question, []).append):
            return cascade(question=question)

    with ThreadPoolExecutor(4) as pool, metered() as nothing:
        made = list(pool.map(ask, map(str, range(4))))
    assert all(sum(line["calls"] for line in p.usage) == 16 for p in made)
    assert all(sum(isinstance(e, Voted) for e in events) == 8 for events in seen.values()) and len(seen) == 4
    assert nothing.calls == []  # the pool's threads are not in this context


# Errors


def failing(error: Exception, index: int = 3) -> Callable[[Any], str]:
    seed = seed_of(0, 1, "reason", index)

    def reply(ask: Any) -> str:
        if ask.seed == seed:
            raise error
        return agreement(ask)

    return reply


@pytest.mark.parametrize(
    ("error", "seen", "attempts"),
    [
        (TransportError("no answer"), dspy.LMTransportError, 4),
        (ContextLengthError("too long"), dspy.ContextWindowExceededError, 1),
        (CopeError("bring it with a command"), dspy.LMError, 1),
    ],
)
def test_a_model_that_fails_is_an_error_and_never_an_answer(
    scripted, monkeypatch: pytest.MonkeyPatch, error: Exception, seen: type[Exception], attempts: int
):
    monkeypatch.setattr(execution, "_delay", lambda error, attempt: 0.0)
    bad = seed_of(0, 1, "reason", 3)
    s = scripted(failing(error), delay=lambda r: 0.01 if r.config.seed == bad or r.config.temperature == 0.8 else 30)
    with pytest.raises(seen) as caught:
        Cascade("cope", s.team)(question=QUESTION)
    assert caught.value.__cause__ is error
    assert sum(request.config.seed == bad for request in s.small.requests) == attempts
    assert s.small.cancelled == 7 and s.small.running == 0


def test_a_failure_of_a_planner(scripted):
    s = scripted(lambda ask: 1 / 0 if ask.role == "plan" and ask.tier == "large" else no_agreement(ask))
    with pytest.raises(dspy.LMError, match="division by zero"):
        Cascade("cope", s.team)(question=QUESTION)


def test_a_cancelled_question_cancels_its_requests(scripted):
    s = scripted(agreement, delay=30)

    async def scene() -> None:
        task = asyncio.ensure_future(Cascade("cope", s.team).acall(question=QUESTION))
        while s.small.running < 8:
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    assert s.small.cancelled == 8 and s.small.running == 0


# What comes out


def test_the_prediction(scripted):
    s = scripted(no_agreement, prices={"small": Price(1e6, 1e6), "large": Price(2e6, 2e6)})
    prediction = Cascade("cope", s.team, full_samples=True)(question=QUESTION)
    assert json.loads(json.dumps(prediction.rounds)) == prediction.rounds
    assert [(r["round"], r["accepted"], r["asked"], r["threshold"]) for r in prediction.rounds] == [
        (1, False, 8, 0.75), (2, False, 8, 0.5), (3, True, 1, None),
    ]  # fmt: skip
    lines = {(line["tier"], line["round"], line["role"]): line for line in prediction.usage}
    assert {key: line["calls"] for key, line in lines.items()} == {
        ("large", 2, "plan"): 1, ("large", 3, "reason"): 1,
        ("small", 1, "plan"): 8, ("small", 1, "reason"): 8, ("small", 2, "reason"): 8,
    }  # fmt: skip
    tokens = {key: line["prompt_tokens"] + line["completion_tokens"] for key, line in lines.items()}
    assert prediction.cost == pytest.approx(sum(n * (2 if tier == "large" else 1) for (tier, *_), n in tokens.items()))
    assert prediction.seconds >= sum(made["seconds"] for made in prediction.rounds)
    assert all(sample["reasoning"].startswith("WORKINGS") for sample in prediction.rounds[0]["samples"])


def test_a_cost_that_is_known_in_part_is_not_known(scripted):
    prices = {"large": Price(1, 1)}
    assert Cascade("cope", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost is None
    assert Cascade("large", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost > 0
    assert Cascade("small", scripted(no_agreement, prices=prices).team)(question=QUESTION).cost is None


def test_the_same_seed_gives_the_same_prediction(scripted):
    def reply(ask: Any) -> str:
        return f"Plan {ask.seed}." if ask.role == "plan" else f"Answer: {(ask.seed or 0) % 3}"

    def run(seed: int) -> Any:
        made = Cascade("cope", scripted(reply).team, seed=seed, full_samples=True)(question=QUESTION)
        return made.answer, made.round, [(r["plan"], r["votes"], r["samples"]) for r in made.rounds]

    assert run(1) == run(1) and run(1) != run(2)


def test_what_is_observed(scripted):
    events: list[Any] = []
    threads = set()

    def observe(event: Any) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    with observed_by(observe):
        Cascade("cope", scripted(no_agreement).team, full_samples=True)(question=QUESTION)
    kinds = [type(event) for event in events]
    assert Counter(kinds) == {RoundStarted: 3, Planned: 9, Voted: 17, Judged: 3}
    assert kinds[0] is RoundStarted and kinds[-1] is Judged and len(threads) == 1
    assert events[0] == RoundStarted(1, "small", "goal", "small", 8)
    judged = [event for event in events if isinstance(event, Judged)]
    assert [j.reason for j in judged] == [
        "12% agree, 75% are needed",
        "12% agree, 50% are needed",
        "the last round answers",
    ]
    assert judged[0].plan in {event.plan for event in events if isinstance(event, Planned)}
    assert [event.votes for event in events if isinstance(event, Voted)][-1] == {"3": 1}


def test_what_is_observed_when_sampling_stops(scripted):
    events: list[Any] = []
    in_turn = {"delay": lambda request: (request.config.seed or 0) % 13 / 1000}
    with observed_by(events.append):
        Cascade("answer-cascade", scripted(agreement, **in_turn).team)(question=QUESTION)
        Cascade("answer-cascade", scripted(no_agreement, **in_turn).team)(question=QUESTION)
        Cascade("large", scripted(lambda ask: "").team)(question=QUESTION)
    reasons = [event.reason for event in events if isinstance(event, Judged)]
    assert reasons[0].endswith("agree, 75% are enough")
    assert "75% can not be reached" in reasons[1] or "75% are needed" in reasons[1]
    assert reasons[-2:] == ["the last round answers", "no answer could be read"]

"""DSPy's optimizers copy programs and learn from traces: the tiers stay, and what is learned is the vote's winner."""

from collections import Counter
from typing import Any

import dspy
import pytest
from dspy.teleprompt import (
    COPRO,
    BootstrapFewShot,
    BootstrapFewShotWithRandomSearch,
    LabeledFewShot,
)
from support.cascade_replies import PRESETS
from support.sweeps import sweep

from cope import Cascade, metered
from cope.models import Ledger, use_ledger
from cope.programs.sampling import derive_seed

TRAINSET = [
    dspy.Example(question=f"What is {n} + {n}?", answer=str(2 * n)).with_inputs("question")
    for n in range(3)
]


def right(example: Any, prediction: Any, trace: Any = None) -> bool:
    return prediction.answer == example.answer


def doubling(ask: Any) -> str:
    """Most samples double the number in the question; every fourth does not. Large always does."""
    question = ask.user.split("\n\n")[0].removeprefix("Question: ")
    if "Proposed" in ask.system or not question.startswith("What is "):
        return "Solve it."
    if ask.role == "plan":
        return f"Plan {ask.seed} for {question}"
    number = int(question.split()[2])
    wrong = ask.tier == "small" and (ask.seed or 1) % 4 == 0
    return f"Steps {ask.seed}.\nAnswer: {number if wrong and number else 2 * number}"


def tiers_of(program: Cascade) -> Counter[tuple[str, str]]:
    """Who was asked for what in one question that no vote settles."""
    with metered() as meter:
        program(question="What is 7 + 7?")
    return Counter((call.tier, call.role) for call in meter.calls)


def expected(program: Cascade) -> Counter[tuple[str, str]]:
    count: Counter[tuple[str, str]] = Counter()
    for spec in program.preset.rounds:
        if spec.planner:
            count[spec.planner, "plan"] += spec.plans
        count[spec.reasoner, "reason"] += spec.samples
    return count


def through_all_rounds(ask: Any) -> str:
    """As `doubling`, but no two small samples agree on 7 + 7."""
    if ask.tier == "small" and ask.role == "reason" and "What is 7 + 7?" in ask.user:
        return f"Answer: {1000 + (ask.seed or 0)}"
    return doubling(ask)


OPTIMIZERS: dict[str, Any] = {
    "reset_copy": lambda program: program.reset_copy(),
    "deepcopy": lambda program: program.deepcopy(),
    "LabeledFewShot": lambda program: LabeledFewShot(k=2).compile(program, trainset=TRAINSET),
    "BootstrapFewShot": lambda program: BootstrapFewShot(
        metric=right, max_bootstrapped_demos=2, max_labeled_demos=0
    ).compile(program, trainset=TRAINSET),
    "BootstrapFewShotWithRandomSearch": lambda program: BootstrapFewShotWithRandomSearch(
        metric=right,
        max_bootstrapped_demos=1,
        max_labeled_demos=1,
        num_candidate_programs=1,
        num_threads=2,
    ).compile(program, trainset=TRAINSET[:2]),
}


@sweep("optimizer", OPTIMIZERS, every=3)
@pytest.mark.parametrize("preset", ["cope", "self-plan"])
def test_every_call_stays_on_its_tier(scripted, preset: str, optimizer: str):
    s = scripted(through_all_rounds)
    outside = scripted(lambda ask: pytest.fail("a call left its tier"))
    with dspy.context(lm=outside.team["small"].lm):
        program = OPTIMIZERS[optimizer](Cascade(preset, s.team, early_stop="none"))
        assert isinstance(program, Cascade) and program.team is s.team
        assert tiers_of(program) == expected(program)
    assert all(predictor.lm is None for predictor in program.predictors())


@sweep("preset", PRESETS, every=4)
def test_every_preset_can_be_bootstrapped(scripted, preset: str):
    s = scripted(doubling)
    program = OPTIMIZERS["BootstrapFewShot"](Cascade(preset, s.team))
    assert any(predictor.demos for predictor in program.predictors())
    assert program(question="What is 5 + 5?").answer == "10"


def test_an_instruction_optimizer_keeps_the_tiers_and_changes_the_words(scripted):
    proposal = (
        "[[ ## proposed_instruction ## ]]\nAdd with care.\n\n"
        "[[ ## proposed_prefix_for_output_field ## ]]\nAnswer:\n\n[[ ## completed ## ]]"
    )
    s, writer = scripted(doubling), scripted(lambda ask: proposal)

    def careful(example: Any, prediction: Any, trace: Any = None) -> float:
        return float("Add with care." in str(s.small.requests[-1].system))

    with dspy.context(lm=writer.team["large"].lm):
        program = COPRO(
            metric=careful, breadth=2, depth=1, prompt_model=writer.team["large"].lm
        ).compile(
            Cascade("small", s.team),
            trainset=TRAINSET[:1],
            eval_kwargs={"num_threads": 1, "display_progress": False},
        )
    assert program.round_1.reasoner.predict.signature.instructions == "Add with care."
    assert tiers_of(program) == expected(program) and s.large.requests == []


def test_labelled_examples_are_shown_to_the_reasoners(scripted):
    s = scripted(doubling)
    program = LabeledFewShot(k=1).compile(Cascade("small", s.team), trainset=TRAINSET)
    program(question="What is 5 + 5?")
    roles = [message.role for message in s.small.requests[-1].messages]
    assert roles == ["user", "assistant", "user"]
    assert s.small.requests[-1].messages[1].parts[0].text.startswith("Answer: ")


# What is learned


def test_the_trace_holds_the_winners_calls_and_no_others(scripted):
    s = scripted(doubling)
    program = Cascade("cope", s.team, early_stop="none")
    with dspy.context(trace=[]):
        prediction = program(question="What is 3 + 3?")
        trace = dspy.settings.trace
    assert prediction.round == 1 and prediction.answer == "6"
    (planner, asked, plan), (reasoner, shown, solution) = trace
    assert (
        planner is program.round_1.planner.predict and reasoner is program.round_1.reasoner.predict
    )
    assert (
        asked["question"] == shown["question"] == "What is 3 + 3?"
        and shown["goal"] == plan.goal == prediction.plan
    )
    assert solution.answer == "6"
    winner = prediction.rounds[0]["supporters"][0]
    assert plan.goal.startswith(f"Plan {derive_seed(0, 1, 'plan', winner)} ")
    assert solution.reasoning == f"Steps {derive_seed(0, 1, 'reason', winner)}."


def test_of_a_question_through_all_rounds_the_trace_holds_the_last_rounds_winner_and_the_plan_it_saw(
    scripted,
):
    s = scripted(through_all_rounds)
    program = Cascade("cope", s.team, early_stop="none")
    with dspy.context(trace=[]):
        program(question="What is 7 + 7?")
        names = {id(predictor): name for name, predictor in program.named_predictors()}
        seen = [names[id(predictor)] for predictor, _, _ in dspy.settings.trace]
    assert seen == ["round_2.planner.predict", "round_3.reasoner.predict"]


def test_without_a_winner_only_the_shared_plan_is_traced(scripted):
    s = scripted(lambda ask: "Plan." if ask.role == "plan" else "")
    program = Cascade("plan-then-solve", s.team)
    with dspy.context(trace=[]):
        assert program(question="?").answer is None
        assert [predictor for predictor, *_ in dspy.settings.trace] == [
            program.round_1.planner.predict
        ]


def test_no_trace_where_none_is_wanted(scripted):
    program = Cascade("cope", scripted(doubling).team)
    with dspy.context(trace=None):
        assert program(question="What is 3 + 3?").answer == "6"


def test_demonstrations_come_from_the_votes_winner(scripted):
    """The first sample to come in is wrong, and outvoted: it must not be learned from."""
    s = scripted(
        doubling, delay=lambda request: 0.0 if (request.config.seed or 1) % 4 == 0 else 0.003
    )
    program = OPTIMIZERS["BootstrapFewShot"](Cascade("cope", s.team, early_stop="none"))
    reasoner, planner = program.round_1.reasoner.predict, program.round_1.planner.predict
    assert len(reasoner.demos) == len(planner.demos) == 2
    for plan, solution in zip(planner.demos, reasoner.demos, strict=True):
        (example,) = [e for e in TRAINSET if e.question == solution.question == plan.question]
        assert solution.answer == example.answer and solution.augmented
        assert solution.goal == plan.goal
        plans = {
            f"Plan {derive_seed(0, 1, 'plan', i)} for {plan.question}": derive_seed(
                0, 1, "reason", i
            )
            for i in range(8)
        }
        assert solution.reasoning == f"Steps {plans[plan.goal]}."
    before = len(s.small.requests)
    program(question="What is 9 + 9?")
    shown = [request for request in s.small.requests[before:] if len(request.messages) == 5]
    assert len(shown) == 16  # two demonstrations in every request


def test_what_dspys_threads_ask_is_metered_and_recorded(scripted, tmp_path):
    """Evaluate and the optimizers work in threads of their own, which carry DSPy's settings only."""
    s = scripted(doubling)
    program = Cascade("small", s.team)
    score = dspy.Evaluate(devset=TRAINSET, metric=right, num_threads=3, display_progress=False)
    ledger = Ledger(tmp_path / "calls.jsonl")
    with metered() as meter, use_ledger(ledger):
        first = score(program).score
    assert meter.total().calls == len(s.small.requests) == 3
    with metered() as again, use_ledger(ledger):
        assert score(program).score == first
    assert len(s.small.requests) == 3 and all(call.from_ledger for call in again.calls)


def test_the_walk_for_predictors_leaves_out_the_calls_made_before():
    """A compile asks for them at each question, and each call of it is an entry of every history."""

    class Unvisited(list[Any]):
        def __iter__(self) -> Any:
            raise AssertionError("the walk visits the history")

    program = Cascade("cope")
    found = dspy.Module.named_parameters(program)
    for module in (program, program.round_1, program.round_1.planner, program.round_1.reasoner):
        module.history = Unvisited()
    assert program.named_parameters() == found and len(found) == 5

"""Splits, candidates, feedback, the check that prompts fit, the metric, and rounds that are kept."""

from pathlib import Path
from typing import Any

import dspy
import pytest
from support.compile_world import TRAIN, World, question, rows, score

from cope import Cascade, CopeError
from cope.eval import Score
from cope.models import Ledger
from cope.optimize import split
from cope.optimize.compiler.candidates import Candidate, CandidatePool
from cope.optimize.compiler.feedback import write_feedback
from cope.optimize.compiler.metric import Metric
from cope.optimize.compiler.preflight import check_context_window
from cope.optimize.compiler.prompts import prompt_state
from cope.optimize.compiler.result import prompt_settings_of
from cope.optimize.compiler.session import CompileSession
from cope.optimize.compiler.student import Student

# Splits


def test_equal_questions_are_left_out_and_counted():
    again = rows([3])[0].copy(question="  what is 3 +  3?")
    splits = split([*rows(range(6)), again, *rows([5])], [*rows([2]), *rows(range(10, 14))])
    assert (
        splits.duplicates == 3
    )  # two of the training pool, and one of validation that is in training
    assert sorted(row.answer for row in splits.train) == ["0", "10", "2", "4", "6", "8"]
    assert {row.answer for row in splits.val} == {"20", "22", "24", "26"}
    assert "; 3 duplicates left out" in splits.summary


def test_splits_of_one_pool_are_disjoint_and_the_same_for_the_same_seed():
    one, same, other = (split(rows(range(30)), None, seed=seed) for seed in (1, 1, 2))
    assert (len(one.train), len(one.val)) == (20, 10)
    assert not set(one.question_fingerprints()["train"]) & set(one.question_fingerprints()["val"])
    assert one.as_dict() == same.as_dict() != other.as_dict()
    assert (
        one.question_fingerprints() == same.question_fingerprints()
        and len(set(one.question_fingerprints()["train"])) == 20
    )


def test_fingerprints_follow_the_questions_and_not_their_order():
    here, there = (
        split(rows(range(8)), rows(range(8, 12)), seed=1),
        split(rows(range(8)), rows(range(8, 12)), seed=5),
    )
    assert here.fingerprint("train") == there.fingerprint("train") != here.fingerprint("val")


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ((25, 6), "25 questions to train on and 6 to validate with are more than the 30"),
        ((None, 31), "more than the 30"),
    ],
)
def test_more_than_there_is_cannot_be_drawn(sizes: tuple[Any, Any], words: str):
    with pytest.raises(CopeError, match=words):
        split(rows(range(30)), None, *sizes)
    with pytest.raises(CopeError, match="the validation split has 2 different questions, not 3"):
        split(rows(range(30)), rows([40, 41]), 5, 3)


# Candidates


def with_scores(*points: tuple[float, int]) -> CandidatePool:
    """Candidates by accuracy on two validation questions and tokens of the large tier."""
    found = CandidatePool(["a", "b"])
    for number, (accuracy, tokens) in enumerate(points):
        found.register(str(number), {}, 0)
        for key, value in zip("ab", {0.0: (0, 0), 0.5: (0, 1), 1.0: (1, 1)}[accuracy], strict=True):
            found.add_score(str(number), key, value, tokens, tokens)
    return found


def test_the_frontier_holds_what_nothing_beats_in_both():
    found = with_scores((0.5, 10), (0.5, 30), (1.0, 40), (0.0, 0), (1.0, 40), (0.5, 10))
    assert [candidate.number for candidate in found.pareto_front()] == [3, 0, 2]
    assert [candidate.number for candidate in found.fully_evaluated()] == [2, 4, 0, 1, 5, 3]


def test_refused_and_half_asked_candidates_are_no_choice():
    found = with_scores((0.5, 10))
    found.register("refused", {}, 0, "too long")
    found.register("half", {}, 0)
    for name, keys in (("refused", "ab"), ("half", "a")):
        for key in keys:
            found.add_score(name, key, 1.0, 0, 0)
    assert (
        [candidate.number for candidate in found.fully_evaluated()]
        == [candidate.number for candidate in found.pareto_front()]
        == [0]
    )


def test_the_promising_one_gained_most_on_what_it_was_asked():
    found = with_scores((0.5, 10))  # right on b alone
    base = found["0"]
    assert found.most_promising(base) is None
    for name, asked in (
        ("worse", {"b": 0.0, "c": 1.0}),
        ("lucky", {"a": 1.0}),
        ("better", {"a": 1.0, "c": 1.0, "d": 1.0}),
    ):
        found.register(name, {}, 0)
        for key, value in asked.items():
            found.add_score(name, key, value, 0, 0)
    best: Candidate | None = found.most_promising(base)
    assert best is found["better"]


# Feedback


def row(**changes: Any) -> dict[str, Any]:
    sample = {"index": 0, "plan": None, "answer": "7", "reasoning": "So."}
    usual = {
        "round": 1,
        "asked": 1,
        "samples": [sample],
        "votes": {"7": 1},
        "accepted": True,
        "plan": None,
    }
    return {**usual, **changes}


WRONG = Score(0.0, "7 is wrong. The right answer is 8.")
UNREAD = [{"index": 0, "plan": "Add.", "answer": None, "reasoning": ""}]
FAILED = [{"test": "assert f(1) == 2", "passed": False, "message": "it gave 3"}]
TESTED = [{"index": 0, "plan": None, "answer": "def f(x): ...", "tests": FAILED}]


@pytest.mark.parametrize(
    ("rounds", "predictor", "words"),
    [
        ([row()], None, "7 is wrong. The right answer is 8. Round 1 answered."),
        (
            [row(asked=5, votes={"7": 3, "9": 2})],
            None,
            "Round 1: 5 samples, votes: 3 for 7, 2 for 9.",
        ),
        (
            [row(asked=2, votes={"7": 1, "9": 1})],
            "round_1.reasoner.predict",
            "Samples of the same prompt disagree",
        ),
        (
            [row(samples=UNREAD, votes={})],
            "round_1.reasoner.predict",
            "The reply could not be read",
        ),
        (
            [row(samples=UNREAD, votes={})],
            None,
            "1 of its replies held no answer that could be read.",
        ),
        (
            [row(samples=TESTED, accepted=False)],
            None,
            "A visible test failed: assert f(1) == 2: it gave 3",
        ),
        (
            [row(plan="Here is the plan:")],
            "round_1.planner.predict",
            "The plan announces something and then ends",
        ),
        ([row(plan="Add.", asked=3, votes={"7": 3})], "round_1.planner.predict", "it leads astray"),
        (
            [row(plan="Add.")],
            "round_1.planner.predict",
            "The solution made with this plan is wrong.",
        ),
        ([row()], "round_1.planner.predict", "The plan could not be read"),
    ],
)
def test_feedback_says_what_went_wrong(rounds: list[Any], predictor: str | None, words: str):
    said = write_feedback(
        WRONG, dspy.Prediction(rounds=rounds, round=rounds[-1]["round"]), predictor
    )
    assert words in said and said.startswith("7 is wrong. The right answer is 8.")


def test_a_round_that_did_not_run_gives_no_feedback_of_its_own():
    prediction = dspy.Prediction(rounds=[row(asked=5, votes={"7": 3, "9": 2})], round=1)
    assert write_feedback(WRONG, prediction, "round_3.reasoner.predict") == WRONG.feedback
    assert write_feedback(WRONG, None, None) == WRONG.feedback


# Prompts that fit


def test_a_prompt_that_does_not_fit_is_refused_without_a_call():
    world = World()
    world.small.context = 600
    check = check_context_window([question(1), "x" * 400])
    session, student = student_in(world, "plan-then-solve", reject_reason=check)
    assert session.register_candidate(student).reject_reason is None
    long = student.deepcopy()
    long.round_1.reasoner.predict.demos = [dspy.Example(question="y" * 1000, answer="1")]
    candidate = session.register_candidate(long)
    assert "do not fit small's context of 600" in str(candidate.reject_reason)
    with session.stage():
        prediction = long(question=question(1))
    assert (
        prediction.answer is None
        and prediction.refused == candidate.reject_reason
        and world.asked == 0
    )
    assert (
        Metric(score, session).score(TRAIN[1], prediction) == 0.0
        and session.candidates.fully_evaluated() == []
    )


def student_in(
    world: World, preset: str, path: Path | None = None, **more: Any
) -> tuple[CompileSession, Student]:
    program = Cascade(preset, world.team)
    session = CompileSession([], folder=path, **more)
    return session, Student(program, session, [name for name, _ in program.named_predictors()])


# The metric, and rounds that are kept


def test_what_an_answer_is_worth():
    metric = Metric(score, CompileSession([]), "cost")
    metric.baseline_tokens = 100.0
    assert [metric.objective_value(1.0, used) for used in (0, 50, 100, 900)] == [
        1.0,
        0.75,
        0.5,
        0.5,
    ]
    assert metric.objective_value(0.0, 0) == 0.0 and metric.min_value_if_correct == 0.5
    assert Metric(score, CompileSession([])).objective_value(1.0, 900) == 1.0


def test_copies_with_other_prompts_leave_the_one_they_come_from():
    """Copies share DSPy's signature classes, into which InferRules writes."""
    _, student = student_in(World(), "small")
    before = prompt_state(student)
    other = {name: {"instructions": "Other words.", "demos": []} for name in before}
    assert prompt_state(student.with_state(other)) == other and prompt_state(student) == before


def test_a_round_is_asked_once_and_gives_the_same_ever_after(tmp_path: Path):
    """Also in another process; settings that change its outcome make it another round."""
    first = World()
    session, student = student_in(first, "cope", tmp_path)
    with session.stage():
        told = student(question=question(1))
        again = student(question=question(1))
    asked = first.asked
    assert asked and [r["samples"] for r in again.rounds] == [r["samples"] for r in told.rounds]
    assert [row["calls"] for row in again.usage] == [row["calls"] for row in told.usage]
    session.close()
    second = World()
    session, student = student_in(second, "cope", tmp_path)
    with session.stage(), dspy.context(trace=[]):
        restored = student(question=question(1))
        trace = [predict for predict, *_ in dspy.settings.trace]
    assert second.asked == 0 and restored.answer == told.answer
    assert trace == [student.round_2.planner.predict, student.round_3.reasoner.predict]
    assert session.guard.used.calls >= asked > 0 and isinstance(session.ledger, Ledger)
    session.close()
    longer = World(max_tokens=99)
    session, student = student_in(longer, "cope", tmp_path)
    with session.stage():
        student(question=question(1))
    assert longer.asked > 0
    session.close()


def test_every_rollout_is_asked_anew_and_known_when_it_comes_again(tmp_path: Path):
    """What an optimizer learns from are outcomes that differ."""
    world = World()
    session, student = student_in(world, "small", tmp_path)
    answers: dict[Any, str] = {}

    def asked_by(rollout: int | None) -> int:
        before, lm = world.asked, world.team["small"].lm
        with (
            session.stage(),
            dspy.context(lm=lm if rollout is None else lm.copy(rollout_id=rollout)),
        ):
            answers[rollout] = student(question=question(1)).answer
        return world.asked - before

    assert [asked_by(rollout) for rollout in (None, 1, 2, 1, None, 2)] == [1, 1, 1, 0, 0, 0]
    assert len(set(answers.values())) == 3, "guesses depend on the seed"
    session.close()


def test_programs_that_draw_by_other_seeds_share_no_round(tmp_path: Path):
    asked = []
    for seed in (0, 7, 7):
        world, session = World(), CompileSession([], folder=tmp_path)
        program = Cascade("answer-cascade", world.team, seed=seed)
        student = Student(program, session, [name for name, _ in program.named_predictors()])
        with session.stage():
            student(question=question(1))
        asked.append(world.asked)
        session.close()
    assert asked[0] and asked[1] and not asked[2]


@pytest.mark.parametrize("adapter", ["lean", "chat", "json", "xml"])
def test_a_program_says_how_it_is_asked(adapter: str):
    world = World(adapter=adapter, max_tokens=99)
    assert prompt_settings_of(Cascade("cope", world.team)) == {"adapter": adapter, "max_tokens": 99}
    world.small.context = world.large.context = 600
    assert prompt_settings_of(Cascade("cope", world.team))["context"] == 600
    world.large.context = 4096
    assert "context" not in prompt_settings_of(Cascade("cope", world.team)), (
        "the tiers are not asked alike"
    )

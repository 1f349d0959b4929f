"""The results of several seeds together."""

from dataclasses import replace

from support.question_results import records_of

from cope.eval.run.repeats import combine_repeats


def test_questions_without_a_result_of_every_seed_are_left_out():
    found = combine_repeats({0: records_of([1, 1, 0, None]), 1: records_of([1, 0, 0, 1])})
    assert found.found is not None and found.found.questions == 3
    assert found.unstable == ("1",) and found.seeds == (0, 1)
    assert found.as_dict()["pass_hat"] == {"1": 0.5, "2": 1 / 3}
    assert "2 seeds (66.7%, 33.3%): accuracy 50.0%, pass^2 33.3%" in found.text
    assert found.metrics()["repeats.unstable"] == 1 / 3


def test_a_question_in_another_order_is_the_same_question():
    rows = records_of([1, 0, 1])
    found = combine_repeats({3: rows, 4: rows[::-1]})
    assert found.unstable == () and found.found is not None and found.found.unstable == 0


def test_one_seed_and_no_common_question_have_no_figures():
    assert combine_repeats({0: records_of([1])}).found is None
    apart = combine_repeats({0: records_of([1]), 1: records_of([1], first=5)})
    assert apart.found is None and apart.metrics() == {}
    assert apart.text == "2 seeds: no question was answered with each of them"
    unscored = [replace(row, score=None) for row in records_of([1, 1])]
    assert combine_repeats({0: unscored, 1: unscored}).found is None

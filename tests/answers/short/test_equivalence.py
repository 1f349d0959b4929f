r"""Equality of answers as mathematics, and the classes it makes."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, strategies as st
from support.sweeps import sweep

from cope.answers.short.equivalence import equal, equal_by_normal_form, group_equal

EQUAL = [
    (r"\frac{\sqrt{5}}{5}", r"\frac{1}{\sqrt{5}}"),
    (r"\frac{\sqrt{5}}{5}", "1/sqrt(5)"),
    ("2*sqrt(7)", r"\sqrt{28}"),
    ("7√2", r"7\sqrt{2}"),
    ("x^2 + 2x + 1", "(x+1)^2"),
    ("x**2 + 2*x + 1", "1 + 2x + x^2"),
    ("0.5x", r"\frac{x}{2}"),
    ("5 - 3i", "-3i + 5"),
    (r"\left(2, \frac{\pi}{3}\right)", "(2, pi/3)"),
    (r"\left(2, \frac{\pi}{3}\right)", r"2, \frac{\pi}{3}"),
    ("(4, 9)", "4, 9"),
    ("4, -9", "-9, 4"),
    (r"\{1, 2\}", "2 and 1"),
    (r"2 \pm \sqrt{3}", r"2-\sqrt{3}, 2+\sqrt{3}"),
    ("[-2, 7]", r"-2 \le x \le 7"),
    ("-2 <= x <= 7", "[-2,7]"),
    (r"(2, \infty)", "x > 2"),
    (r"(-\infty, 1) \cup (1, \infty)", r"(-oo, 1) \cup (1, oo)"),
    ("2x - y + 3 = 0", "-2x + y - 3 = 0"),
    ("y = 2x + 3", "3 + 2x"),
    (r"\begin{pmatrix} 1/2 \\ 3 \end{pmatrix}", r"\begin{pmatrix} \frac{1}{2} \\ 3 \end{pmatrix}"),
    (r"\tan x", r"\frac{\sin x}{\cos x}"),
    ("sin(x)", r"\sin x"),
    ("2^{10}", "1024"),
    ("37_8", "37"),
    (r"18 \text{ dollars}", "$18"),
    ("(B)", "B"),
]
DIFFERENT = [
    ("18", "19"),
    ("0.33", "1/3"),
    ("x + 1", "x + 2"),
    ("2k", "2n"),
    ("(4, 9)", "(9, 4)"),
    ("[4, 9]", "(4, 9)"),
    ("(4, 9]", "4, 9"),
    ("1, 2", "1, 1, 2"),
    (r"\{1, 2\}", "(1, 2)"),
    ("2x - y + 3 = 0", "0"),
    (r"\sqrt{2}", "1.41"),
    (r"\infty", r"-\infty"),
    ("37_8", "37_9"),
    ("listen", "silent"),
    ("x + 1", "yes"),
    ("(B)", "(C)"),
    ("", "0"),
    ("{{{", "}x"),
    ("\\frac{", "x+"),
]


@sweep(("a", "b"), EQUAL, every=4)
def test_equal_as_mathematics_in_both_orders(a: str, b: str):
    assert equal(a, b)
    assert equal(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_different_as_mathematics_in_both_orders(a: str, b: str):
    assert not equal(a, b)
    assert not equal(b, a)


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        ("0.5", r"\frac{1}{2}", True),
        ("18", "19", False),
        ("yes", "No", False),
        ("Evelyn", "x^2", False),
        ("3", "(1, 2)", False),
        ("x+1", "1+x", None),
        ("9" * 100_000, "9" * 99_999 + "8", False),
        ("x+" * 50_000, "1+x", False),
    ],
)
def test_the_plain_forms_decide_what_they_can(a: str, b: str, verdict: bool | None):
    assert equal_by_normal_form(a, b) is verdict
    assert equal_by_normal_form(b, a) is verdict


def test_algebra_in_two_threads_at_once():
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda k: equal(f"(w+{k})^2", f"w^2+{2 * k}w+{k * k}"), [2, 3])) == [
            True,
            True,
        ]


def test_group_by_algebra():
    answers = ["(v+1)^2", None, "18", "v^2+2v+1", "18 dollars", "v^2", "1 + 2v + v**2", None]
    assert group_equal(answers) == [0, None, 1, 0, 1, 2, 0, None]
    assert group_equal([]) == []


WRITTEN = st.sampled_from(
    [
        "1",
        "1.0",
        "$1",
        "1/2",
        "0.5",
        "yes",
        "Yes.",
        "(B)",
        "b",
        "1, 2",
        "2, 1",
        "(1, 2)",
        "(2, 1)",
        "x+y",
        "y+x",
        "y + x*1",
        None,
    ]
)


@pytest.mark.slow
@given(st.lists(WRITTEN, max_size=10), st.randoms(use_true_random=False))
def test_classes_do_not_depend_on_the_order(answers: list[str | None], rng: random.Random):
    order = list(range(len(answers)))
    rng.shuffle(order)
    classes, shuffled = group_equal(answers), group_equal([answers[i] for i in order])
    seen = [c for c in dict.fromkeys(classes) if c is not None]
    assert seen == list(range(len(seen))), "numbered by first appearance"
    for i, place in enumerate(order):
        assert (shuffled[i] is None) == (answers[place] is None)
        for j, other in enumerate(order):
            assert (shuffled[i] == shuffled[j]) == (classes[place] == classes[other])


@given(WRITTEN, WRITTEN)
def test_equality_is_reflexive_and_symmetric(a: str | None, b: str | None):
    if a is not None and b is not None:
        assert equal(a, a)
        assert equal(a, b) == equal(b, a)

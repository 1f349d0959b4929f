r"""The canonical forms of answers: one form for one answer, another form for another."""

from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from cope.answers.kinds.math import MATH
from cope.answers.short.normalize import normalize

ONE_FORM = [
    (
        "1/2",
        [
            "0.5",
            ".5",
            "0.50",
            "1/2",
            "2/4",
            r"\frac{1}{2}",
            r"\dfrac12",
            r"\frac 12",
            "$0.5$",
            "½",
            " 1 / 2 ",
        ],
    ),
    (
        "1234",
        [
            "1234",
            "1,234",
            "1 234",
            "1,234.00",
            "$1,234",
            "1{,}234",
            r"1,\!234",
            "1234 dollars",
            r"\$1234",
            "+1234",
        ],
    ),
    (
        "-3/2",
        ["-1.5", "-3/2", r"-\frac{3}{2}", r"\frac{-3}{2}", "-1 1/2", r"-1\frac{1}{2}", "\u22121.5"],
    ),
    (
        "18",
        [
            "18",
            "18%",
            r"18\%",
            "18 percent",
            "£18",
            "18 cm^2",
            r"18\text{ cm}^2",
            r"18^\circ",
            "18°",
            "x = 18",
            "18.",
        ],
    ),
    ("3000000", ["3 million", "3,000,000", r"3 \times 10^6", "3e6", "$3 million"]),
    ("25", ["twenty-five", "Twenty five", "25 years"]),
    ("b", ["B", "(B)", r"\text{(B)}", "b", "B)", "B."]),
    ("new york", ["New York", "new  york.", r"\text{New York}", "**New York**"]),
    (
        r"(3, \frac{\pi}{2})",
        [r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}2)", r"$(3, \frac{\pi}{2})$"],
    ),
    ("x^{10}+1", ["x^10 + 1", "x**10+1", "x^{10} + 1", r"x^{10}\,+\,1"]),
    ("x^2+1", ["x²+1", "x^2 + 1", "x**2+1", "x^{2}+1", r"$x^2+1$"]),
    (r"2\pi", [r"2\pi", "2 pi", "2*pi", "2π", r"2 \cdot \pi", r"r = 2\pi"]),
    (r"\sqrt{3}/2", ["sqrt(3)/2", r"\sqrt3/2", "√3/2"]),
    ("2x+3", ["2x+3", "y = 2x + 3", "f(x) = 2x+3", "$2x + 3$"]),
    ("1, -2", ["1,-2", "1, -2", "1 and -2", "x = 1 or x = -2", r"$1$ and $-2$"]),
]


@pytest.mark.parametrize(
    ("form", "written"), [(form, written) for form, many in ONE_FORM for written in many]
)
def test_one_form_for_one_answer(form: str, written: str):
    assert normalize(written) == form


DIFFERENT_FORMS = [
    ("0.18", "18%"),
    ("1,234", "1, 234"),
    ("(1,234)", "1234"),
    ("5x", "5"),
    ("2m", "2"),
    ("52_8", "52"),
    ("-5", "5"),
    ("x^2", "x2"),
    ("1/3", "0.33"),
    ("[1,2]", "(1,2)"),
    ("3 hours and 20 minutes", "3"),
    ("10!", "10"),
    ("no", "not"),
]


@pytest.mark.parametrize(("a", "b"), DIFFERENT_FORMS)
def test_different_answers_keep_different_forms(a: str, b: str):
    assert normalize(a) != normalize(b)


def _spellings(n: int) -> list[str]:
    return [
        str(n),
        f"{n:,}",
        f"{n:_}".replace("_", " "),
        f"{n}.0",
        f"${n:,}",
        f"{n} apples",
        f"**{n}**",
        f"\\({n}\\)",
        f"x = {n}",
    ]


@given(st.integers(-(10**12), 10**12))
def test_a_whole_number_has_one_form_however_written(n: int):
    assert {normalize(s) for s in _spellings(n)} == {str(n)}
    assert {normalize(MATH.parse(s) or "") for s in _spellings(n)} == {str(n)}


@given(st.integers(-9999, 9999), st.integers(1, 99))
def test_a_fraction_has_one_form_however_written(p: int, q: int):
    sign, size = "-" if p < 0 else "", abs(p)
    written = [
        f"{p}/{q}",
        f"{sign}\\frac{{{size}}}{{{q}}}",
        f"\\dfrac{{{p}}}{{{q}}}",
        f"{sign}{size // q} {size % q}/{q}",
    ]
    assert {normalize(s) for s in written} == {str(Fraction(p, q))}


@given(st.decimals(-(10**6), 10**6, places=3))
def test_a_decimal_is_its_exact_fraction(d):
    assert normalize(str(d)) == normalize(f"{d}000") == normalize(f"{d:,}") == str(Fraction(d))


PIECES = [
    *"0123456789.,-+/%$^_={}()[]\\*! \n'\"abxBCπ°½²√\u2212",
    "\\frac",
    "\\text{",
    "\\boxed{",
    " and ",
    "cm",
    "**",
]
ANSWERISH = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@given(st.one_of(st.text(max_size=60), ANSWERISH))
@example("1,  234")
@example("- -5")
def test_normalise_is_idempotent(text: str):
    assert normalize(normalize(text)) == normalize(text)

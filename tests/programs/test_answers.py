r"""Replies as small models write them, and the canonical forms of answers."""

import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cope.programs.answers import normalise, read_answer

FENCE = "```"
FIELDS = "[[ ## reasoning ## ]]\nTwo plus 2 is {0}.\n\n[[ ## answer ## ]]\n{0}\n\n[[ ## completed ## ]]"

SHORT_FIELDS = [
    ("18", "18"),
    ("  18\n", "18"),
    ("18.", "18"),
    ("4 apples", "4"),
    ("$18", "18"),
    ("-$5", "-5"),
    ("18 dollars", "18"),
    ("$18 per day", "18"),
    ("18%", "18%"),
    ("25 percent", "25%"),
    ("£5", "5"),
    ("20 €", "20"),
    ("US$ 1,250", "1250"),
    ("12 cm^2", "12"),
    ("12 cm²", "12"),
    ("60 mph", "60"),
    ("5 m/s", "5"),
    ("1,234", "1234"),
    ("1 234", "1234"),
    ("12,345.50", "12345.50"),
    ("2.5 million dollars", "2.5 million"),
    ("**42**", "42"),
    ("**4** apples", "4"),
    ("`42`", "42"),
    ('"42"', "42"),
    ("$42$", "42"),
    (r"\(42\)", "42"),
    (r"\[ 42 \]", "42"),
    (r"\(\frac{1}{2}\)", r"\frac{1}{2}"),
    ("1/2", "1/2"),
    ("1 1/2 cups", "1 1/2"),
    ("0.50", "0.50"),
    ("-7", "-7"),
    ("\u22127", "-7"),
    ("about 7 hours", "7"),
    ("x = 5", "5"),
    ("$x=5$", "5"),
    ("Total = 18", "18"),
    ("16 - 3 - 4 = 9", "9"),
    ("9 * 2 = $18", "18"),
    ("18!", "18"),
    (r"\text{Evelyn}", "Evelyn"),
    ("Evelyn.", "Evelyn"),
    ("True", "True"),
    ("yes", "yes"),
    ("No, the sentence is not plausible.", "No"),
    ("(B)", "B"),
    ("B", "B"),
    ("B) library", "B"),
    ("(C) 12", "C"),
    ("option D", "D"),
    (r"\text{(E)}", "E"),
    (r"90^\circ", "90"),
    ("90°", "90"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"\left( 3, \frac{\pi}{2} \right)"),
    (r"[0, \infty)", r"[0, \infty)"),
    ("x^2+1", "x^2+1"),
    ("(-2, 1)", "(-2, 1)"),
    (r"\{1, 2\}", r"\{1, 2\}"),
    ("y = 2x + 3", "y = 2x + 3"),
    ("3 hours and 20 minutes", "3 hours and 20 minutes"),
    ("4 because 2 + 2 = 4", "4"),
    ("18 (since 9 * 2 = 18)", "18"),
    ("The total is 18 dollars.", "18"),
    ("Janet makes $18 every day.", "18"),
    ("fortescue helmsman percept", "fortescue helmsman percept"),
    ("3:30 PM", "3:30 PM"),
    ("}", "}"),
    ("[18]", "18"),
    ("(18)", "18"),
    ("A: 18", "18"),
]

REPLIES = [
    ("The answer is 4.", "4"),
    ("the answer is: $18", "18"),
    ("So the final answer is **18 dollars**.", "18"),
    ("The answer is $\\frac{3}{4}$ because half of it is left.", r"\frac{3}{4}"),
    ("The correct answer is (B) because the others fail.", "B"),
    ("The answer to the question is Evelyn.", "Evelyn"),
    ("Therefore, the correct answer would be option C.", "C"),
    ("Answer: 4 apples", "4"),
    ("Answer: 3\nWait, that is wrong.\nAnswer: 5", "5"),
    ("**Answer:** 18", "18"),
    ("**Final Answer**: \\(18\\)", "18"),
    ("### Final Answer\n\n18 dollars", "18"),
    ("Let me see: 9 * 2 = 18.\nAnswer:\n\n18", "18"),
    ("Answer: The total number of eggs is 9.", "9"),
    ("Some steps.\n#### 1,080", "1080"),
    ("Some steps.\n#### -3\n", "-3"),
    ("#### 5\nNo: #### 6", "6"),
    (r"Thus $x = \boxed{5}$.", "5"),
    (r"First \boxed{4}, and after a check \boxed{5}.", "5"),
    (r"Hence \boxed{\frac{\sqrt{3}}{2}} as wanted.", r"\frac{\sqrt{3}}{2}"),
    (r"\[ \boxed{18 \text{ dollars}} \]", "18"),
    (r"\boxed{\text{Evelyn}}", "Evelyn"),
    (r"\boxed{(C)}", "C"),
    (r"\boxed 7", "7"),
    (r"cut off: $\boxed{12", "12"),
    (r"\boxed{} and nothing else, the answer is 3", "3"),
    (r"I get \boxed{4}. After a check I correct it." + "\nAnswer: 6", "6"),
    (r"The answer is $\boxed{x^2 + 1}$.", "x^2 + 1"),
    (r"\boxed{10!}", "10!"),
    ('{"answer": "4"}', "4"),
    ('{"reasoning": "2 plus 2", "answer": 4}', "4"),
    (f'{FENCE}json\n{{"answer": "4 apples"}}\n{FENCE}', "4"),
    ('{"reasoning": "cut", "answer": "4', "4"),
    (r'{"answer": "\\frac{1}{2}"}', r"\frac{1}{2}"),
    (r'{"answer": "\frac{1}{2}"}', r"\frac{1}{2}"),
    ("{'answer': 'yes'}", "yes"),
    ('{"answer": true}', "true"),
    ('{"answer": null}', None),
    (FIELDS.format("4"), "4"),
    (FIELDS.format(r"The answer is \(4\)."), "4"),
    ("[[ ## answer ## ] 4", "4"),
    ("## answer ##\n4 apples", "4"),
    ("[[ ## reasoning ## ]]\nTwo and 2 are 4.", "4"),
    ("<reasoning>2 + 2</reasoning><answer>4 apples</answer>", "4"),
    ("<think>Is it 3? No, 4.</think>\n4", "4"),
    (f"{FENCE}\n4\n{FENCE}", "4"),
    (f"{FENCE}python\nprint(2 + 2)\n{FENCE}\nSo there are 4 apples.", "4"),
    ("Half of 2 is 1.\nIn total it takes 2 + 1 = 3 bolts.", "3"),
    ("She eats 3.\nTherefore, Janet makes $18 every day.", "18"),
    ("Step 1. Add.\nStep 2. So she pays **$1,050.25** in total.", "1050.25"),
    ("Some work.\n\\[\nx = \\frac{3}{2}\n\\]", r"\frac{3}{2}"),
    ("Some work.\n$$ x = 12 $$\n", "12"),
    ("Some work.\nThe area is $12\\pi$ square cm.", r"12\pi"),
    ("Some work with 12.\n**Evelyn**", "Evelyn"),
    ("Some work.\n(B)", "B"),
    ("18\n\nThis is what she makes with her eggs.", "18"),
    ("A long story about 3 eggs.\nI hope that this helps!", None),
    ("1. Add 3 and 4.\n2. Divide the sum by two.", None),
    ("A story.\n\nThe profit is 2.5 million dollars.", "2.5 million"),
    ("A story.\nIt leaves at 8:15.", "8:15"),
    ("", None),
    ("   \n ", None),
    ("**", None),
    ("[your answer]", None),
    ("N/A", None),
    ("I would need to know more about how the boxes were packed " * 5, None),
]


@pytest.mark.parametrize(("text", "answer"), SHORT_FIELDS)
def test_reads_a_short_field(text: str, answer: str):
    assert read_answer(text) == answer


@pytest.mark.parametrize(("text", "answer"), REPLIES)
def test_reads_a_reply(text: str, answer: str | None):
    assert read_answer(text) == answer


@pytest.mark.parametrize("text", [text for text, answer in SHORT_FIELDS if "\n" not in text and "=" not in text])
@pytest.mark.parametrize("frame", ["Some work with 7.\nAnswer: {}", "So the answer is {}", "<answer>\n{}\n</answer>"])
def test_a_frame_does_not_change_what_is_read(frame: str, text: str):
    assert read_answer(frame.format(text)) == read_answer(text)


def test_a_control_character_from_careless_json_is_mended():
    assert read_answer("so \x08oxed{\x0crac{1}{2}} it is") == r"\frac{1}{2}"
    assert read_answer("it is \\boxed{\text{Evelyn}}") == "Evelyn"


def test_only_the_end_of_a_huge_reply_is_read_and_quickly():
    assert read_answer("The answer is 3. " + "word " * 100_000 + "\nAnswer: 4") == "4"
    for hostile in (
        "\\boxed{",
        "#### ",
        "Answer: ",
        "$",
        "\\[",
        "\\(",
        "[[ ## answer ## ]]",
        "**",
        "1,",
        '{"answer": "',
        " ",
    ):
        read_answer(hostile * 20_000)


ONE_FORM = [
    ("1/2", ["0.5", ".5", "0.50", "1/2", "2/4", r"\frac{1}{2}", r"\dfrac12", r"\frac 12", "$0.5$", "½", " 1 / 2 "]),
    (
        "1234",
        ["1234", "1,234", "1 234", "1,234.00", "$1,234", "1{,}234", r"1,\!234", "1234 dollars", r"\$1234", "+1234"],
    ),
    ("-3/2", ["-1.5", "-3/2", r"-\frac{3}{2}", r"\frac{-3}{2}", "-1 1/2", r"-1\frac{1}{2}", "\u22121.5"]),
    (
        "18",
        ["18", "18%", r"18\%", "18 percent", "£18", "18 cm^2", r"18\text{ cm}^2", r"18^\circ", "18°", "x = 18", "18."],
    ),
    ("3000000", ["3 million", "3,000,000", r"3 \times 10^6", "3e6", "$3 million"]),
    ("25", ["twenty-five", "Twenty five", "25 years"]),
    ("b", ["B", "(B)", r"\text{(B)}", "b", "B)", "B."]),
    ("new york", ["New York", "new  york.", r"\text{New York}", "**New York**"]),
    (r"(3, \frac{\pi}{2})", [r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}2)", r"$(3, \frac{\pi}{2})$"]),
    ("x^{10}+1", ["x^10 + 1", "x**10+1", "x^{10} + 1", r"x^{10}\,+\,1"]),
    (r"2\pi", [r"2\pi", "2 pi", "2*pi", "2π", r"2 \cdot \pi", r"r = 2\pi"]),
    (r"\sqrt{3}/2", ["sqrt(3)/2", r"\sqrt3/2", "√3/2"]),
    ("2x+3", ["2x+3", "y = 2x + 3", "f(x) = 2x+3", "$2x + 3$"]),
    ("1, -2", ["1,-2", "1, -2", "1 and -2", "x = 1 or x = -2", r"$1$ and $-2$"]),
]


@pytest.mark.parametrize(("form", "written"), [(form, written) for form, many in ONE_FORM for written in many])
def test_one_form_for_one_answer(form: str, written: str):
    assert normalise(written) == form


@pytest.mark.parametrize(
    ("a", "b"),
    [("0.18", "18%"), ("1,234", "1, 234"), ("(1,234)", "1234"), ("5x", "5"), ("2m", "2"), ("52_8", "52"), ("-5", "5")]
    + [
        ("x^2", "x2"),
        ("1/3", "0.33"),
        ("[1,2]", "(1,2)"),
        ("3 hours and 20 minutes", "3"),
        ("10!", "10"),
        ("no", "not"),
    ],
)
def test_different_answers_keep_different_forms(a: str, b: str):
    assert normalise(a) != normalise(b)


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
    assert {normalise(s) for s in _spellings(n)} == {str(n)}
    assert {normalise(read_answer(s) or "") for s in _spellings(n)} == {str(n)}


@given(st.integers(-9999, 9999), st.integers(1, 99))
def test_a_fraction_has_one_form_however_written(p: int, q: int):
    sign, size = "-" if p < 0 else "", abs(p)
    written = [
        f"{p}/{q}",
        f"{sign}\\frac{{{size}}}{{{q}}}",
        f"\\dfrac{{{p}}}{{{q}}}",
        f"{sign}{size // q} {size % q}/{q}",
    ]
    assert {normalise(s) for s in written} == {str(Fraction(p, q))}


@given(st.decimals(-(10**6), 10**6, places=3))
def test_a_decimal_is_its_exact_fraction(d):
    assert normalise(str(d)) == normalise(f"{d}000") == normalise(f"{d:,}") == str(Fraction(d))


PIECES = [
    *"0123456789.,-+/%$^_={}()[]\\*! \n'\"abxBCπ°½²√\u2212",
    "\\frac",
    "\\text{",
    "\\boxed{",
    "and ",
    "cm",
    "**",
    "answer: ",
]
ANSWERISH = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), ANSWERISH))
@example("1,  234")
@example("- -5")
def test_normalise_is_idempotent(text: str):
    assert normalise(normalise(text)) == normalise(text)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=200), ANSWERISH))
def test_reading_never_fails_and_reads_its_own_answers(text: str):
    answer = read_answer(text)
    if answer is not None:
        assert answer.strip()
    normalise(text)


def test_reading_needs_no_algebra_system():
    code = "import sys, cope.programs.answers; sys.exit(bool({'sympy', 'math_verify', 'dspy'} & sys.modules.keys()))"
    assert (
        subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=False).returncode
        == 0
    )

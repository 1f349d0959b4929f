r"""Replies as small models write them, and what is read out of them."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from cope.answers.kinds.math import MATH

FENCE = "```"
FIELDS = (
    "[[ ## reasoning ## ]]\nTwo plus 2 is {0}.\n\n[[ ## answer ## ]]\n{0}\n\n[[ ## completed ## ]]"
)

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
    ("(B)", "B"),
    ("B", "B"),
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
    assert MATH.parse(text) == answer


@pytest.mark.parametrize(("text", "answer"), REPLIES)
def test_reads_a_reply(text: str, answer: str | None):
    assert MATH.parse(text) == answer


@pytest.mark.parametrize(
    "text", [text for text, answer in SHORT_FIELDS if "\n" not in text and "=" not in text]
)
@pytest.mark.parametrize(
    "frame", ["Some work with 7.\nAnswer: {}", "So the answer is {}", "<answer>\n{}\n</answer>"]
)
def test_a_frame_does_not_change_what_is_read(frame: str, text: str):
    assert MATH.parse(frame.format(text)) == MATH.parse(text)


def test_a_control_character_from_careless_json_is_repaired():
    assert MATH.parse("so \x08oxed{\x0crac{1}{2}} it is") == r"\frac{1}{2}"
    assert MATH.parse("it is \\boxed{\text{Evelyn}}") == "Evelyn"


@pytest.mark.slow
def test_only_the_end_of_a_huge_reply_is_read_and_quickly():
    assert MATH.parse("The answer is 3. " + "word " * 100_000 + "\nAnswer: 4") == "4"
    assert MATH.parse("The answer is 3. " + "word " * 100_000) is None
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
        MATH.parse(hostile * 20_000)


PIECES = [
    *(text for text, _ in SHORT_FIELDS + REPLIES),
    *"\n\n\\{}[]()$*#:\"'=,. -",
    "\\boxed{",
    "answer",
    FENCE,
]


@given(
    st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
)
def test_reading_never_fails_and_gives_something_or_none(text: str):
    answer = MATH.parse(text)
    assert answer is None or answer.strip()


def test_reading_needs_no_algebra_system():
    heavy = "{'sympy', 'math_verify', 'dspy'}"
    code = (
        f"import sys, cope.answers.short.equivalence; sys.exit(bool({heavy} & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0

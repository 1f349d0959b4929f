"""Tables and sentences at any width: numbers, prices and intervals stay whole, and names may wrap."""

import io

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len
from rich.console import Console

from cope.util.tables import new_table, plain_text, print_sentence
from cope.util.text import wrap_sentence

WIDTHS = (40, 60, 80, 100, 140)
NUMBERS = st.one_of(
    st.integers(0, 10**12).map(lambda n: f"{n:,}"),
    st.floats(0, 1).map(lambda share: f"{share:.1%}"),
    st.floats(0, 1e6).map(lambda usd: f"at least ${usd:,.4f}"),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(lambda p: f"{p[0]:+.1%} to {p[1]:+.1%}"),
    st.sampled_from(["-", "unknown", "<0.0001", "out of reach", ""]),
)
NAMES = st.text(st.sampled_from("abc-_/:[] 漢é0"), min_size=1, max_size=90)
HEADERS = st.sampled_from(
    ["n", "accuracy", "95%", "prompt tokens", "USD / 1,000, large", "decisions changed", "p (Holm)"]
)


def rendered(table: object, width: int) -> str:
    return plain_text(lambda console: console.print(table), width)


@given(st.data(), st.lists(HEADERS, min_size=1, max_size=12), st.sampled_from(WIDTHS))
def test_no_number_is_broken_and_no_line_is_too_wide(
    data: st.DataObject, headers: list[str], width: int
):
    headers = [f"{header} {number}" for number, header in enumerate(headers)]
    table = new_table(["name", *headers], left=["name"])
    rows = data.draw(st.lists(st.tuples(NAMES, *[NUMBERS] * len(headers)), min_size=1, max_size=4))
    for name, *cells in rows:
        table.add_row(name, *cells)
    text = rendered(table, width)
    lines = text.split("\n")
    assert all(cell_len(line) <= width for line in lines)
    for _, *cells in rows:
        for cell in filter(None, cells):
            assert any(line.endswith(cell) or f"{cell}  " in line for line in lines), (cell, text)
    letters = "".join(text.split())
    for header in headers:
        assert all(word in letters for word in header.split())


def test_a_table_that_fits_is_one_block_and_a_wider_one_repeats_its_names():
    table = new_table(["round", "accuracy", "prompt tokens"], left=["round"])
    table.add_row("1 small solves", "75.0%", "123,456,789")
    assert rendered(table, 60) == (
        "round           accuracy  prompt tokens\n1 small solves     75.0%    123,456,789\n"
    )
    assert rendered(table, 38) == (
        "                               prompt\n"
        "round           accuracy       tokens\n"
        "1 small solves     75.0%  123,456,789\n"
    )
    assert rendered(table, 28) == (
        "round           accuracy\n"
        "1 small solves     75.0%\n"
        "\n"
        "                     prompt\n"
        "round                tokens\n"
        "1 small solves  123,456,789\n"
    )


def test_names_are_no_markup():
    table = new_table(["[b]name[/b]", "n"], left=["[b]name[/b]"])
    table.add_row("[red]x[/nothing] :smile:", "1")
    assert "[red]x[/nothing] :smile:" in rendered(table, 80)
    out = io.StringIO()
    print_sentence(Console(file=out, width=80), "task [/bold] with :smile:", ["task"])
    assert out.getvalue() == "task [/bold] with :smile:\n"


SENTENCES = [
    "accuracy 75.0% (95% interval 30.1% to 95.4%, n = 4, 12 without a readable answer); 3.1 s",
    "1,234 of 5,678 questions were saved, $0.0123 to $0.0456 of $10.00 for 1,000 questions",
    "p = 0.0123, the smallest difference is +12.3 to +45.6 points, 98.4 MB and 1,024 tokens",
]
WHOLE = {
    0: ("30.1% to 95.4%", "n = 4"),
    1: ("1,234 of 5,678", "$0.0123 to $0.0456 of $10.00"),
    2: ("p = 0.0123", "+12.3 to +45.6", "98.4 MB", "1,024 tokens"),
}


@pytest.mark.parametrize("width", range(32, 120, 7))
@pytest.mark.parametrize("place", WHOLE)
def test_sentences_break_between_words_and_ranges_stay_whole(place: int, width: int):
    wrapped = wrap_sentence(f"  {SENTENCES[place]}", width)
    assert wrapped.split() == SENTENCES[place].split()
    for line in wrapped.split("\n"):
        assert len(line) <= width and line.startswith("  ")
    for part in WHOLE[place]:
        assert part in wrapped

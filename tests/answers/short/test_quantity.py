"""Mathematics and plain numbers share the pattern of a number, and what surrounds it differs."""

import pytest

from cope.answers import matches
from cope.answers.short.amount import read_amount
from cope.answers.short.quantity import parse_quantity


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.(6)", "2/3"),
        (r"0.\overline{3}", "1/3"),
        ("1'234", "1234"),
        ("1_000.5", "2001/2"),
        ("1,234/2", "617"),
        ("3 and 1/2", "7/2"),
        (r"3 \times 10^4", "30000"),
        (r"2\frac{1}{4} cups", "9/4"),
        ("-5 million", "-5000000"),
        ("2 lakh", "200000"),
    ],
)
def test_a_number_is_the_same_to_both(written: str, value: str) -> None:
    quantity, amount = parse_quantity(written), read_amount(written)
    assert quantity is not None and amount is not None
    assert str(quantity.value) == str(amount.value) == value
    assert matches(written, value, "math") and matches(written, value, "number")


@pytest.mark.parametrize(
    "written",
    [
        "2^10",
        "2**3",
        "3^2 cm",
        "22^{3",
        "3-1/2",
        "7.301,25",
        "1,2/2",
        "10,/3",
        "1/0",
        "5x",
        r"2\pi",
    ],
)
def test_what_algebra_reads_is_no_quantity(written: str) -> None:
    assert parse_quantity(written) is None


@pytest.mark.parametrize("written", ["1,2/2", "10,/3", "1,23/4"])
def test_a_comma_that_groups_no_thousands_is_in_no_fraction(written: str) -> None:
    assert read_amount(written) is None

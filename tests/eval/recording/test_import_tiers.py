"""The tiers that a user names for an import."""

import pytest

from cope.errors import CopeError
from cope.eval.recording.import_tiers import last_tier_note, models_by_tier, variants_by_tier

TIERS = ("small", "mid", "large")


def test_models_come_in_the_order_of_the_rounds():
    models = models_by_tier("s", [("mid", "m"), ("top", "t")], "l")
    assert list(models.items()) == [("small", "s"), ("mid", "m"), ("top", "t"), ("large", "l")]
    assert list(models_by_tier("s", [("top", "t")], None)) == ["small", "top"]


@pytest.mark.parametrize("between", [[("large", "x")], [("small", "x")], [("a", "x"), ("a", "y")]])
def test_a_tier_has_one_model(between: list[tuple[str, str]]):
    with pytest.raises(CopeError, match="that tier is named already"):
        models_by_tier("s", between, None)


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([], {}),
        (["a", "b"], {tier: ["a", "b"] for tier in TIERS}),
        (["mid=a"], {"mid": ["a"]}),
        (["b", "mid=a"], {"small": ["b"], "mid": ["a"], "large": ["b"]}),
    ],
)
def test_a_tier_s_own_prompts_come_before_those_of_all(
    given: list[str], chosen: dict[str, list[str]]
):
    assert variants_by_tier(given, TIERS) == chosen


def test_a_tier_that_is_not_imported_is_refused():
    with pytest.raises(CopeError, match="'top' is no tier of an import: write small=NAME or mid"):
        variants_by_tier(["top=a"], TIERS)


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        (["a"], None),
        (["", ""], "large has 2 samples: its round votes over them"),
        (["a", "b", "a"], "large has 2 variants (a, b): its round votes over them"),
    ],
)
def test_samples_of_the_last_tier_that_vote_are_noted(variants: list[str], said: str | None):
    note = last_tier_note("large", variants)
    assert note is said if said is None else note is not None and note.startswith(said)
    if len(set(variants)) > 1:
        assert note is not None and note.endswith("; take one with --variant large=a")

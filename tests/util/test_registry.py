"""Variants by name: registered here, by entry points, and what is said of those that cannot be used."""

from importlib.metadata import EntryPoint

import pytest

from cope import CopeError
from cope.util.registry import Registry


def only_text(variant: object) -> None:
    if not isinstance(variant, str):
        raise TypeError(f"{variant!r} is no text")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry[str]:
    """A registry with entry points that are good, missing and of the wrong kind."""
    entries = [
        EntryPoint("good", "string:digits", "cope.toys"),
        EntryPoint("gone", "no_such_module:name", "cope.toys"),
        EntryPoint("odd", "string:capwords", "cope.toys"),
    ]
    monkeypatch.setattr("cope.util.registry.entry_points", lambda group: entries)
    return Registry("toy", "cope.toys", only_text)


def test_names_are_listed_without_an_import(registry: Registry[str]):
    assert list(registry) == ["gone", "good", "odd"]
    assert len(registry) == 3
    assert registry.by_name("good") == "0123456789"


def test_a_registered_variant_is_found_until_it_is_removed(registry: Registry[str]):
    registry.register("mine", "text")
    assert registry["mine"] == "text"
    assert "mine" in list(registry)
    registry.unregister("mine")
    assert "mine" not in registry


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("god", "no toy is named 'god': did you mean good?"),
        ("gone", "the toy 'gone' of an installed package cannot be used (No module named"),
        ("odd", "the toy 'odd' of an installed package cannot be used"),
    ],
)
def test_what_cannot_be_used_is_an_error_of_one_line(
    registry: Registry[str], name: str, message: str
):
    with pytest.raises(CopeError) as caught:
        registry.by_name(name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_taken_name_is_refused(registry: Registry[str]):
    with pytest.raises(CopeError, match="exists already"):
        registry.register("good", "other")

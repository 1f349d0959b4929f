"""A group of options arrives at a command as one dataclass."""

from typing import Any

import click
import pytest
from click.testing import CliRunner

from cope.cli.option_groups import option_group
from cope.cli.option_types import assignments, count, option
from cope.util.text import positive_int

DATA = "eval.run.options:DataOptions"
RUN = "eval.run.options:RunOptions"


def invoke(*decorators: Any, words: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what a command with these decorators is called with."""
    seen: dict[str, Any] = {}

    def call(**values: Any) -> None:
        seen.update(values)

    command: Any = call
    for decorate in reversed(decorators):
        command = decorate(command)
    result = CliRunner().invoke(click.command()(command), list(words), standalone_mode=False)
    assert result.exception is None, result.output
    return seen


def test_a_dataclass_takes_the_values_that_it_has_fields_for():
    group = option_group(DATA, count("--limit"))
    seen = invoke(group, option("--group"), option("--other"), words=("--limit", "3"))
    assert set(seen) == {"data_options", "other"} and seen["data_options"].limit == 3
    assert seen["data_options"].split == "test", "a field without an option keeps its default"


def test_the_values_of_options_may_become_others_first():
    def prepare(values: dict[str, Any]) -> None:
        values["limit"] = values.pop("thousands") * 1000

    seen = invoke(
        option_group(DATA, count("--thousands"), prepare=prepare), words=("--thousands", "2")
    )
    assert list(seen) == ["data_options"] and seen["data_options"].limit == 2000


@pytest.mark.parametrize("shared", [(), ("fresh",)])
def test_only_a_shared_value_reaches_the_next_group_too(shared: tuple[str, ...]):
    folder = option("--directory", default="d")
    first = option_group(RUN, folder, option("--fresh", is_flag=True), shared=shared)
    seen = invoke(
        first, option_group("optimize.compiler.options:OutputOptions"), words=("--fresh",)
    )
    assert seen["run_options"].fresh is True
    assert seen["output_options"].fresh is bool(shared)


def test_pairs_arrive_as_one_dict_and_say_that_they_repeat():
    pairs = assignments("--in-flight", "limits", read=positive_int, help="Requests.")
    assert invoke(pairs, words=("--in-flight", "a=1", "--in-flight", "b=2")) == {
        "limits": {"a": 1, "b": 2}
    }
    assert (
        "Requests. Repeatable."
        in CliRunner().invoke(click.command()(pairs(lambda: None)), ["--help"]).output
    )

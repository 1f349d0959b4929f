"""Break an evaluation down by a field of its rows, such as level, subject or type."""

from collections.abc import Mapping, Sequence

import dspy

from ...errors import CopeError, suggest_names
from ...models import Price
from ...util.validate import check_type
from .breakdown import MISSING, Breakdown, sort_key
from .example_keys import key_examples
from .store import METADATA_FILE, QuestionResult, RunStore, StoredRun
from .summary import summarize

FIELDS = "fields"
"""The field of an example that holds the other fields of its row as short texts."""


_SAVED = "values_by_field"


def values_by_key(
    examples: Sequence[dspy.Example], field: str, option: str = "--by"
) -> dict[str, str]:
    """Return the value of a field for each question, by the question's key.

    Args:
        examples: the questions.
        field: the field.
        option: the option that names the field, for errors.

    Raises:
        CopeError: if no row has the field, with the nearest and all fields.
    """
    return values_of_field(fields_by_key(examples), field, option)


def fields_by_key(examples: Sequence[dspy.Example]) -> dict[str, dict[str, str]]:
    """Return the short fields of each question's row, by the question's key."""
    keyed = key_examples(list(examples))
    return {key: example.get(FIELDS) or {} for key, example in keyed.items()}


def values_of_field(
    fields: Mapping[str, Mapping[str, str]], field: str, option: str
) -> dict[str, str]:
    """Return the value of a field for each question, by the question's key.

    Args:
        fields: the fields of each question by its key.
        field: the field.
        option: the option that names the field, for errors.

    Raises:
        CopeError: if no row has the field, with the nearest and all fields.
    """
    values: dict[str, str] = {}
    known: dict[str, None] = {}
    for key, of_row in fields.items():
        known.update(dict.fromkeys(of_row))
        values[key] = of_row.get(field, MISSING)
    if field in known:
        return values
    if not known:
        raise CopeError(
            f"{option} {field}: the questions have no fields besides question and answer"
        )
    raise CopeError(f"{option} {field}: no question has this field: {suggest_names(field, known)}")


def save_values(store: RunStore, field: str, values: Mapping[str, str]) -> None:
    """Save the value of a field for each question with a run, for its report."""
    known = store.metadata().get(_SAVED) or {}
    store.update_metadata(values_by_field=known | {field: dict(values)})


def saved_values(run: StoredRun) -> dict[str, dict[str, str]]:
    """Return the value of each question by its key, for each field that `save_values` saved.

    Raises:
        CopeError: if they are damaged.
    """
    saved = run.metadata.get(_SAVED) or {}
    try:
        check_type(dict[str, dict[str, str]], saved)
    except ValueError as error:
        raise CopeError(
            f"{run.path / METADATA_FILE} has a damaged {_SAVED} ({error}): run cope eval --by again"
        ) from None
    return saved


def break_down(
    field: str,
    values: Mapping[str, str],
    results: Sequence[QuestionResult],
    rounds: int,
    groups: Mapping[str, str] | None = None,
    prices: Mapping[str, Price] | None = None,
) -> Breakdown:
    """Summarize the questions of each value of a field.

    Args:
        field: the field.
        values: the value of each question by its key, see `values_by_key`.
        results: one for each question.
        rounds: number of rounds or stages of the system.
        groups: see `summarize`.
        prices: see `summarize`.
    """
    chosen: dict[str, list[QuestionResult]] = {}
    for result in results:
        chosen.setdefault(values.get(result.key, MISSING), []).append(result)
    parts = {}
    for value in sorted(chosen, key=sort_key):
        parts[value] = summarize(chosen[value], rounds, None, groups, prices)
    return Breakdown(field, parts)

"""Compare two programs: the differences as data."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .program_view import PredictorView, ProgramView

Demo = tuple["PredictorView", dict[str, Any]]
"""A demonstration with the predictor that it belongs to."""

_PREDICTORS_SHOW = ("instructions", "plan_instructions")  # compared with the predictors

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


@dataclass(frozen=True)
class PredictorChange:
    """The difference between a predictor and the other program's of that name, or its absence.

    Attributes:
        name: the predictor's.
        instructions: both texts; None for a missing predictor.
        instructions_diff: their unified diff, sentence by sentence; empty for equal texts.
        descriptions: name of a field, and both descriptions, for each that differs.
        removed: demonstrations of the first program only.
        added: demonstrations of the second program only.
        reordered: whether both have the same demonstrations in another order.
        nearest: how each selects demonstrations for a question; None when they select alike.
    """

    name: str
    instructions: tuple[str | None, str | None]
    instructions_diff: tuple[str, ...]
    descriptions: tuple[tuple[str, str, str], ...]
    removed: tuple[Demo, ...]
    added: tuple[Demo, ...]
    reordered: bool
    nearest: tuple[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        before, after = self.instructions
        return {
            "name": self.name,
            "instructions": {"a": before, "b": after, "diff": list(self.instructions_diff)},
            "descriptions": [{"field": field, "a": a, "b": b} for field, a, b in self.descriptions],
            "removed": [demo for _, demo in self.removed],
            "added": [demo for _, demo in self.added],
            "reordered": self.reordered,
            "nearest": self.nearest and {"a": self.nearest[0], "b": self.nearest[1]},
        }


@dataclass(frozen=True)
class Changes:
    """The differences between two programs, without the metadata of their compiles.

    Attributes:
        settings: place, field, first value, second value; a place is `preset`, `program` or
            `round N`.
        unmatched_rounds: numbers of rounds that only program `a` or `b` has.
        predictors: the predictors that differ.
    """

    settings: tuple[tuple[str, str, Any, Any], ...]
    unmatched_rounds: tuple[tuple[int, str], ...]
    predictors: tuple[PredictorChange, ...]

    @property
    def same(self) -> bool:
        """Whether the programs are equal."""
        return not (self.settings or self.unmatched_rounds or self.predictors)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "same": self.same,
            "settings": [
                {"place": place, "field": f, "a": a, "b": b} for place, f, a, b in self.settings
            ],
            "rounds_in_one": [
                {"round": number, "in": where} for number, where in self.unmatched_rounds
            ],
            "predictors": [change.as_dict() for change in self.predictors],
        }


def describe_nearest(predictor: "PredictorView | None") -> str:
    """Describe how many demonstrations a predictor selects for each question."""
    if predictor is None or not predictor.neighbours:
        return "none"
    return f"the {predictor.nearest} nearest of {len(predictor.neighbours)}"


def changes_between(first: "ProgramView", second: "ProgramView") -> Changes:
    """Return the changes that turn the first program into the second."""
    counts = len(first.preset.rounds), len(second.preset.rounds)
    longer = "a" if counts[0] > counts[1] else "b"
    unmatched = [(number, longer) for number in range(min(counts) + 1, max(counts) + 1)]
    left, right = _by_name(first), _by_name(second)
    predictors = []
    for name in sorted({*left, *right}, key=_sort_key):
        change = _predictor_change(name, left.get(name), right.get(name))
        if change is not None:
            predictors.append(change)
    return Changes(tuple(_settings(first, second)), tuple(unmatched), tuple(predictors))


def _by_name(program: "ProgramView") -> dict[str, "PredictorView"]:
    """Return the predictors by name, those of all members of an ensemble."""
    found = {view.name: view for view in program.predictors}
    for peer in program.peers:
        for view in peer:
            found[view.name] = view
    return found


def _sort_key(name: str) -> tuple[int, int, str]:
    """Sort by member of an ensemble, then by round."""
    member = re.search(r"peer_(\d+)\.", name)
    round_ = re.search(r"round_(\d+)\.", name)
    return int(member[1]) if member else 0, int(round_[1]) if round_ else 0, name


def _settings(first: "ProgramView", second: "ProgramView") -> Iterator[tuple[str, str, Any, Any]]:
    if first.domain != second.domain:
        yield "program", "domain", first.domain, second.domain
    if first.answer_kind != second.answer_kind:
        yield "program", "answer_kind", first.answer_kind, second.answer_kind
    if first.signature != second.signature:
        yield "program", "signature", first.signature, second.signature
    if len(first.peers) != len(second.peers):
        yield "program", "voting programs", 1 + len(first.peers), 1 + len(second.peers)
    one, other = first.preset, second.preset
    for field in ("name", "description"):
        if getattr(one, field) != getattr(other, field):
            yield "preset", field, getattr(one, field), getattr(other, field)
    for number, (before, after) in enumerate(zip(one.rounds, other.rounds, strict=False), 1):
        old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
        for field, value in old.items():
            if value != new[field] and field not in _PREDICTORS_SHOW:
                yield f"round {number}", field, value, new[field]


def _predictor_change(
    name: str, one: "PredictorView | None", other: "PredictorView | None"
) -> PredictorChange | None:
    """Return the difference of two predictors; None when they are equal."""
    instructions = one.instructions if one else None, other.instructions if other else None
    before, after = _demos(one), _demos(other)
    keys_before, keys_after = list(map(_key, before)), list(map(_key, after))
    removed, added = _without(before, keys_after), _without(after, keys_before)
    reordered = not removed and not added and keys_before != keys_after
    text_diff = _text_diff(*instructions)
    descriptions = _descriptions(one, other)
    nearest = _nearest(one, other)
    missing = one is None or other is None
    if not any((text_diff, descriptions, removed, added, reordered, nearest, missing)):
        return None
    return PredictorChange(
        name, instructions, text_diff, descriptions, removed, added, reordered, nearest
    )


def _demos(view: "PredictorView | None") -> list[Demo]:
    return [(view, demo) for demo in view.demos] if view else []


def _nearest(one: "PredictorView | None", other: "PredictorView | None") -> tuple[str, str] | None:
    before, after = describe_nearest(one), describe_nearest(other)
    if before != after:
        return before, after
    if _neighbor_keys(one) == _neighbor_keys(other):
        return None
    return before, f"{after} others"


def _neighbor_keys(view: "PredictorView | None") -> list[str]:
    return [_key((view, demo)) for demo in view.neighbours] if view else []


def _key(demo: Demo) -> str:
    """Return the part of a demonstration that the model sees; the rest changes no prompt."""
    view, values = demo
    return json.dumps(view.visible_fields(values), sort_keys=True)


def _without(demos: list[Demo], others: list[str]) -> tuple[Demo, ...]:
    """Return the demonstrations that are not among the others, which may hold equal ones twice."""
    remaining = Counter(others)
    found = []
    for demo in demos:
        key = _key(demo)
        if remaining[key]:
            remaining[key] -= 1
        else:
            found.append(demo)
    return tuple(found)


def _descriptions(
    one: "PredictorView | None", other: "PredictorView | None"
) -> tuple[tuple[str, str, str], ...]:
    if one is None or other is None:
        return ()
    before, after = {**one.inputs, **one.outputs}, {**other.inputs, **other.outputs}
    changed = []
    for name, description in before.items():
        if name in after and after[name] != description:
            changed.append((name, description, after[name]))
    return tuple(changed)


def _text_diff(before: str | None, after: str | None) -> tuple[str, ...]:
    """Return a unified diff by sentence, because instructions are often one long line.

    It is by line when only white space differs.
    """
    if before == after:
        return ()
    for split in (_sentences, _lines):
        lines = list(difflib.unified_diff(split(before), split(after), lineterm="", n=2))
        if lines:
            return tuple(lines[2:])  # without the names of files
    return ()


def _sentences(text: str | None) -> list[str]:
    sentences = []
    for line in (text or "").split("\n"):
        sentences += [part for part in _SENTENCE.split(line.strip()) if part]
    return sentences


def _lines(text: str | None) -> list[str]:
    return [repr(line) for line in (text or "").split("\n")]

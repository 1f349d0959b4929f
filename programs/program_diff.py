"""What two programs do not share, as data."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .program_view import PredictorView, ProgramView

Demo = tuple["PredictorView", dict[str, Any]]  # with the predictor that it belongs to

_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")


@dataclass(frozen=True)
class PredictorChange:
    """How a predictor of one program differs from its namesake in the other, which may be missing.

    Attributes:
        name: the predictor's.
        instructions: the whole texts, None where there is no such predictor.
        instructions_diff: their unified diff, sentence by sentence; empty when they are the same.
        descriptions: fields whose description differs, with both.
        removed: demonstrations that only the first has.
        added: demonstrations that only the second has.
        reordered: whether both have the same demonstrations in another order.
        nearest: in words, of how many each question is shown how many; None when both programs choose from the same.
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
        """The change as plain data, for JSON."""
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
    """What differs between two programs; what they were compiled on is no part of it.

    Attributes:
        settings: place, field, first value, second value; the places are `preset`, `program` and `round N`.
        lone_rounds: numbers of rounds that one program has alone, with `a` or `b`.
        predictors: those that differ.
    """

    settings: tuple[tuple[str, str, Any, Any], ...]
    unmatched_rounds: tuple[tuple[int, str], ...]
    predictors: tuple[PredictorChange, ...]

    @property
    def same(self) -> bool:
        return not (self.settings or self.unmatched_rounds or self.predictors)

    def as_dict(self) -> dict[str, Any]:
        """The changes as plain data, for JSON."""
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
    """How many demonstrations a question is shown of how many."""
    if predictor is None or not predictor.neighbours:
        return "none"
    return f"the {predictor.nearest} nearest of {len(predictor.neighbours)}"


def changes_between(first: "ProgramView", second: "ProgramView") -> Changes:
    """What `second` has in place of what `first` has."""
    rounds = [view.preset.rounds for view in (first, second)]
    shared = min(map(len, rounds))
    where = "a" if len(rounds[0]) > shared else "b"
    lone = tuple((number, where) for number in range(shared + 1, max(map(len, rounds)) + 1))
    left, right = ({view.name: view for view in _all(program)} for program in (first, second))
    both = [
        (name, left.get(name), right.get(name)) for name in sorted({*left, *right}, key=_sort_key)
    ]
    changes = (_predictor(name, one, other) for name, one, other in both)
    return Changes(
        tuple(_settings(first, second)), lone, tuple(change for change in changes if change)
    )


def _all(program: "ProgramView") -> Iterator["PredictorView"]:
    """The predictors, those of an ensemble's other programs after its own."""
    yield from program.predictors
    for peer in program.peers:
        yield from peer


def _sort_key(name: str) -> tuple[int, int, str]:
    *peer, round_ = (int(number) for number in re.findall(r"(?:peer|round)_(\d+)\.", name))
    return sum(peer), round_, name


def _settings(first: "ProgramView", second: "ProgramView") -> Iterator[tuple[str, str, Any, Any]]:
    if first.domain != second.domain:
        yield "program", "domain", first.domain, second.domain
    if len(first.peers) != len(second.peers):
        yield "program", "voting programs", 1 + len(first.peers), 1 + len(second.peers)
    presets = [view.preset.model_dump(mode="json") for view in (first, second)]
    pairs = [("preset", *({k: p[k] for k in ("name", "description")} for p in presets))]
    numbered = enumerate(zip(presets[0]["rounds"], presets[1]["rounds"], strict=False), 1)
    pairs += [(f"round {number}", one, other) for number, (one, other) in numbered]
    for place, one, other in pairs:
        yield from (
            (place, field, one[field], other[field]) for field in one if one[field] != other[field]
        )


def _predictor(
    name: str, one: "PredictorView | None", other: "PredictorView | None"
) -> PredictorChange | None:
    texts = (one.instructions if one else None, other.instructions if other else None)
    demos = [[(view, demo) for demo in view.demos] if view else [] for view in (one, other)]
    kept = [[_key(demo) for demo in of_one] for of_one in demos]
    removed, added = _without(demos[0], kept[1]), _without(demos[1], kept[0])
    change = PredictorChange(
        name,
        texts,
        _text_diff(*texts),
        _descriptions(one, other),
        removed,
        added,
        reordered=not removed and not added and kept[0] != kept[1],
        nearest=_nearest(one, other),
    )
    parts = (
        change.instructions_diff,
        change.descriptions,
        removed,
        added,
        change.reordered,
        change.nearest,
        not (one and other),
    )
    return change if any(parts) else None


def _nearest(one: "PredictorView | None", other: "PredictorView | None") -> tuple[str, str] | None:
    kept = [
        [_key((view, demo)) for demo in view.neighbours] if view else [] for view in (one, other)
    ]
    words = describe_nearest(one), describe_nearest(other)
    if words[0] == words[1]:
        return None if kept[0] == kept[1] else (words[0], f"{words[1]} others")
    return words


def _key(demo: Demo) -> str:
    """What the model sees of a demonstration; what else the file keeps of it changes no prompt."""
    view, values = demo
    return json.dumps(view.visible_fields(values), sort_keys=True)


def _without(demos: list[Demo], others: list[str]) -> tuple[Demo, ...]:
    left = Counter(others)
    found = []
    for demo in demos:
        if left[key := _key(demo)]:
            left[key] -= 1
        else:
            found.append(demo)
    return tuple(found)


def _descriptions(
    one: "PredictorView | None", other: "PredictorView | None"
) -> tuple[tuple[str, str, str], ...]:
    if not (one and other):
        return ()
    left, right = ({**view.inputs, **view.outputs} for view in (one, other))
    return tuple(
        (name, left[name], right[name])
        for name in left
        if name in right and left[name] != right[name]
    )


def _text_diff(before: str | None, after: str | None) -> tuple[str, ...]:
    """A unified diff by sentence, as instructions are often one long line; by line when only white space differs."""
    if before == after:
        return ()
    for split in (_sentences, _lines):
        lines = list(difflib.unified_diff(split(before), split(after), lineterm="", n=2))
        if lines:
            return tuple(lines[2:])  # without the names of files
    return ()


def _sentences(text: str | None) -> list[str]:
    return [
        part for line in (text or "").split("\n") for part in _SENTENCE.split(line.strip()) if part
    ]


def _lines(text: str | None) -> list[str]:
    return [repr(line) for line in (text or "").split("\n")]

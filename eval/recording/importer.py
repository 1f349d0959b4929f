"""Samples that others published, as a record: small samples vote, and larger models answer what they leave open."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import (
    Annotated,
    Any,
    NotRequired,  # pydantic checks it on Python 3.11
)

import dspy
from pydantic import Field
from typing_extensions import TypedDict

from ... import __version__
from ...errors import CopeError, suggest_names
from ...programs.confidence.votes import VoteShare
from ...programs.preset import Preset, parse_preset
from ...util.hashing import digest
from ...util.validate import check_type
from ..run.store import key_examples
from ..tasks.base import ShortAnswerTask
from ..tasks.data import Row, load_from_file
from .schema import RecordingManifest
from .vote_ids import assign_vote_ids

IMPORTED_PRESET = "imported"
_REQUIRED_FIELDS = (("question",), ("samples",))
_TASK = ShortAnswerTask(IMPORTED_PRESET)


@dataclass(frozen=True)
class ImportedRecording:
    """A source's samples, ready for `write_recording`."""

    manifest: RecordingManifest
    rows: list[Row]


def import_samples(
    path: str | Path,
    models: Mapping[str, str],
    variants: Mapping[str, Sequence[str]] | None = None,
    *,
    thresholds: tuple[float, ...] = (0.75,),
    seed: int = 0,
    group: str | None = None,
    limit: int | None = None,
) -> ImportedRecording:
    """Read JSON lines of `{id, question, gold?, samples: {model: [{answer, text?, tokens? or chars?, variant?}]}}`.

    Without `gold`, or where it is null, nobody knows who is right, and scores are unknown. The answers are compared as
    mathematics, with each other and with `gold`. What a source does not tell, most often tokens, seconds and money, is
    unknown in the record. A question whose samples are not of the usual variants is left out.

    Args:
        path: the file.
        models: by tier the source's name of its model, in the order in which they are asked.
        variants: by tier, the prompts to take, in this order; all of the file's, in its order, where none are named.
        thresholds: of all rounds but the last.
        seed: breaks ties between votes.
        group: a field whose values say which questions belong together.
        limit: at most so many questions, from the start.

    Raises:
        CopeError: for a file of another shape, a model or variant that is not in it, or one model in two places.

    >>> import_samples("gsm8k.jsonl", {"small": "model-a", "large": "model-b"}).manifest.questions  # doctest: +SKIP
    1319
    """
    for model, count in Counter(models.values()).items():
        if count > 1:
            both = " and ".join(tier for tier in models if models[tier] == model)
            raise CopeError(
                f"{both} are both {model!r}: a cascade needs different models, name another"
            )
    lines = load_from_file(str(path), _REQUIRED_FIELDS, _row_error)[:limit]
    taken = {
        tier: _select_samples(path, lines, model, (variants or {}).get(tier), tier)
        for tier, model in models.items()
    }
    usual = {
        tier: Counter(map(_variants_of, found)).most_common(1)[0][0]
        for tier, found in taken.items()
    }
    lacking = [
        next(
            (models[tier] for tier in models if _variants_of(taken[tier][place]) != usual[tier]),
            None,
        )
        for place in range(len(lines))
    ]
    kept = [place for place, model in enumerate(lacking) if model is None]
    left_out = Counter(f"{model} has not its usual samples" for model in lacking if model)
    examples = [_example(lines[place], place) for place in kept]
    samples = [{tier: taken[tier][place] for tier in models} for place in kept]
    groups = [_group(path, lines[place], group) for place in kept]
    rows = asyncio.run(_recording_rows(list(key_examples(examples).items()), samples, groups))
    preset = _preset({tier: len(names) for tier, names in usual.items()}, thresholds)
    plain = preset.model_dump(mode="json", exclude_defaults=True)
    manifest = RecordingManifest(
        task=Path(path).stem,
        models=dict(models),
        seed=seed,
        questions=len(examples),
        source=IMPORTED_PRESET,
        programs=[
            {"name": IMPORTED_PRESET, "preset": plain, "digest": digest(plain), "state": None}
        ],
        data_fingerprint=digest([(e.question, e.answer) for e in examples]),
        group=group,
        left_out=dict(left_out),
        settings={
            "file": Path(path).name,
            "variants": {tier: list(names) for tier, names in usual.items()},
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )
    return ImportedRecording(manifest, rows)


Count = Annotated[int, Field(ge=0, lt=2**31)]


class ImportedSample(TypedDict):
    """A sample in the lines of a file that is imported; other keys are ignored."""

    answer: str | int | float | bool | None
    variant: NotRequired[str | int | None]
    tokens: NotRequired[Count | dict[str, Count | None] | None]
    chars: NotRequired[Count | None]
    text: NotRequired[str | None]


def _row_error(row: Row) -> str | None:
    """Describe what is wrong with a line's samples; None when nothing is."""
    try:
        check_type(dict[str, list[ImportedSample]], row["samples"])
    except ValueError as error:
        return f"samples must be lists of objects with an answer by model: {error}"
    return None


def _select_samples(
    path: Any, lines: Sequence[Row], model: str, names: Sequence[str] | None, tier: str
) -> list[list[Row]]:
    """Each question's samples of a model, of the variants that are wanted, in their order."""
    found = [line["samples"].get(model) or [] for line in lines]
    if not any(found):
        there = dict.fromkeys(name for line in lines for name in line["samples"])
        if model in there:
            raise CopeError(
                f"{path} names {model!r} and has no sample of it: all its lists are empty"
            )
        raise CopeError(f"{path} has no samples of {model!r}: {suggest_names(model, there)}")
    there = list(dict.fromkeys(str(s.get("variant")) for samples in found for s in samples))
    if unknown := [name for name in names or () if name not in there]:
        raise CopeError(
            f"{model} has no variant {unknown[0]!r}: it has {', '.join(there)}; give --variant {tier}={there[0]} for it"
        )
    order = {name: place for place, name in enumerate(names or there)}
    return [
        sorted(
            (s for s in samples if str(s.get("variant")) in order),
            key=lambda s: order[str(s.get("variant"))],
        )
        for samples in found
    ]


def _variants_of(samples: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(sample.get("variant")) for sample in samples)


def _example(line: Row, place: int) -> dspy.Example:
    identity, gold = str(line.get("id") or f"{IMPORTED_PRESET}-{place}"), line.get("gold")
    gold = None if gold is None or not str(gold).strip() else str(gold)
    return dspy.Example(id=identity, question=str(line["question"]), answer=gold).with_inputs(
        "question"
    )


def _group(path: Any, line: Row, group: str | None) -> str | None:
    if group is not None and line.get(group) is None:
        raise CopeError(f"{path}: question {line.get('id')} has no {group!r}, which --group names")
    return None if group is None else str(line[group])


def _preset(counts: Mapping[str, int], thresholds: tuple[float, ...]) -> Preset:
    # Draws of one prompt need a temperature; what the source's were is not known, and nothing here depends on it.
    rounds: list[Row] = [
        {"reasoner": tier, "samples": count, "temperature": 1.0 if count > 1 else 0.0}
        for tier, count in counts.items()
    ]
    for round_, threshold in zip(rounds[:-1], thresholds, strict=True):
        round_["threshold"] = threshold
    return parse_preset(
        {"name": IMPORTED_PRESET, "description": "samples of others", "rounds": rounds},
        IMPORTED_PRESET,
    )


async def _recording_rows(
    examples: Sequence[tuple[str, dspy.Example]],
    samples: Sequence[Mapping[str, list[Row]]],
    groups: Sequence[Any],
) -> list[Row]:
    rows: list[Row] = []
    for (key, example), tiers, group in zip(examples, samples, groups, strict=True):
        about = {
            "key": key,
            "id": example.id,
            "question": example.question,
            "gold": example.answer,
            "group": group,
        }
        rows += [{**about, **row} for row in await _question_rows(example, tiers)]
    return rows


async def _question_rows(example: dspy.Example, tiers: Mapping[str, list[Row]]) -> list[Row]:
    rows = [
        {
            "preset": IMPORTED_PRESET,
            "round": number,
            "sample": index,
            "confidence": VoteShare.kind,
            "plan_calls": 0,
            **_sample_columns(sample),
        }
        for number, samples in enumerate(tiers.values(), 1)
        for index, sample in enumerate(samples)
    ]
    keys, doubtful = await assign_vote_ids([row["answer"] for row in rows])
    for row, key in zip(rows, keys, strict=True):
        row |= {"vote": key, "vote_doubtful": doubtful}
    if example.answer is None:
        return rows
    scores = {
        answer: await _TASK.score(example, answer) for answer in {row["answer"] for row in rows}
    }
    for row in rows:
        row |= {"score": scores[row["answer"]].value, "feedback": scores[row["answer"]].feedback}
    return rows


def _sample_columns(sample: Row) -> Row:
    """One sample in the record's columns; what the source does not tell is left unknown."""
    text, tokens = sample.get("text"), sample.get("tokens")
    told = tokens if isinstance(tokens, dict) else {"completion": tokens}
    chars = sample.get("chars")
    return {
        "variant": sample.get("variant"),
        "reasoning": text,
        "answer": None if sample["answer"] is None else str(sample["answer"]),
        "handed_on": False,
        "reason_calls": 1,
        "reason_prompt_tokens": told.get("prompt"),
        "reason_completion_tokens": told.get("completion"),
        "reason_chars": len(text) if chars is None and text is not None else chars,
    }

"""Import samples that others published as a recording.

The samples of smaller models vote. The last model answers the questions that they leave open.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dspy

from ... import __version__
from ...errors import CopeError, suggest_names
from ...programs.preset import Preset, parse_preset
from ...util.hashing import digest
from ...util.table_files import Row
from ...util.validate import check_type
from ..tasks.base import answer_kind_of, with_inferred_kind
from ..tasks.data import load_from_file, missing_field
from ..tasks.registry import USER_TASK, task_by_name
from .imported_rows import ImportedQuestion, ImportedSample, imported_rows
from .right_wrong import check_single_sample, complete_lines, right_wrong_facts
from .schema import RecordingManifest

IMPORTED_PRESET = "imported"
_REQUIRED_FIELDS = (("samples",),)
_TEXT_OF_QUESTION = (("question",),)

Variants = tuple[str, ...]
"""The names of the prompts of a question's samples, in order."""


@dataclass(frozen=True)
class ImportedRecording:
    """Manifest and rows of imported samples, for `write_recording`."""

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
    match: str | None = None,
) -> ImportedRecording:
    """Read samples from JSON lines.

    A line is `{id, question, gold?, samples: {model: [{answer, text?, tokens? or chars?,
    variant?}]}}`. If `gold` is missing or null, the scores are unknown. A sample may have `right`,
    true or false, in place of `answer`: then `gold` is not needed, and `question` neither, see
    `cope.eval.recording.right_wrong`. Values that the source
    lacks, most often tokens, seconds and costs, are unknown in the recording. A question is left
    out if its samples are not of the variants that most questions have.

    Args:
        path: the file.
        models: the source's name of the model of each tier, in the order in which they are asked.
        variants: the prompts to use for a tier, in order; without an entry all prompts of the file,
            in its order.
        thresholds: one for each round but the last.
        seed: breaks ties between votes.
        group: a field that contains the group of a question.
        limit: maximum number of questions, from the start; None for all.
        match: how answers are compared, a name in `ANSWER_KINDS`; None infers it from the right
            answers.

    Raises:
        CopeError: if the file has another structure, a model or variant is not in it, or two tiers
            have the same model.

    >>> models = {"small": "model-a", "large": "model-b"}
    >>> import_samples("gsm8k.jsonl", models).manifest.questions  # doctest: +SKIP
    1319
    """
    _check_different_models(models)
    lines = load_from_file(str(path), _REQUIRED_FIELDS, _row_error)[:limit]
    facts = right_wrong_facts(path, lines)
    lines = complete_lines(lines)
    samples: dict[str, list[list[Row]]] = {}
    usual: dict[str, Variants] = {}
    for tier, model in models.items():
        samples[tier] = _select_samples(path, lines, model, (variants or {}).get(tier), tier)
        counts = Counter(_variants_of(of_question) for of_question in samples[tier])
        usual[tier] = counts.most_common(1)[0][0]
        if facts:
            check_single_sample(tier, model, usual[tier])
    questions: list[ImportedQuestion] = []
    left_out: Counter[str] = Counter()
    for position, line in enumerate(lines):
        of_question = {tier: samples[tier][position] for tier in models}
        unusual = [tier for tier in models if _variants_of(of_question[tier]) != usual[tier]]
        if unusual:
            left_out[f"{models[unusual[0]]} has not its usual samples"] += 1
            continue
        example = _example(line, position)
        questions.append(ImportedQuestion(example, _group(path, line, group), of_question))
    task = task_by_name(USER_TASK, match=match)
    task = with_inferred_kind(task, [question.example for question in questions])
    preset = _preset({tier: len(names) for tier, names in usual.items()}, thresholds)
    plain_preset = preset.model_dump(mode="json", exclude_defaults=True)
    manifest = RecordingManifest(
        task=Path(path).stem,
        models=dict(models),
        seed=seed,
        questions=len(questions),
        source=IMPORTED_PRESET,
        answer_kind=answer_kind_of(task),
        programs=[
            {
                "name": IMPORTED_PRESET,
                "preset": plain_preset,
                "digest": digest(plain_preset),
                "state": None,
            }
        ],
        data_fingerprint=digest([(q.example.question, q.example.answer) for q in questions]),
        group=group,
        left_out=dict(left_out),
        settings={
            "file": Path(path).name,
            "variants": {tier: list(names) for tier, names in usual.items()},
        }
        | facts,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )
    return ImportedRecording(manifest, asyncio.run(imported_rows(IMPORTED_PRESET, questions, task)))


def _check_different_models(models: Mapping[str, str]) -> None:
    """Raise `CopeError` if two tiers have the same model."""
    for model, count in Counter(models.values()).items():
        if count > 1:
            both = " and ".join(tier for tier in models if models[tier] == model)
            raise CopeError(
                f"{both} are both {model!r}: a cascade needs different models, name another"
            )


def _row_error(row: Row) -> str | None:
    """Return why the samples of a line cannot be used; None if they can."""
    try:
        check_type(dict[str, list[ImportedSample]], row["samples"])
    except ValueError as error:
        return f"samples must be lists of objects with an answer by model: {error}"
    samples = [sample for of_model in row["samples"].values() for sample in of_model]
    if any("answer" not in sample and "right" not in sample for sample in samples):
        return "each sample needs an answer, or right: true or false"
    if any("answer" in sample for sample in samples):
        return missing_field(row, _TEXT_OF_QUESTION)
    return None


def _select_samples(
    path: str | Path, lines: Sequence[Row], model: str, names: Sequence[str] | None, tier: str
) -> list[list[Row]]:
    """Return the samples of a model for each question, sorted by variant.

    Args:
        path: the file, for messages.
        lines: the lines of the file.
        model: the model.
        names: the variants to select, in order; None for all, in the order of the file.
        tier: the tier of the model, for messages.
    """
    samples = [line["samples"].get(model) or [] for line in lines]
    if not any(samples):
        raise CopeError(_missing_model_message(path, lines, model))
    available = dict.fromkeys(name for of_question in samples for name in _variants_of(of_question))
    for name in names or ():
        if name not in available:
            raise CopeError(
                f"{model} has no variant {name!r}: it has {', '.join(available)}; give --variant "
                f"{tier}={next(iter(available))} for it"
            )
    order = {name: position for position, name in enumerate(names or available)}
    selected = []
    for of_question in samples:
        wanted = [sample for sample in of_question if _variant(sample) in order]
        selected.append(sorted(wanted, key=lambda sample: order[_variant(sample)]))
    return selected


def _missing_model_message(path: str | Path, lines: Sequence[Row], model: str) -> str:
    available = dict.fromkeys(name for line in lines for name in line["samples"])
    if model in available:
        return f"{path} names {model!r} and has no sample of it: all its lists are empty"
    return f"{path} has no samples of {model!r}: {suggest_names(model, available)}"


def _variant(sample: Row) -> str:
    return str(sample.get("variant"))


def _variants_of(samples: Sequence[Row]) -> Variants:
    return tuple(_variant(sample) for sample in samples)


def _example(line: Row, position: int) -> dspy.Example:
    example_id = line.get("id") or f"{IMPORTED_PRESET}-{position}"
    gold = line.get("gold")
    answer = None if gold is None or not str(gold).strip() else str(gold)
    example = dspy.Example(id=str(example_id), question=str(line["question"]), answer=answer)
    return example.with_inputs("question")


def _group(path: str | Path, line: Row, group: str | None) -> str | None:
    """Return the group of a question; None without groups."""
    if group is None:
        return None
    if line.get(group) is None:
        raise CopeError(f"{path}: question {line.get('id')} has no {group!r}, which --group names")
    return str(line[group])


def _preset(counts: Mapping[str, int], thresholds: tuple[float, ...]) -> Preset:
    """Return a preset with a round for each tier.

    Args:
        counts: number of samples of each tier.
        thresholds: one for each round but the last.
    """
    rounds: list[Row] = []
    for tier, count in counts.items():
        # Several samples of a prompt need a temperature. That of the source is unknown, and
        # nothing depends on it.
        temperature = 1.0 if count > 1 else 0.0
        rounds.append({"reasoner": tier, "samples": count, "temperature": temperature})
    for round_, threshold in zip(rounds[:-1], thresholds, strict=True):
        round_["threshold"] = threshold
    preset = {"name": IMPORTED_PRESET, "description": "samples of others", "rounds": rounds}
    return parse_preset(preset, IMPORTED_PRESET)

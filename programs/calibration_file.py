"""The file of a calibration: what was chosen and promised, and the program, models and data that it holds for."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..models.team import PROMPT_SETTINGS
from ..stats.tiers import LARGE
from ..util.hashing import digest, question_fingerprint
from ..util.json_text import read_json
from .calibration_types import Share, check_certificate
from .confidence.early_stopping import EXACT, NONE
from .identity import ProgramIdentity

_FAMILY = "cope-calibration-"
FORMAT = f"{_FAMILY}2"
RULE, SHOWN = "early_stop", "shown"


@dataclass(frozen=True)
class Certificate:
    """A calibration as plain data.

    Attributes:
        promise: in a sentence.
        setting: `thresholds` and `samples`; None when the last tier alone answers.
        aim: harm, delta, loss, what was minimized, budget, group column, seed of the split.
        p: p-value of what was chosen.
        program: `name` of the calibrated program, `source` of its samples (`recorded` or `imported`), `domain`, `mark` (see
            `calibration_fingerprint`).
        models: each tier's model.
        weights: by tier a digest of the model's weights, where it is known.
        asked: adapter, greatest lengths, which tests were shown, and the rule `early_stop`: a replay counts as the exact rule does.
        data: task, fingerprint, and how many questions and units each half has.
        rows: fingerprints of the questions of each half.
        gold: by a question's fingerprint a digest of its right answer, where it has one.
        held_out: figures of the chosen setting and of the last tier alone, and what is saved; the setting was chosen by its
            test on these questions.
        tested: the settings of the sequence in order, with what they came to on both halves.
        tried: how many settings were compared on the first half.
        more: reports beside it.
    """

    promise: str
    setting: dict[str, Any] | None
    aim: dict[str, Any]
    p: Share | None
    program: dict[str, Any]
    models: dict[str, str]
    weights: dict[str, str]
    asked: dict[str, Any]
    data: dict[str, Any]
    rows: dict[str, list[str]]
    gold: dict[str, str]
    held_out: dict[str, Any]
    tested: list[dict[str, Any]]
    tried: int
    more: dict[str, Any]
    created: str = ""
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The file's content. Its `digest` is over all the rest, so that an edited file is known as one."""
        plain = {"format": FORMAT, **asdict(self)}
        return {**plain, "digest": _digest_of(plain)}

    @property
    def last_tier(self) -> str:
        """The tier whose answers alone are the reference; a file of an earlier version does not name it."""
        return str(self.aim.get("last_tier", LARGE))

    @property
    def description(self) -> str:
        """What was chosen."""
        return (
            describe_setting(self.setting["thresholds"], self.setting["samples"])
            if self.setting
            else f"the {self.last_tier} model alone"
        )

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            CopeError: when it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
            )
        except OSError as error:
            raise CopeError(
                f"cannot write the calibration {path}: {error.strerror}; name another file with -o"
            ) from None

    def mismatch_reason(
        self,
        program: ProgramIdentity,
        models: Mapping[str, str],
        asked: Mapping[str, Any],
        *,
        task: str | None = None,
        weights: Mapping[str, str | None] | None = None,
    ) -> str | None:
        """Why the promise does not hold for a program, in words; None when it may.

        Args:
            program: the program, its thresholds and numbers of samples apart.
            models: each tier's model.
            asked: adapter and greatest lengths; `early_stop`, the exact rule where it is left out; `shown`, which tests models see.
            task: the task's name, where there is one. What is shown is held against the record's on the same task alone.
            weights: by tier a digest of the model's weights; what is not known is not held against the record's.
        """
        if self.program["mark"] != calibration_fingerprint(program):
            if self.program["source"] == "imported":
                return "it was made from imported samples, whose prompts are not known: only their record is replayed with it"
            if (kind := self.program["domain"]) != program.domain:
                return (
                    f"it is for questions of kind {kind!r}, and these are {program.domain!r}: with cope ask give --task {kind}, or "
                    "calibrate anew"
                )
            return (
                f"it was made for another program, {self.program['name']!r}: give the --preset or --program that was recorded "
                "(--program none for a preset as it is), or calibrate anew"
            )
        for tier, model in self.models.items():
            if tier in models and models[tier] != model:
                return f"its {tier} model is {model}, and not {models[tier]}: give --{tier} {model}, or calibrate anew"
            if (other := (weights or {}).get(tier)) and other != self.weights.get(tier, other):
                return (
                    f"its {tier} model {model} had other weights ({self.weights[tier][:19]}..., and not {other[:19]}...): bring "
                    "those, or calibrate anew"
                )
        if task == self.data["task"] and (why := self._shown_otherwise(asked.get(SHOWN))):
            return why
        rule, theirs = (settings.get(RULE, EXACT) for settings in (asked, self.asked))
        if rule != theirs and {rule, theirs} != {EXACT, NONE}:  # these two decide alike
            return f"it was made with --early-stop {theirs}, and {rule} may decide otherwise: give --early-stop {theirs}"
        for setting, value in self.asked.items():
            if setting in PROMPT_SETTINGS and setting in asked and asked[setting] != value:
                option = setting.replace("_", "-")
                return f"it was made with --{option} {value}, and not {asked[setting]}: give that, or calibrate anew"
        return None

    def _shown_otherwise(self, shown: str | None) -> str | None:
        """Why it does not fit where models see other tests than those of the record did."""
        before = self.asked.get(SHOWN)
        if not (before and shown) or before == shown:
            return None
        return (
            f"it was made with {before}, and here it is {shown}: give the record's --visible, or calibrate anew on a record with "
            "this one"
        )

    def warnings(
        self, task: str, questions: Iterable[str], gold: Iterable[str | None] | None = None
    ) -> list[str]:
        """What speaks against the promise on these questions, in sentences.

        Args:
            task: the task's name.
            questions: in words.
            gold: their right answers, None for an unknown one; they are not looked at when left out.
        """
        asked = [question_fingerprint(question) for question in questions]
        known = {mark for half in self.rows.values() for mark in half}
        met = sum(mark in known for mark in asked)
        found = []
        if task != self.data["task"]:
            found.append(
                f"the calibration is of {self.data['task']} and these questions are of {task}: its promise is about "
                "questions like its own"
            )
        if met:
            found.append(
                f"the thresholds were chosen on {met} of these {len(asked)} questions, so figures on them say little about "
                "new ones"
            )
        marks = (
            [None] * len(asked) if gold is None else [answer_fingerprint(answer) for answer in gold]
        )
        both = [
            (mark, self.gold[name])
            for name, mark in zip(asked, marks, strict=True)
            if mark and name in self.gold
        ]
        if other := sum(ours != theirs for ours, theirs in both):
            found.append(
                f"{other} of {len(both)} questions in common have another right answer than when the thresholds were chosen: that "
                "is other data, and the promise is about the old"
            )
        return found


def load_certificate(path: str | Path) -> Certificate:
    """A file that `Certificate.save` wrote.

    Raises:
        CopeError: when it is none.
    """
    try:
        plain = _read(path)
    except OSError as error:
        raise CopeError(f"cannot read the calibration {path}: {error.strerror}") from None
    if plain is None:
        raise CopeError(f"{path} is not a calibration: make one with cope calibrate RECORD -o FILE")
    if plain["format"] != FORMAT:
        raise CopeError(
            f"{path} was written by another version of the package: make it anew with cope calibrate RECORD"
        )
    digest_then = plain.pop("digest", None)
    if digest_then != _digest_of(plain) or {f.name for f in fields(Certificate)} != plain.keys() - {
        "format"
    }:
        raise CopeError(
            f"{path} was changed after cope calibrate wrote it, so its promise does not hold: make it anew with cope calibrate"
        )
    try:
        check_certificate(plain)
    except ValueError as error:
        raise CopeError(
            f"{path} is not a calibration ({error}): make it anew with cope calibrate"
        ) from None
    return Certificate(**{name: value for name, value in plain.items() if name != "format"})


def is_calibration(path: str | Path) -> bool:
    """Whether a file is a calibration, of this version of the package or another."""
    try:
        return _read(path) is not None
    except OSError:
        return False


def _read(path: str | Path) -> dict[str, Any] | None:
    """The content of a calibration's file; None where it is something else."""
    try:
        plain = read_json(Path(path))
    except ValueError:
        return None
    return (
        plain
        if isinstance(plain, dict) and str(plain.get("format", "")).startswith(_FAMILY)
        else None
    )


def _digest_of(plain: Mapping[str, Any]) -> str:
    return digest(json.loads(json.dumps(plain)))


def calibration_fingerprint(program: ProgramIdentity) -> str:
    """A digest of what a program asks whom; thresholds and numbers of samples, which a calibration sets, are left out."""
    rounds = [r.identity(left_out=("threshold", "samples", "plans")) for r in program.preset.rounds]
    return digest(
        rounds, [r.plans > 1 for r in program.preset.rounds], program.domain, program.prompts
    )


def describe_setting(thresholds: Iterable[float], samples: int | None) -> str:
    """A setting in words.

    >>> describe_setting((0.75, 2 / 3), 8)
    'thresholds 0.75, 0.667 with 8 samples'
    """
    gates = [f"{threshold:.3g}" for threshold in thresholds]
    many = f" with {samples} sample{'s' * (samples != 1)}" if samples else ""
    return f"threshold{'s' * (len(gates) != 1)} {', '.join(gates)}{many}"


def answer_fingerprint(answer: str | None) -> str | None:
    """A digest of a right answer, however it is spaced; None where there is none."""
    return None if answer is None else digest(" ".join(answer.split()))

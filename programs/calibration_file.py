"""The file of a calibration: the chosen setting, its guarantee, and what it is valid for."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..errors import CopeError
from ..models.team import PROMPT_SETTINGS
from ..stats.tiers import LARGE
from ..util.digest_file import content_digest, has_format, read_format
from ..util.hashing import question_fingerprint
from ..util.redact import redact_data
from ..util.text import plural
from .calibration_fingerprints import answer_fingerprint, calibration_fingerprint
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
        promise: the guarantee, as a sentence.
        setting: `thresholds` and `samples`; None when the last tier alone answers.
        aim: harm, delta, loss, the minimized measure, budget, group column, seed of the split.
        p: the p-value of the chosen setting.
        program: `name` of the calibrated program, `source` of its samples (`recorded` or
            `imported`), `domain`, `mark` (see `calibration_fingerprint`).
        models: the model of each tier.
        weights: a digest of the model's weights by tier, without the tiers where it is unknown.
        asked: adapter, maximum lengths, test visibility, and the rule `early_stop`; a replay counts
            as the exact rule does.
        data: task, fingerprint, and the number of questions and units of each half.
        rows: fingerprints of the questions of each half.
        gold: a digest of the right answer by the question's fingerprint, where there is one.
        held_out: figures of the chosen setting and of the last tier alone, and the savings. The
            test chose the setting on these questions.
        tested: the settings of the sequence in order, with their figures on both halves.
        tried: number of settings compared on the first half.
        more: further reports.
        sequence: `name` of what ordered the settings (`monotone` or `split`) and what was `asked`
            for, the number of `units`, and the fewest that each sequence has `needed`. Files of
            earlier versions, whose settings half of the questions ordered, do not have it.
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
    sequence: dict[str, Any] = field(default_factory=lambda: {"name": "split"})

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the file. Its `digest` covers the rest, so that an edit shows."""
        plain = redact_data({"format": FORMAT} | asdict(self))
        plain["digest"] = content_digest(plain)
        return plain

    @property
    def last_tier(self) -> str:
        """The tier whose answers are the reference; files of earlier versions do not name it."""
        return str(self.aim.get("last_tier", LARGE))

    @property
    def description(self) -> str:
        """The chosen setting."""
        if self.setting is None:
            return f"the {self.last_tier} model alone"
        return describe_setting(self.setting["thresholds"], self.setting["samples"])

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            CopeError: when it cannot be written.
        """
        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
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
        """Return why the guarantee does not hold for a program; None when it may hold.

        Args:
            program: the program; its thresholds and numbers of samples do not matter.
            models: the model of each tier.
            asked: adapter and maximum lengths; `early_stop`, by default the exact rule; `shown`,
                the test visibility.
            task: the task's name, where there is one. The test visibility matters on the recorded
                task only.
            weights: a digest of the model's weights by tier; unknown digests do not matter.
        """
        return (
            self._program_mismatch(program)
            or self._model_mismatch(models, weights or {})
            or self._visibility_mismatch(task, asked.get(SHOWN))
            or self._setting_mismatch(asked)
        )

    def _program_mismatch(self, program: ProgramIdentity) -> str | None:
        if self.program["mark"] == calibration_fingerprint(program):
            return None
        if self.program["source"] == "imported":
            return (
                "it was made from imported samples, whose prompts are not known: only their record "
                "is replayed with it"
            )
        domain = self.program["domain"]
        if domain != program.domain:
            return (
                f"it is for questions of kind {domain!r}, and these are {program.domain!r}: with "
                f"cope ask give --task {domain}, or calibrate again"
            )
        return (
            f"it was made for another program, {self.program['name']!r}: give the --preset or "
            "--program that was recorded (--program none for a preset as it is), or calibrate again"
        )

    def _model_mismatch(
        self, models: Mapping[str, str], weights: Mapping[str, str | None]
    ) -> str | None:
        for tier, model in self.models.items():
            if tier in models and models[tier] != model:
                return (
                    f"its {tier} model is {model}, and not {models[tier]}: give --{tier} {model}, "
                    "or calibrate again"
                )
            known, current = self.weights.get(tier), weights.get(tier)
            if known and current and known != current:
                return (
                    f"its {tier} model {model} had other weights ({known[:19]}..., and not "
                    f"{current[:19]}...): bring those, or calibrate again"
                )
        return None

    def _visibility_mismatch(self, task: str | None, shown: str | None) -> str | None:
        before = self.asked.get(SHOWN)
        if task != self.data["task"] or not before or not shown or before == shown:
            return None
        return (
            f"it was made with {before}, and here it is {shown}: give the record's --visible, or "
            "calibrate again on a record with this one"
        )

    def _setting_mismatch(self, asked: Mapping[str, Any]) -> str | None:
        rule, recorded = asked.get(RULE, EXACT), self.asked.get(RULE, EXACT)
        if rule != recorded and {rule, recorded} != {EXACT, NONE}:  # these two decide alike
            return (
                f"it was made with --early-stop {recorded}, and {rule} may decide otherwise: give "
                f"--early-stop {recorded}"
            )
        for setting, value in self.asked.items():
            if setting in PROMPT_SETTINGS and setting in asked and asked[setting] != value:
                option = setting.replace("_", "-")
                return (
                    f"it was made with --{option} {value}, and not {asked[setting]}: give that, or "
                    "calibrate again"
                )
        return None

    def warnings(
        self, task: str, questions: Iterable[str], gold: Iterable[str | None] | None = None
    ) -> list[str]:
        """Return reasons to doubt the guarantee on some questions.

        Args:
            task: the task's name.
            questions: the questions.
            gold: their right answers, None for an unknown one; None leaves them out.
        """
        asked = [question_fingerprint(question) for question in questions]
        known = set().union(*self.rows.values())
        overlap = sum(fingerprint in known for fingerprint in asked)
        found = []
        if task != self.data["task"]:
            found.append(
                f"the calibration is of {self.data['task']} and these questions are of {task}: its "
                "guarantee is about questions like its own"
            )
        if overlap:
            found.append(
                f"the thresholds were chosen on {overlap} of these {len(asked)} questions, so "
                "figures on them say little about new ones"
            )
        common = different = 0
        for name, answer in zip(asked, gold or (), strict=gold is not None):
            current = answer_fingerprint(answer)
            if current and name in self.gold:
                common += 1
                different += current != self.gold[name]
        if different:
            found.append(
                f"{different} of {common} questions in common have another right answer than when "
                "the thresholds were chosen: that is other data, and the guarantee is about the old"
            )
        return found


def load_certificate(path: str | Path) -> Certificate:
    """Load a file that `Certificate.save` wrote.

    Raises:
        CopeError: for any other file, and for a changed one.
    """
    try:
        plain = read_format(path, _FAMILY)
    except OSError as error:
        raise CopeError(f"cannot read the calibration {path}: {error.strerror}") from None
    if plain is None:
        raise CopeError(f"{path} is not a calibration: make one with cope calibrate RECORD -o FILE")
    if plain["format"] != FORMAT:
        raise CopeError(
            f"{path} was written by another version of the package: make it again with "
            "cope calibrate RECORD"
        )
    saved_digest = plain.pop("digest", None)
    unchanged = saved_digest == content_digest(plain)
    del plain["format"]
    if not unchanged or plain.keys() | {"sequence"} != {one.name for one in fields(Certificate)}:
        raise CopeError(
            f"{path} was changed after cope calibrate wrote it, so its guarantee does not hold: "
            "make it again with cope calibrate"
        )
    try:
        check_certificate(plain)
    except ValueError as error:
        raise CopeError(
            f"{path} is not a calibration ({error}): make it again with cope calibrate"
        ) from None
    return Certificate(**plain)


def is_calibration(path: str | Path) -> bool:
    """Return whether a file is a calibration, of any version of the package."""
    return has_format(path, _FAMILY)


def describe_setting(thresholds: Iterable[float], samples: int | None) -> str:
    """Describe a setting.

    >>> describe_setting((0.75, 2 / 3), 8)
    'thresholds 0.75, 0.667 with 8 samples'
    """
    gates = [f"{threshold:.3g}" for threshold in thresholds]
    many = f" with {plural(samples, 'sample')}" if samples else ""
    return f"threshold{'s' * (len(gates) != 1)} {', '.join(gates)}{many}"

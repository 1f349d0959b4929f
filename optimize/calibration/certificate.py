"""The file of a calibration: what was chosen and promised, and the program, models and data that it holds for."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ... import __version__
from ...errors import CopeError
from ...eval import MEASURES
from ...eval.records import digest, fingerprint
from ...eval.replay_match import Program, recorded_program
from ...programs.early_stop import EXACT, NONE
from .calibrating import Calibration

FORMAT = "cope-calibration-1"
ASKED = ("adapter", "max_tokens", "context")
"""Of what a record was made with, what changes the requests."""
RULE = "early_stop"


@dataclass(frozen=True)
class Certificate:
    """A calibration as plain data.

    Attributes:
        promise: in a sentence.
        setting: `thresholds` and `samples`; None when the large model alone answers.
        aim: harm, delta, loss, what was minimized, budget, group column, seed of the split.
        p: p-value of what was chosen.
        program: `name` of the calibrated program, `source` of its samples (`recorded` or `imported`), `mark` (see `mark_of`).
        models: each tier's model.
        asked: adapter, greatest lengths, and the rule `early_stop`: a replay counts as the exact rule does.
        data: task, fingerprint, and how many questions and units each half has.
        rows: fingerprints of the questions of each half.
        held_out: figures of the chosen setting and of the large model alone.
        tested: the settings of the sequence in order, with what they came to on both halves.
        tried: how many settings were compared on the first half.
        more: reports beside it.
    """

    promise: str
    setting: dict[str, Any] | None
    aim: dict[str, Any]
    p: float | None
    program: dict[str, Any]
    models: dict[str, str]
    asked: dict[str, Any]
    data: dict[str, Any]
    rows: dict[str, list[str]]
    held_out: dict[str, Any]
    tested: list[dict[str, Any]]
    tried: int
    more: dict[str, Any]
    created: str = ""
    version: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @property
    def words(self) -> str:
        """What was chosen."""
        return (
            setting_words(self.setting["thresholds"], self.setting["samples"])
            if self.setting
            else "the large model alone"
        )

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            CopeError: when it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise CopeError(
                f"cannot write the calibration {path}: {error.strerror}; name another file with -o"
            ) from None

    def misfit(self, program: Program, models: Mapping[str, str], asked: Mapping[str, Any]) -> str | None:
        """Why the promise does not hold for a program, in words; None when it may.

        Args:
            program: the program, its thresholds and numbers of samples apart.
            models: each tier's model.
            asked: adapter and greatest lengths; `early_stop`, the exact rule where it is left out.
        """
        if self.program["mark"] != mark_of(program):
            if self.program["source"] == "imported":
                return "it was made from imported samples, whose prompts are not known: only their record is replayed with it"
            return (
                f"it was made for another program, {self.program['name']!r}: give the --preset or --program that was recorded "
                "(--program none for a preset as it is), or calibrate anew"
            )
        for tier, model in self.models.items():
            if tier in models and models[tier] != model:
                return f"its {tier} model is {model}, and not {models[tier]}: give --{tier} {model}, or calibrate anew"
        rule, theirs = (settings.get(RULE, EXACT) for settings in (asked, self.asked))
        if rule != theirs and {rule, theirs} != {EXACT, NONE}:  # these two decide alike
            return (
                f"it was made with --early-stop {theirs}, and {rule} may decide otherwise: give --early-stop {theirs}"
            )
        for setting, value in self.asked.items():
            if setting != RULE and setting in asked and asked[setting] != value:
                option = setting.replace("_", "-")
                return f"it was made with --{option} {value}, and not {asked[setting]}: give that, or calibrate anew"
        return None

    def warnings(self, task: str, questions: Iterable[str]) -> list[str]:
        """What speaks against the promise on these questions, in sentences.

        Args:
            task: the task's name.
            questions: in words.
        """
        asked = [_print_of(question) for question in questions]
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
        return found


def certify(calibration: Calibration, **more: Any) -> Certificate:
    """What a calibration's file holds; `more` are reports to keep beside it."""
    record, halves, setting = calibration.record, calibration.halves, calibration.setting
    manifest, chosen = record.manifest, calibration.held_out
    name = next(iter(record.programs))
    aim = {**asdict(calibration.aim), "minimized": MEASURES[str(calibration.aim.minimize)].words}
    return Certificate(
        promise=calibration.promise,
        setting=setting._asdict() if setting else None,
        aim=aim,
        p=calibration.p,
        program={"name": name, "source": manifest.source, "mark": mark_of(recorded_program(record, name))},
        models=manifest.models,
        asked={**{name: manifest.settings[name] for name in ASKED if name in manifest.settings}, RULE: EXACT},
        data={
            "task": manifest.task, "fingerprint": manifest.data_fingerprint, "questions": len(record),
            "grouped": halves.grouped,
            **{side: {"questions": len(half.rows), "units": half.units} for side, half in _named(calibration)},
        },
        rows={side: sorted(_print_of(record.questions[row]) for row in half.rows) for side, half in _named(calibration)},
        held_out={
            "chosen": chosen[0].as_dict() if chosen[0] else None, "large": chosen[1].as_dict(),
        },
        tested=list(_tested(calibration)),
        tried=len(calibration.trials.settings),
        more={**more, "units_needed": None if calibration.choice.passed else calibration.needed},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
    )  # fmt: skip


def _named(calibration: Calibration) -> tuple[tuple[str, Any], tuple[str, Any]]:
    return ("learn", calibration.halves.learn), ("test", calibration.halves.test)


def _tested(calibration: Calibration) -> Iterable[dict[str, Any]]:
    """The sequence up to the first that fails; what comes after was not tested."""
    choice, tried = calibration.choice, calibration.trials
    use = tried.learn_use[str(calibration.aim.minimize)]
    for place, index in enumerate(choice.sequence[: choice.passed + 1]):
        yield {
            **tried.settings[index]._asdict(), "learn_loss": float(tried.learn_loss[index]),
            "learn_use": float(use[index]), "test_loss": float(tried.test_loss[index] / calibration.halves.test.units),
            "p": float(choice.p[place]), "passed": place < choice.passed,
        }  # fmt: skip


def load_certificate(path: str | Path) -> Certificate:
    """A file that `Certificate.save` wrote.

    Raises:
        CopeError: when it is none.
    """
    try:
        plain = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CopeError(f"cannot read the calibration {path}: {error.strerror}") from None
    except ValueError:
        plain = None
    known = {f.name for f in fields(Certificate)}
    if not isinstance(plain, dict) or plain.pop("format", None) != FORMAT or known != plain.keys():
        raise CopeError(f"{path} is not a calibration: make one with cope calibrate RECORD -o {path}")
    return Certificate(**plain)


def mark_of(program: Program) -> str:
    """A digest of what a program asks whom; thresholds and numbers of samples, which a calibration sets, are left out."""
    rounds = [r.model_dump(exclude={"threshold", "samples", "plans"}) for r in program.preset.rounds]
    return digest(rounds, [r.plans > 1 for r in program.preset.rounds], program.domain, program.prompts)


def setting_words(thresholds: Iterable[float], samples: int | None) -> str:
    """A setting in words.

    >>> setting_words((0.75, 2 / 3), 8)
    'thresholds 0.75, 0.667 with 8 samples'
    """
    gates = [f"{threshold:.3g}" for threshold in thresholds]
    many = f" with {samples} sample{'s' * (samples != 1)}" if samples else ""
    return f"threshold{'s' * (len(gates) != 1)} {', '.join(gates)}{many}"


def _print_of(question: str) -> str:
    return fingerprint(SimpleNamespace(question=question))  # type: ignore[arg-type]

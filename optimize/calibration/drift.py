"""Compare the traffic of a server with what the calibration that it is served with promised.

Three things are tested, each at the level alpha divided by the number of tests, so that without
any drift the probability of a false alarm is at most alpha (Bonferroni):

- the rounds that answer, of all requests, against the tested questions of the calibration, by
  `homogeneity_p_value`. Early stopping changes no decision, so all requests are comparable;
- the confidence of the first round, of the audited requests only, because early stopping leaves
  samples of the others out, by the same test;
- the audited answers that differ from the last tier's own: against the guarantee where it is about
  disagreement, by `exceeds_p_value`, which holds however often it is looked at; else against the
  tested questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import CopeError
from ...eval import Recording, Replay
from ...eval.recording.schema import RecordingManifest
from ...eval.recording.traffic import read_traffic
from ...models.team import PROMPT_SETTINGS
from ...programs.identity import ProgramIdentity
from ...programs.preset import parse_preset
from ...stats.drift import exceeds_p_value, homogeneity_p_value
from .certification import Certificate, load_certificate
from .reference import REFERENCE, confidence_counts, first_confidences


@dataclass(frozen=True)
class DriftFinding:
    """One comparison of the traffic with the calibration.

    Attributes:
        name: `rounds`, `confidence` or `disagreement`.
        text: a sentence with both figures.
        p: the p-value of no drift; None when nothing could be compared.
        drifted: whether it is below the level of the test.
    """

    name: str
    text: str
    p: float | None = None
    drifted: bool = False


@dataclass(frozen=True)
class DriftReport:
    """All comparisons of a record.

    Attributes:
        requests: the number of compared requests.
        audited: how many of them were audited.
        skipped: lines that could not be read.
        other: requests that another program answered.
        alpha: the probability of a false alarm at most.
        findings: the comparisons.
    """

    requests: int
    audited: int
    skipped: int
    other: int
    alpha: float
    findings: list[DriftFinding]

    @property
    def drifted(self) -> bool:
        """Whether any comparison shows a drift."""
        return any(finding.drifted for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {"drifted": self.drifted, **asdict(self)}

    def lines(self) -> list[str]:
        """Return a sentence for each finding."""
        lines = []
        for finding in self.findings:
            verdict = "not compared"
            if finding.p is not None:
                verdict = "drifted" if finding.drifted else "no drift"
                verdict += f", p = {finding.p:.4f}"
            lines.append(f"{finding.name}: {finding.text} ({verdict})")
        return lines


def find_drift(
    record: str | Path,
    certificate: str | Path | None = None,
    *,
    alpha: float = 0.05,
    last: int | None = None,
) -> DriftReport:
    """Compare the record of a server with its calibration.

    Args:
        record: a file of `cope serve --record`.
        certificate: the file of the calibration; None is the one that it was served with.
        alpha: the probability of a false alarm at most.
        last: the number of requests from the end; None for all.

    Raises:
        CopeError: when a file cannot be read, no calibration is known, or it is of another program.

    >>> find_drift("traffic.jsonl", "calibration.json").drifted  # doctest: +SKIP
    False
    """
    traffic = read_traffic(record)
    file = certificate or traffic.certificate
    if file is None:
        raise CopeError(f"{record} was served without a calibration: name one with --certificate")
    promised = load_certificate(file)
    _check_program(record, promised, traffic.manifest)
    served = traffic.served[-last:] if last else traffic.served
    if not served:
        raise CopeError(f"{record} has no request yet")
    names = [line["id"] for line in served]
    audited = [name for name in names if name in traffic.audits]
    known = promised.more.get(REFERENCE) or _held_out_counts(promised)
    lost = [not traffic.audits[name]["agrees"] for name in audited]
    compared = [
        _rounds([line["round"] for line in served], known["rounds"]),
        _confidence(record, known, set(audited)),
        _disagreement(promised, known, lost),
    ]
    tests = sum(finding.p is not None for finding in compared)
    findings = []
    for one in compared:
        drifted = one.p is not None and one.p <= alpha / tests
        findings.append(DriftFinding(one.name, one.text, one.p, drifted))
    return DriftReport(len(served), len(audited), traffic.skipped, traffic.other, alpha, findings)


def _check_program(
    record: str | Path, certificate: Certificate, manifest: RecordingManifest
) -> None:
    """Raise an error when a calibration is of another program, or was not served."""
    setting = certificate.setting
    if setting is None:
        raise CopeError("the last tier alone was chosen, so nothing can drift from it")
    entry = manifest.programs[0]
    preset = parse_preset(entry["preset"], str(record))
    thresholds = tuple(setting["thresholds"])
    if preset.with_overrides(samples=setting["samples"], thresholds=thresholds) != preset:
        raise CopeError(
            f"{record} was served with other thresholds or samples than the calibration chose "
            f"({certificate.description}): serve with --calibration"
        )
    state = dict(entry["state"] or {}) | {"preset": entry["preset"]}
    asked = {name: manifest.settings.get(name) for name in PROMPT_SETTINGS}
    asked = {name: value for name, value in asked.items() if value is not None}
    reason = certificate.mismatch_reason(
        ProgramIdentity.of_state(state, str(record)), manifest.models, asked
    )
    if reason:
        raise CopeError(f"the calibration is not the one of {record}: {reason}")


def _held_out_counts(certificate: Certificate) -> dict[str, Any]:
    """Return what a calibration of an earlier version says of its tested questions."""
    chosen = certificate.held_out["chosen"]
    questions = chosen["questions"] - chosen["unknown"]
    return {"rounds": [round(share * questions) for share in chosen["rounds"]]}


def _rounds(answered: Sequence[int], promised: Sequence[int]) -> DriftFinding:
    """Compare the rounds that answered the requests with those of the tested questions.

    Args:
        answered: the round of each request, from 1.
        promised: how many of the tested questions each round answered.
    """
    if not sum(promised):
        return DriftFinding("rounds", "the calibration knows no rounds of its questions")
    seen = [answered.count(number) for number in range(1, len(promised) + 1)]
    text = (
        f"the rounds answer {_shares(seen)} of {sum(seen):,} requests, and {_shares(promised)} of "
        f"{sum(promised):,} tested questions"
    )
    return DriftFinding("rounds", text, homogeneity_p_value(promised, seen))


def _confidence(record: str | Path, known: Mapping[str, Any], audited: set[str]) -> DriftFinding:
    promised = known.get("confidence")
    if promised is None:
        return DriftFinding("confidence", "the calibration is of an earlier version: make it again")
    if not audited:
        return DriftFinding("confidence", "no request was audited: serve with --audit 2%")
    recording = Recording.open(record)
    chosen = [row for row, name in enumerate(recording.ids) if name in audited]
    seen = confidence_counts(first_confidences(Replay(recording))[chosen])
    levels = sorted({*promised, *seen})
    counts = [promised.get(level, 0) for level in levels], [seen.get(level, 0) for level in levels]
    text = (
        f"the mean confidence of the first round is {_mean(seen):.2f} in "
        f"{sum(seen.values()):,} audited requests, and {_mean(promised):.2f} in "
        f"{sum(promised.values()):,} tested questions"
    )
    return DriftFinding("confidence", text, homogeneity_p_value(*counts))


def _disagreement(
    certificate: Certificate, known: Mapping[str, Any], lost: Sequence[bool]
) -> DriftFinding:
    name = "disagreement"
    if not lost:
        return DriftFinding(name, "no request was audited: serve with --audit 2%")
    seen = (
        f"{sum(lost)} of {len(lost):,} audited answers ({sum(lost) / len(lost):.1%}) differ from "
        f"those of {certificate.last_tier}"
    )
    if certificate.aim["loss"] == name and not certificate.data["grouped"]:
        most = float(certificate.aim["harm"])
        text = f"{seen}, and {most:.1%} are guaranteed at most"
        return DriftFinding(name, text, exceeds_p_value(lost, most))
    disagreed, compared = known.get("disagreed"), known.get("compared")
    if disagreed is None or not compared:
        return DriftFinding(name, f"{seen}; the calibration does not know how many did then")
    p = homogeneity_p_value([compared - disagreed, disagreed], [len(lost) - sum(lost), sum(lost)])
    text = (
        f"{seen}, and {disagreed} of {compared:,} tested questions did ({disagreed / compared:.1%})"
    )
    return DriftFinding(name, text, p)


def _shares(counts: Sequence[int]) -> str:
    total = sum(counts)
    return ", ".join(f"{count / total:.0%}" for count in counts)


def _mean(counts: Mapping[str, int]) -> float:
    total = sum(float(level) * count for level, count in counts.items())
    return total / sum(counts.values())

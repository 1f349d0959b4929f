"""The record of a server: one JSON line a request, and one for each audited answer.

A server appends to it, so it is a file of lines and no Parquet file. A line that a kill tore is
left out. The audited requests have all samples of all rounds, as a recording has them, so that
thresholds are calibrated on them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from annotated_types import Ge, Le
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ...errors import CopeError
from ...util.hashing import digest
from ...util.json_text import parse_json
from ...util.validate import check_type
from .schema import SCHEMA, RecordingManifest

TRAFFIC_FORMAT = "cope-traffic-1"
PROGRAM, SERVED, AUDIT = "program", "served", "audit"
"""The kinds of lines."""

Share = Annotated[float, Ge(0), Le(1)]


class ServedRound(TypedDict):
    """A round of a request: whether its answer was accepted, and by which confidence."""

    round: Annotated[int, Ge(1)]
    confidence: Share
    accepted: bool
    asked: Annotated[int, Ge(0)]


class ServedLine(TypedDict):
    """A request that was answered. Seconds and USD are those of the answer."""

    kind: Literal["served"]
    program: str
    id: str
    time: float
    question: str
    answer: str | None
    round: Annotated[int, Ge(1)]
    confidence: Share
    rounds: list[ServedRound]
    seconds: float
    usd: float | None


class AuditLine(TypedDict):
    """An answer that was compared with the last tier's own, and all samples of all rounds."""

    kind: Literal["audit"]
    program: str
    id: str
    time: float
    answer: str | None
    agrees: bool
    usd: float | None
    rows: list[dict[str, Any]]


class ProgramLine(TypedDict):
    """The program that answered the requests after it.

    Attributes:
        program: its name in the other lines.
        manifest: that of a recording, see `RecordingManifest`.
        certificate: the file of the calibration that it was served with; None without one.
    """

    kind: Literal["program"]
    format: str
    program: str
    manifest: dict[str, Any]
    certificate: str | None


@dataclass
class Traffic:
    """The requests of the program that a server started with last.

    Attributes:
        manifest: describes the program.
        certificate: the file of the calibration that it was served with; None without one.
        served: the requests, in the order of their ends.
        audits: the audited answers by the id of the request.
        skipped: lines that could not be read.
        other: requests that another program answered, such as one before a change of its prompts.
    """

    manifest: RecordingManifest
    certificate: str | None
    served: list[ServedLine] = field(default_factory=list)
    audits: dict[str, AuditLine] = field(default_factory=dict)
    skipped: int = 0
    other: int = 0


def is_traffic(path: str | Path) -> bool:
    """Return whether a file is the record of a server."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(1000)
    except OSError:
        return False
    return start.startswith(b"{") and TRAFFIC_FORMAT.encode() in start


def program_line(manifest: RecordingManifest, certificate: str | None) -> ProgramLine:
    """Return the line that describes a program; equal programs have equal names."""
    plain = manifest.as_dict()
    name = digest([entry["digest"] for entry in manifest.programs], manifest.models)
    return {
        "kind": PROGRAM,
        "format": TRAFFIC_FORMAT,
        "program": name,
        "manifest": plain,
        "certificate": certificate,
    }


def read_traffic(path: str | Path) -> Traffic:
    """Read the record of a server, also while it is written.

    Raises:
        CopeError: when there is no such file, or it is none of `cope serve --record`.
    """
    lines: list[dict[str, Any]] = []
    skipped = 0
    for line in _lines(path):
        if line is None:
            skipped += 1
        else:
            lines.append(line)
    programs = [line for line in lines if line["kind"] == PROGRAM]
    if not programs:
        raise CopeError(f"{path} is no record of a server: make one with cope serve --record FILE")
    latest = programs[-1]
    traffic = Traffic(_manifest(path, latest), latest["certificate"], skipped=skipped)
    for line in lines:
        if line["kind"] == PROGRAM:
            continue
        if line["program"] != latest["program"]:
            traffic.other += line["kind"] == SERVED
        elif line["kind"] == SERVED:
            traffic.served.append(line)  # type: ignore[arg-type]
        else:
            traffic.audits[line["id"]] = line  # type: ignore[assignment]
    return traffic


def read_audited(path: str | Path) -> tuple[RecordingManifest, pa.Table]:
    """Read the audited requests of a server's record as a recording, without right answers.

    Raises:
        CopeError: when there is no such file, or no request was audited.
    """
    traffic = read_traffic(path)
    rows: list[dict[str, Any]] = []
    copies: dict[str, int] = {}
    for audit in traffic.audits.values():
        key = str(audit["rows"][0]["key"])
        copies[key] = copies.get(key, 0) + 1
        if copies[key] > 1:  # equal questions count each
            key = f"{key}-{copies[key]}"
        for row in audit["rows"]:
            row["key"] = key
            rows.append(row)
    if not rows:
        raise CopeError(
            f"{path} has no audited requests, which a calibration needs: serve with --audit 2%"
        )
    manifest = replace(traffic.manifest, questions=len(traffic.audits))
    try:
        return manifest, pa.Table.from_pylist(rows, SCHEMA)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise CopeError(f"{path} is damaged: {error}") from None


def _lines(path: str | Path) -> Iterator[dict[str, Any] | None]:
    """Yield each line; None for one that a kill tore or something else wrote."""
    try:
        with Path(path).open("rb") as file:
            for line in file:
                yield _parse(line)
    except OSError as error:
        raise CopeError(f"cannot read the record {path}: {error.strerror}") from None


_TYPES: dict[str, Any] = {PROGRAM: ProgramLine, SERVED: ServedLine, AUDIT: AuditLine}


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        entry = parse_json(line)
        check_type(_TYPES[entry["kind"]], entry)
    except (ValueError, KeyError, TypeError):
        return None
    if entry["kind"] == AUDIT and not entry["rows"]:
        return None
    return entry


def _manifest(path: str | Path, line: dict[str, Any]) -> RecordingManifest:
    document = line["manifest"]
    try:
        check_type(RecordingManifest, document)
    except ValueError as error:
        raise CopeError(f"{path} is no record of a server: {error}") from None
    names = {one.name for one in fields(RecordingManifest)}
    known = {name: value for name, value in document.items() if name in names}
    return RecordingManifest(**known)

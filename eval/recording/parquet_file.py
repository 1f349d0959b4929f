"""Write and read the Parquet file of a recording."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import CopeError, first_line
from ...util.json_text import parse_json
from ...util.redact import redact_data
from ...util.validate import check_type
from .schema import FORMAT_VERSION, METADATA_KEY, SCHEMA, RecordingManifest
from .traffic import is_traffic, read_audited

_ROWS_PER_WRITE = 20_000


def write_recording(
    path: Path, manifest: RecordingManifest, rows: Iterable[Mapping[str, Any]]
) -> None:
    """Write a recording; the file appears when it is complete.

    Args:
        path: the file.
        manifest: where the rows come from.
        rows: the rows, sorted by question, program, round and sample; a column that a row lacks is
            null.

    Raises:
        CopeError: when the file cannot be written.
    """
    document: dict[str, Any] = {"format": FORMAT_VERSION}
    document |= manifest.as_dict()
    text = json.dumps(redact_data(document), ensure_ascii=False, default=str)
    schema = SCHEMA.with_metadata({METADATA_KEY: text.encode()})
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for batch in _batches(rows):
                writer.write_table(pa.Table.from_pylist(redact_data(batch), schema))
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise CopeError(
            f"cannot write the record {path}: {error.strerror or error}; name another file with -o"
        ) from None


def read_recording(path: str | Path) -> tuple[RecordingManifest, pa.Table]:
    """Read a recording's manifest and rows; of a server's record those of audited requests.

    Raises:
        CopeError: when there is no such file, it is not a recording, or it is from a later version
            of the package.
    """
    if is_traffic(path):
        return read_audited(path)
    try:
        table = pq.read_table(path)
    except FileNotFoundError:
        raise CopeError(
            f"there is no record {path}: make one with `cope record` or `cope import`"
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise CopeError(f"{path} is not a record: {first_line(error)}") from None
    manifest = (table.schema.metadata or {}).get(METADATA_KEY)
    if manifest is None:
        raise CopeError(f"{path} holds Parquet, but no record of `cope record` or `cope import`")
    return _read_manifest(manifest, path), table


def _read_manifest(text: bytes, path: str | Path) -> RecordingManifest:
    try:
        document = dict(parse_json(text))
        version = int(document.pop("format"))
        check_type(RecordingManifest, document)
        names = {field.name for field in fields(RecordingManifest)}
        manifest = RecordingManifest(**{k: v for k, v in document.items() if k in names})
    except (ValueError, KeyError, TypeError) as error:
        raise CopeError(
            f"{path} is not a record: its manifest is damaged ({type(error).__name__}: {error})"
        ) from None
    if version > FORMAT_VERSION:
        raise CopeError(
            f"{path} was written by a later version of the package ({manifest.version}): update it"
        )
    return manifest


def is_recording(path: str | Path) -> bool:
    """Return whether a file is a recording, of any version of the package.

    Only the schema is read.
    """
    try:
        return METADATA_KEY in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_PER_WRITE)):
        yield batch

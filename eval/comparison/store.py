"""The folder of a comparison: the runs of its systems, its document and its pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import (
    Any,
    NotRequired,  # pydantic checks it on Python 3.11
)

from typing_extensions import TypedDict

from ...errors import CopeError
from ...util.files import read_metadata, write_atomic, write_metadata
from ...util.validate import check_type

DOCUMENT_FILE = "comparison.json"
_METADATA_FILE = "notes.json"
_PLOT_FILE = "comparison.png"


class _StoredRepeats(TypedDict):
    """The folders of the comparisons with all seeds."""

    folders: list[str]


class _StoredDocument(TypedDict):
    """The part of a document that is read back; a report computes the rest from the results."""

    folders: NotRequired[dict[str, str] | None]
    group_of: NotRequired[dict[str, str] | None]
    margin: NotRequired[float]
    repeats: NotRequired[_StoredRepeats | None]
    left_out: NotRequired[dict[str, str] | None]
    mlflow: NotRequired[dict[str, str | None] | None]


class ComparisonStore:
    """The folder of a comparison. Each run in it is a `RunStore`.

    Only this class knows the names of the other files.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def plot_file(self) -> Path:
        """The file of the picture, unless the user names another one."""
        return self.path / _PLOT_FILE

    def metadata(self) -> dict[str, Any]:
        """Return the facts that are saved about the comparison, such as its MLflow run.

        Empty for a new comparison.
        """
        return read_metadata(self.path / _METADATA_FILE)

    def update_metadata(self, **values: Any) -> None:
        """Save facts about the comparison.

        Raises:
            CopeError: if the file cannot be written.
        """
        write_metadata(self.path / _METADATA_FILE, **values)

    def write_document(self, document: Mapping[str, Any]) -> None:
        """Save the comparison as plain data.

        Raises:
            CopeError: if the file cannot be written.
        """
        file = self.path / DOCUMENT_FILE
        try:
            write_atomic(file, json.dumps(document, ensure_ascii=False, indent=1))
        except OSError as error:
            raise CopeError(
                f"cannot write {file}: {error.strerror}; make room and run the command again"
            ) from None

    def read_document(self) -> dict[str, Any]:
        """Return the comparison as plain data; empty if the document is missing or damaged."""
        try:
            document = read_metadata(self.path / DOCUMENT_FILE)
            check_type(_StoredDocument, document)
        except (OSError, ValueError):
            return {}
        return document

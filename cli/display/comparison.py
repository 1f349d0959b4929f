"""Print a comparison."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...eval.comparison.store import DOCUMENT_FILE
from ...eval.comparison.tables import WIDTH, print_tables
from .tables import result_console

if TYPE_CHECKING:
    from ...eval.comparison import Comparison


def print_comparison(comparison: "Comparison", document: Mapping[str, Any]) -> None:
    """Print tables and sentences on stdout, and the paths of the files on stderr."""
    print_tables(result_console(WIDTH), comparison, document)
    places = []
    if document["folder"]:
        places.append(f"all figures in {document['folder']}/{DOCUMENT_FILE}")
    if document["pictures"]:
        places.append(f"pictures: {', '.join(document['pictures'])}")
    if document["mlflow"]:
        places.append(f"MLflow run {document['mlflow']['run']} (see it with: cope ui)")
    if places:
        print("; ".join(places), file=sys.stderr)

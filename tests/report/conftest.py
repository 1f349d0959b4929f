"""One record for all tests of the report: making it takes a second."""

from pathlib import Path

import pytest
from support.report_sources import record_in

from cope.eval import Recording


@pytest.fixture(scope="session")
def record_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record")


@pytest.fixture(scope="session")
def record(record_folder: Path) -> Recording:
    """`cope`, and the large model alone beside, on 12 questions; in the file `r.parquet`."""
    return record_in(record_folder)

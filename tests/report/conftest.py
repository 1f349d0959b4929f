"""One record for all tests of the report, and its plots: making them takes seconds. Tests only read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.report_sources import record_in

from cope.eval import Recording
from cope.report import draw_files, open_source, page, render_page, report_data
from cope.report.plots.gallery import page_plots


@pytest.fixture(scope="session")
def record_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record")


@pytest.fixture(scope="session")
def record(record_folder: Path) -> Recording:
    """`cope`, and the large model alone beside, on 12 questions; in the file `r.parquet`."""
    return record_in(record_folder)


@pytest.fixture(scope="session")
def record_figures(record: Recording, record_folder: Path) -> dict[str, Any]:
    """The report's data of the record."""
    return report_data(open_source(record_folder / "r.parquet"))


@pytest.fixture(scope="session")
def record_plots(record_figures: dict[str, Any]) -> dict[str, dict[str, str]]:
    """The plots of the record's page, in which a system has a name that must be escaped."""
    first, *others = record_figures["systems"]
    return page_plots({**record_figures, "systems": [{**first, "name": "a <b> & $x$"}, *others]})


@pytest.fixture(scope="session")
def record_page(
    record_folder: Path, record_figures: dict[str, Any], record_plots: dict[str, dict[str, str]]
) -> Iterator[str]:
    """The page of the record."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "page_plots", lambda figures: record_plots)
        yield "".join(render_page(open_source(record_folder / "r.parquet"), record_figures))


@pytest.fixture(scope="session")
def record_pictures(
    record_figures: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with the plots of the record as files."""
    folder = tmp_path_factory.mktemp("pictures")
    few = [one for one in record_figures["measures"] if one["name"].startswith("large-")]
    draw_files({**record_figures, "measures": few}, folder)
    return folder

from .figures import report_data as report_data
from .page import is_report as is_report, render_page as render_page
from .plots.gallery import draw_files as draw_files
from .sources.base import (
    ReportSource as ReportSource,
    ReportSystem as ReportSystem,
    RoundView as RoundView,
)
from .sources.open import open_source as open_source

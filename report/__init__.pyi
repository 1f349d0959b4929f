from .figures import figures_of as figures_of
from .page import is_report as is_report, page_of as page_of
from .plots.gallery import draw_files as draw_files
from .sources.base import RoundView as RoundView, Source as Source, System as System
from .sources.open import open_source as open_source

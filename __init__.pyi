from .batch import run as run
from .errors import CopeError as CopeError, Unavailable as Unavailable
from .models import Meter as Meter, Team as Team, metered as metered
from .optimize import run_tracked as run_tracked
from .programs import Cascade as Cascade, Preset as Preset, load_preset as load_preset

__version__: str

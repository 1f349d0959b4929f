from .cascade import Cascade as Cascade
from .confidence.base import (
    Confidence as Confidence,
    Sample as Sample,
    Tally as Tally,
    Verdict as Verdict,
)
from .confidence.outputs import ProgramOutputs as ProgramOutputs
from .confidence.registry import CONFIDENCES as CONFIDENCES
from .confidence.tests import VisibleTests as VisibleTests
from .confidence.votes import VoteShare as VoteShare, accepts as accepts
from .domains.base import Domain as Domain
from .domains.registry import DOMAINS as DOMAINS
from .ensemble import Ensemble as Ensemble
from .planner import Planner as Planner
from .preset import (
    Preset as Preset,
    Round as Round,
    load_preset as load_preset,
    preset_names as preset_names,
)
from .program_file import load_program as load_program
from .reasoner import Reasoner as Reasoner
from .systems.answer import SystemAnswer as SystemAnswer, ask_system as ask_system
from .systems.base import (
    System as System,
    SystemOptions as SystemOptions,
    baseline_tier as baseline_tier,
)
from .systems.make import make_system as make_system
from .systems.make_cascade import make_cascade as make_cascade
from .systems.registry import SYSTEMS as SYSTEMS
from .systems.stage import Stage as Stage
from .systems.stage_scope import at_stage as at_stage

from .compiler.api import compile as compile
from .compiler.budget import Budget as Budget
from .compiler.compilation import Compilation as Compilation
from .compiler.result import CompileResult as CompileResult, ValidationScores as ValidationScores
from .compiler.session import CompileCallback as CompileCallback
from .compiler.settings import CompileSettings as CompileSettings
from .compiler.splits import Splits as Splits, split as split
from .compiler.tracking import run_tracked as run_tracked
from .optimizers.registry import OPTIMIZERS as OPTIMIZERS, optimizer_by_name as optimizer_by_name

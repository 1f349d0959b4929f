from .budget import Budget as Budget
from .compiled import Compiled as Compiled, Scores as Scores
from .compiling import Compilation as Compilation
from .methods import OPTIMIZERS as OPTIMIZERS, optimizer_by_name as optimizer_by_name
from .splits import Splits as Splits, split as split
from .verb import compile as compile

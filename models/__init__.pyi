from .admission import (
    AdmissionControl as AdmissionControl,
    Halt as Halt,
    admission_control as admission_control,
)
from .budget import Budget as Budget, BudgetGuard as BudgetGuard
from .call import Call as Call
from .engines.scripted import ScriptedEngine as ScriptedEngine
from .event_loop import run_sync as run_sync
from .ledger import Ledger as Ledger, use_ledger as use_ledger
from .meter import (
    Meter as Meter,
    call_labels as call_labels,
    metered as metered,
)
from .prices import Price as Price
from .team import (
    DEFAULT_LARGE as DEFAULT_LARGE,
    DEFAULT_SMALL as DEFAULT_SMALL,
    Team as Team,
    Tier as Tier,
)
from .usage import Usage as Usage

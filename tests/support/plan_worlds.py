"""A preset for each kind of plan, and scripted models that plan and solve."""

from dataclasses import dataclass, field
from typing import Any

from cope import Preset, Team
from cope.models import ScriptedEngine
from cope.programs import VisibleTests
from cope.programs.plan_kinds import PLAN_KINDS
from cope.programs.sampling import derive_seed
from cope.sandbox import TestOutcome, TestReport, TestSuite

PLAN_TOKENS = 7
"""The maximum length of plans, by which a script knows that it is asked for one."""


@dataclass(frozen=True)
class PlanCase:
    """A kind of plan in the second of three rounds.

    Attributes:
        kind: its name.
        reply: what the planner's model writes.
        plan: the plan that this becomes; empty for a plan that no preset alone can make.
        shown: a part of the reasoner's prompt; empty for a plan that no prompt shows.
        domain: the kind of questions.
        more: more fields of the round.
    """

    kind: str
    reply: str
    plan: str
    shown: str = ""
    domain: str = "short-answer"
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def preset(self) -> Preset:
        """The rounds: small answers, small answers with the plan, large answers with the plan."""
        planned = {"plan": self.kind, "reasoner": "small", "sees": [2]} | _SAMPLED | self.more
        if PLAN_KINDS.by_name(self.kind).calls_model:
            planned |= {"planner": "large", "plan_max_tokens": PLAN_TOKENS}
        rounds = [{"reasoner": "small"} | _SAMPLED, planned, {"reasoner": "large", "sees": [2]}]
        return Preset.model_validate({"name": f"with-{self.kind}", "rounds": rounds})

    @property
    def preset_without_plan(self) -> Preset:
        """The same rounds without the plan."""
        rounds = [{"reasoner": "small"} | _SAMPLED] * 2 + [{"reasoner": "large"}]
        return Preset.model_validate({"name": "without", "rounds": rounds})


_SAMPLED = {"samples": 3, "temperature": 1.0, "threshold": 1.0}

_PROPOSED = "assert double(4) == 8\nassert double(5) == 11\nassert double(3) == 6"
_KEPT = "assert double(5) == 11"
"""The wrong test holds in the second round, because most of its wrong programs agree with it."""

CASES = [
    PlanCase("goal", "Find the sum.", "Find the sum.", "Goal: Find the sum."),
    PlanCase("guideline", "Add them.", "Add them.", "Guideline: Add them."),
    PlanCase("steps", "1. Read.\n2. Add.", "1. Read.\n2. Add.", "Steps: 1. Read.\n2. Add."),
    PlanCase("signal", "carry the one", "carry the one", "Signal: carry the one"),
    PlanCase("diagnosis", "They subtract.", "They subtract.", "Diagnosis: They subtract."),
    PlanCase("hint", "We add one to", "We add one to"),
    PlanCase(
        "blueprint",
        "",
        "First read, then add.",
        "Blueprint: First read, then add.",
        more={"plan_instructions": "First read, then add."},
    ),
    PlanCase("examples", "", ""),
    PlanCase("head", "", "def double(n):", "Head: def double(n):", "code"),
    PlanCase("tests", _PROPOSED, _KEPT, "", "code"),
]


@dataclass
class PlanWorld:
    """A team of two scripted tiers, and what they were asked."""

    team: Team
    small: ScriptedEngine
    large: ScriptedEngine


def plan_world(case: PlanCase, reply: str | None = None, continues: bool = True) -> PlanWorld:
    """Return a team whose large tier plans as the case says, and whose small samples disagree.

    Args:
        case: the kind of plan.
        reply: what the planner writes in place of the case's own reply.
        continues: whether the engines continue replies.
    """
    planned = case.reply if reply is None else reply

    def engine(tier: str) -> ScriptedEngine:
        def script(messages: list[dict[str, str]], request: Any) -> str:
            if request.config.max_tokens == PLAN_TOKENS:
                return planned
            draw = derive_seed(messages[1]["content"], request.config.seed)
            if case.domain == "code":
                return f"```python\n{_program(tier, draw)}\n```"
            return f" so.\nAnswer: {3 if tier == 'large' else draw % 1000}"

        return ScriptedEngine(script, continues_replies=continues)

    small, large = engine("small"), engine("large")
    return PlanWorld(Team(small, large, cache=False), small, large)


def _program(tier: str, draw: int) -> str:
    """Return a program that doubles a number; those of the small tier are right for 1 only."""
    wrong = ("3 * x", "2 * x + 1", "x + 6")[draw % 3]
    return f"def double(x):\n    return {'2 * x' if tier == 'large' else wrong}"


class InProcess:
    """A sandbox for programs of tests: it runs them here."""

    name = "in process"

    async def run(self, program: str, suite: TestSuite) -> TestReport:
        outcomes = []
        for test in suite.tests:
            names: dict[str, Any] = {}
            try:
                exec(f"{suite.setup}\n{program}\n{test}", names)
                outcomes.append(TestOutcome(test, True))
            except Exception as error:
                outcomes.append(TestOutcome(test, False, f"{type(error).__name__}: {error}"))
        return TestReport(tuple(outcomes), 0.0)


def options(case: PlanCase) -> dict[str, Any]:
    """Return the arguments of a cascade for a case."""
    if case.domain != "code":
        return {"answer_kind": "math"}
    return {"domain": "code", "confidence": VisibleTests(lambda: InProcess())}  # type: ignore[arg-type]

"""A world of two tiers in which prompts matter: what scripted models say while a program is compiled.

Questions ask for twice a number. A model that is helped, by the magic word in its instructions or by demonstrations that
are all right, is right; without help a tier knows some kinds of numbers, is wrong in one voice about others, and guesses
at the rest, so that cascades go on. The proposing model always proposes the magic word.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy

from cope import Cascade, Team, metered
from cope.models import Call, ScriptedEngine
from cope.optimize import OPTIMIZERS, Compilation, CompileResult, CompileSettings, split
from cope.programs import load_preset

MAGIC = "abracadabra"
PROPOSAL = f"Double the number, {MAGIC}."
# In calls: enough for a few steps of every optimizer, and few enough to be quick.
BUDGETS = {"cope": 400, "plan-then-solve": 190, "small": 100}
LIMITS = {"small": 2, "large": 2}
"""DSPy starts about as many threads for each evaluation: two show what more would."""

ANY_PRESET = [name for name in OPTIMIZERS if name not in ("blueprint", "hint-length")]
"""The optimizers for programs with any kinds of plans."""

Reply = Callable[[str, list[dict[str, str]], Any], str]


def question(number: int) -> str:
    return f"What is {number} + {number}?"


def rows(numbers: Any) -> list[dspy.Example]:
    return [
        dspy.Example(question=question(n), answer=str(2 * n)).with_inputs("question")
        for n in numbers
    ]


TRAIN, VAL = rows(range(4)), rows(range(8, 12))  # one question of each kind


def score(example: dspy.Example, answer: str | None) -> float:
    return float(answer == example.answer)


def number_in(text: str) -> int | None:
    found = re.search(r"What is (\d+) \+", text)
    return int(found[1]) if found else None


def solving(messages: list[dict[str, str]]) -> bool:
    """Whether a reasoner asks; its instructions may be anybody's."""
    return "Answer:" in messages[0]["content"]


def reply(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """What a tier's model says."""
    system, *shown, last = messages
    number, seed = number_in(last["content"]), request.config.seed or 1
    assert number is not None, (
        f"{tier} was asked something that is not a question of the task: {last['content']}"
    )
    helped = MAGIC in system["content"] or _all_right(shown)
    if not solving(messages):
        return f"Find twice {number}." if helped else f"Think about {number}."
    told = "Find twice" in last["content"]
    if helped or told or _knows(tier, number, seed):
        return f"Doubling.\nAnswer: {2 * number}"
    return (
        f"Guessing.\nAnswer: {1000 + seed % 997}"
        if number % 4 == 1
        else f"Adding one.\nAnswer: {number + 1}"
    )


def _all_right(shown: list[dict[str, str]]) -> bool:
    """Whether there are demonstrations, and none gives a wrong answer; plans have none."""
    pairs = list(zip(shown[::2], shown[1::2], strict=True))
    told = [
        (number_in(user["content"]), re.search(r"Answer: (\d+)", said["content"]))
        for user, said in pairs
    ]
    return bool(pairs) and all(
        found is None or int(found[1]) == 2 * (number or 0) for number, found in told
    )


def _knows(tier: str, number: int, seed: int) -> bool:
    if tier == "large":
        return number % 8 != 5
    # Now and then a sample of what it knows goes wrong, and one of what it does not know is right.
    return (number % 4 == 0 and seed % 4 != 0) or (number % 4 == 2 == seed % 4)


def fickle(tier: str, messages: list[dict[str, str]], request: Any) -> str:
    """Right six times in ten, by the letters of the prompt: every prompt has a score of its own, and none is perfect."""
    number, drawn = number_in(messages[-1]["content"]) or 0, _drawn(messages, request.config.seed)
    if not solving(messages):
        return f"Plan {drawn % 100}."
    return f"So.\nAnswer: {2 * number if drawn % 10 < 6 else number + 1}"


def _drawn(*parts: Any) -> int:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16)


def own_words(messages: list[dict[str, str]], request: Any) -> str:
    """A proposal with the magic word that depends on what the proposer was told."""
    return f"{PROPOSAL} Way {_drawn(messages)}."


class World:
    """A team of scripted tiers with a scripted proposer of its own, and what they were asked.

    Args:
        reply: what the tiers' models say.
        proposal: what the proposer says to everything, or a script of its own.
        delay: seconds that a call takes.
        team: the team's options.
    """

    def __init__(
        self, reply: Reply = reply, proposal: Any = PROPOSAL, delay: float = 0.0, **team: Any
    ) -> None:
        self.small, self.large = (
            ScriptedEngine(
                lambda messages, request, tier=tier: reply(tier, messages, request), delay
            )
            for tier in ("small", "large")
        )
        self.proposer = ScriptedEngine(
            proposal if callable(proposal) else lambda *_: proposal, delay
        )
        limits = None if delay else LIMITS  # where calls take time, their order may matter
        self.team = Team(self.small, self.large, **{"cache": False, "limits": limits, **team})

        self.engines = {"small": self.small, "large": self.large, "proposer": self.proposer}

    @property
    def asked(self) -> int:
        """Calls that reached an engine."""
        return sum(len(engine.requests) for engine in self.engines.values())

    def proposals(self) -> list[str]:
        """What the proposer was asked, all messages of a request together; whether it is there at all is left out."""
        asked = (
            "\n".join(
                [str(request.system), *(message.parts[0].text for message in request.messages)]
            )
            for request in self.proposer.requests
        )
        return [prompt for prompt in asked if "Reply with one word: ready." not in prompt]


def preset(name: str) -> Any:
    """A preset with three samples where there are several: enough for a vote, and quick."""
    return load_preset(name).with_overrides(samples=3)


@dataclass
class Run:
    """One compile in a world.

    Attributes:
        before: the state of the program that was given.
        calls: what the meter booked, without what was only answered again.
        pilot: calls that the estimate took.
        requests: what each engine was asked.
    """

    world: World
    program: Cascade
    before: dict[str, Any]
    guess: Any
    made: CompileResult
    calls: list[Call]
    pilot: int
    requests: dict[str, list[Any]]

    @property
    def asked(self) -> int:
        """Calls that reached an engine."""
        return sum(map(len, self.requests.values()))


def compiled(
    optimizer: Any,
    program: str | Cascade,
    folder: Path,
    world: World | None = None,
    splits: tuple[list[Any], list[Any]] = (TRAIN, VAL),
    **more: Any,
) -> Run:
    """Compile a program, or a preset's, for the task of this world; `more` is as for `CompileSettings`."""
    world = world or World()
    cascade = Cascade(preset(program), world.team) if isinstance(program, str) else program
    before = cascade.dump_state()
    more = {"proposer": world.proposer, "demos": 2, **more}
    scorer = more.pop("scorer", score)
    settings = CompileSettings(optimizer=optimizer, folder=folder, **more)
    compilation = Compilation(cascade, split(*splits), scorer, settings)
    try:
        with metered() as meter:
            guess = compilation.estimate()
            pilot = world.asked
            made = compilation.run()
    finally:
        compilation.close()
    calls = [call for call in meter.calls if not call.from_ledger]
    requests = {name: list(engine.requests) for name, engine in world.engines.items()}
    return Run(world, cascade, before, guess, made, calls, pilot, requests)

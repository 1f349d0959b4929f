"""A proposer that cannot be asked ends the compile with one line: nothing is better because nothing was proposed."""

import re
from pathlib import Path
from typing import Any

import dspy
import pytest
from dspy.lm15 import ContextLengthError
from support.compile_world import ANY_PRESET, PROPOSAL, World, compiled, fickle, rows
from support.sweeps import mostly_slow

from cope import CopeError
from cope.optimize import Budget

PROPOSING = ("copro", "miprov2", "simba", "infer-rules", "gepa", "chain", "better-together")
SPLITS = (rows(range(6)), rows(range(20, 24)))
MORE = (rows(range(12)), rows(range(20, 28)))
GONE = "the server is not there: start it"


def mortal(replies: int, error: Exception) -> World:
    """A world whose proposer is gone after so many replies."""

    def propose(*_: Any) -> str:
        if len(world.proposer.requests) > replies:
            raise error
        return PROPOSAL

    world = World(fickle, propose, limits=None)
    return world


@pytest.mark.parametrize("optimizer", mostly_slow(PROPOSING, "copro", "gepa", "chain"))
def test_one_that_is_not_there_is_found_before_anything_else_is_asked(
    optimizer: str, tmp_path: Path
) -> None:
    world = mortal(0, CopeError(GONE))
    with pytest.raises(CopeError) as refused:
        compiled(optimizer, "small", tmp_path, world, SPLITS, budget=Budget(calls=100))
    assert str(refused.value) == (
        f"the proposer engine/ScriptedEngine-small cannot be asked ({GONE}): fix that, or name another with --reflection-lm"
    )
    assert world.asked == 1


@pytest.mark.parametrize("optimizer", mostly_slow(PROPOSING, "infer-rules", "gepa"))
def test_one_that_goes_ends_the_compile_and_what_was_paid_for_is_kept(
    optimizer: str, tmp_path: Path
) -> None:
    world = mortal(1, CopeError(GONE))
    with pytest.raises(CopeError, match="cannot be asked"):
        compiled(optimizer, "small", tmp_path, world, SPLITS, budget=Budget(calls=100))
    first, most = world.asked, 1 + world.team["small"].lm.runtime.semaphore.size
    assert len(world.proposer.requests) <= 1 + most, "the optimizer goes on to ask it"
    again = World(fickle)
    run = compiled(optimizer, "small", tmp_path, again, SPLITS, budget=Budget(calls=100))
    assert len(run.made.candidates) > 1 and again.asked <= run.made.usage.calls - (first - most)


@pytest.mark.slow
def test_a_failure_of_one_request_ends_it_in_the_pilot_alone(tmp_path: Path) -> None:
    long = ContextLengthError("boom")
    with pytest.raises(CopeError, match=r"cannot be asked \(.*boom.*\): fix that"):
        compiled(
            "gepa", "small", tmp_path / "pilot", mortal(0, long), SPLITS, budget=Budget(calls=100)
        )
    world = mortal(2, long)
    run = compiled("gepa", "small", tmp_path / "later", world, SPLITS, budget=Budget(calls=100))
    assert len(run.made.candidates) == 2
    lost, asked = re.fullmatch(
        r"(\d+) of (\d+) requests to the proposer failed: .*boom.*", str(run.made.proposal_warnings)
    ).groups()
    assert int(lost) == int(asked) - 1 == len(world.proposer.requests) - 2


@pytest.mark.parametrize("optimizer", mostly_slow(PROPOSING, "copro", "miprov2", "infer-rules"))
def test_one_whose_every_reply_fails_is_no_optimizer_that_found_nothing(
    optimizer: str, tmp_path: Path
) -> None:
    """Such as a server that has not enough memory for a long prompt: other requests would do, but none is made."""
    world = mortal(1, dspy.LMInvalidRequestError("no memory"))
    with pytest.raises(CopeError, match=r"cannot be asked \(.*no memory.*\): fix that"):
        compiled(optimizer, "small", tmp_path, world, MORE, budget=Budget(calls=150))


@pytest.mark.parametrize(
    "optimizer",
    mostly_slow(sorted(set(ANY_PRESET) - set(PROPOSING)), "bootstrap-few-shot", "labeled-few-shot"),
)
def test_where_nothing_is_proposed_nobody_is_asked_for_it(optimizer: str, tmp_path: Path) -> None:
    world = mortal(0, CopeError(GONE))
    compiled(optimizer, "small", tmp_path, world, SPLITS, budget=Budget(calls=80))
    assert not world.proposer.requests

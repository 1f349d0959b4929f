"""A round whose samples share requests decides as with a request for each, and asks only for what the gate needs."""

import asyncio
import pickle
import threading
from collections.abc import Sequence
from typing import Any

import dspy
import pytest
from support.choices import PROMPT_TOKENS, cascade_on, several
from support.fault_server import FaultServer, Reply, faulty
from support.give_up_worlds import table
from support.sweeps import sweep

from cope import CopeError, Team
from cope.models import Price
from cope.models.concurrency import favoring_throughput
from cope.models.sampling_speed import TRIED
from cope.programs.preset import Preset
from cope.programs.preset_round import Round


def answers(*values: object) -> list[str]:
    return [f"So.\nAnswer: {value}" for value in values]


def requested(server: FaultServer) -> list[int]:
    """Return how many samples each request of the small tier asked for."""
    return [body.get("n", 1) for body in server.bodies if body["temperature"]]


@pytest.mark.parametrize(
    ("values", "early_stop", "requests", "asked"),
    [
        ([42], "exact", [6], 6),
        ([42, 42, 42, 42, 42, 7, 42, 42], "exact", [6, 2], 7),
        ([1, 2, 3, 4, 5, 6], "exact", [6], 6),
        ([42], "none", [8], 8),
        ([42], "adaptive-consistency", [4], 4),
        ([42, 42, 42, 7, 42, 42, 42, 42], "adaptive-consistency", [4, 4], 7),
    ],
)
def test_samples_are_requested_in_two_parts(
    values: list[int], early_stop: str, requests: list[int], asked: int
):
    with faulty(several(answers(*values))) as server:
        prediction = cascade_on(server, early_stop=early_stop)(question="6 * 7?")
    assert requested(server) == requests
    record = prediction.rounds[0]
    assert asked <= record["asked"] <= sum(requests)
    assert len({sample["index"] for sample in record["samples"]}) == record["asked"]
    usage = [row for row in prediction.usage if row["tier"] == "small"]
    assert sum(row["prompt_tokens"] for row in usage) == PROMPT_TOKENS * len(requests)
    assert sum(row["completion_tokens"] for row in usage) == 7 * sum(requests)


def test_a_round_that_may_be_left_requests_first_what_decides_that():
    spec = {"reasoner": "small", "samples": 8, "temperature": 0.8, "threshold": 0.75}
    rounds = [spec | {"give_up": "seconds"}, {"reasoner": "large"}]
    preset = Preset.model_validate({"name": "left", "rounds": rounds})
    with faulty(several(answers(1, 2, 3, 4, 5, 6))) as server:
        cascade = cascade_on(server, preset=preset, early_stop="exact")
        cascade.give_up = table((1, 3, 1))
        prediction = cascade(question="6 * 7?")
    assert requested(server) == [3]
    assert (prediction.rounds[0]["undrawn"], prediction.round) == (5, 2)


VOTES = [[1] * 8, [1, 1, 1, 2, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2] * 4, [2, 2, 1] * 3]


@sweep("votes", VOTES, every=4)
@pytest.mark.parametrize("samples", [1, 2, 5, 8])
def test_both_ways_decide_alike(votes: list[int], samples: int):
    decided = []
    for sampling in ("requests", "batch", "auto"):
        with faulty(several(answers(*votes[:samples]))) as server:
            spec = Round(reasoner="small", samples=samples, temperature=0.8)  # pyright: ignore[reportCallIssue]
            preset = Preset(name="one", rounds=(spec,))
            cascade = cascade_on(server, preset=preset, sampling=sampling, early_stop="none")
            prediction = cascade(question="6 * 7?")
        decided.append((sorted(prediction.votes.items()), prediction.confidence))
        expected = [samples] if sampling != "requests" else [1] * samples
        assert requested(server) == expected
    assert decided[0] == decided[1] == decided[2]


def planned(plans: int) -> Preset:
    spec = Round(  # pyright: ignore[reportCallIssue]
        reasoner="small",
        planner="small",
        plan="goal",
        plans=plans,
        plan_temperature=0.7,
        temperature=0.8,
        samples=4,
        sees=(1,),
    )
    return Preset(name="planned", rounds=(spec,))


@pytest.mark.parametrize(("plans", "requests"), [(4, [1, 1, 1, 1, 4]), (1, [1, 4])])
def test_the_calls_whose_prompt_is_shared_share_a_request(plans: int, requests: list[int]):
    with faulty(several(answers(42))) as server:
        cascade = cascade_on(server, preset=planned(plans), early_stop="none")
        prediction = cascade(question="6 * 7?")
    assert sorted(requested(server)) == requests
    assert prediction.answer == "42" and prediction.rounds[0]["asked"] == 4


def test_optimizers_see_the_call_of_the_sample_that_answered():
    with faulty(several(answers(7, 42, 42, 42, 42, 42, 42, 42))) as server:
        cascade = cascade_on(server, early_stop="none")
        with dspy.context(trace=[]):
            cascade(question="6 * 7?")
            trace: Sequence[Any] = dspy.settings.trace
    assert len(trace) == 1
    predictor, inputs, prediction = trace[0]
    assert predictor in dict(cascade.named_parameters()).values()
    assert inputs["question"] == "6 * 7?" and "42" in prediction.answer


def test_a_callback_hears_of_every_sample():
    class Listener(dspy.utils.callback.BaseCallback):
        def __init__(self) -> None:
            self.calls = 0

        def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            self.calls += 1

    listener = Listener()
    with faulty(several(answers(42))) as server, dspy.context(callbacks=[listener]):
        cascade_on(server, early_stop="none")(question="6 * 7?")
    assert listener.calls == 8 and requested(server) == [1] * 8


@sweep(("sampling", "calls"), [("requests", 8), ("auto", 1)], every=2)
def test_many_questions_for_the_fewest_calls(sampling: str, calls: int):
    async def ask(server: FaultServer) -> None:
        with favoring_throughput():
            await cascade_on(server, sampling=sampling, early_stop="none").acall(question="6 * 7?")

    with faulty(several(answers(42))) as server:
        asyncio.run(ask(server))
    assert len(requested(server)) == calls


def test_the_program_is_the_same_for_any_sampling():
    with faulty(several(answers(42))) as server:
        programs = [cascade_on(server, sampling=way) for way in ("requests", "batch", "auto")]
    assert len({program.fingerprint() for program in programs}) == 1
    assert len({repr(program.settings()) for program in programs}) == 1


def test_a_team_keeps_its_sampling_in_another_process():
    team = pickle.loads(pickle.dumps(Team(sampling="auto")))
    assert team["small"].lm.runtime.several.sampling == "auto"
    runtime = pickle.loads(pickle.dumps(team["small"].lm.runtime))
    assert runtime.several.sampling == "auto"


def test_an_unknown_sampling_is_an_error_in_one_line():
    with pytest.raises(CopeError, match="no sampling is named 'batches': did you mean batch"):
        Team(sampling="batches")


class SlowServer:
    """Answers as `several` does, after seconds of a clock that only it moves."""

    def __init__(self, of_request: float, of_sample: float) -> None:
        self.of_request, self.of_sample = of_request, of_sample
        self.now = 0.0
        self._answer = several(answers(42))
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def __call__(self, body: dict[str, Any]) -> Reply:
        with self._lock:
            self.now += self.of_request + self.of_sample * (body.get("n") or 1)
            return self._answer(body)


@sweep(
    ("of_request", "of_sample", "price", "samples"),
    [
        (1.0, 0.1, None, 8),  # a prompt that takes long to read
        (1.0, 0.1, "0/0", 8),
        (0.0, 1.0, None, 8),  # no difference
    ],
    every=2,
)
def test_seconds_keep_several_samples_of_a_request(
    of_request: float, of_sample: float, price: str | None, samples: int
):
    assert learned(SlowServer(of_request, of_sample), price) == [samples]


class SlowAtSeveral(SlowServer):
    """Writes the samples of a request one after the other, and requests at once."""

    def __call__(self, body: dict[str, Any]) -> Reply:
        reply = super().__call__(body)
        if (body.get("n") or 1) > 1:
            self.now += 50.0
        return reply


@sweep(
    ("price", "requests"),
    [(None, [1] * 8), ("0/0", [1] * 8), ("0.5/h", [1] * 8), ("0.15/0.60", [8])],
    every=2,
)
def test_seconds_decide_where_no_money_does(price: str | None, requests: list[int]):
    assert learned(SlowAtSeveral(0.1, 0.1), price) == requests


def learned(slow: SlowServer, price: str | None) -> list[int]:
    """Return the samples of each request of a round, after the rounds that are tried."""
    with faulty(slow) as server:
        prices = {} if price is None else {"small": Price.parse(price)}
        cascade = cascade_on(server, sampling="auto", early_stop="none", prices=prices)
        cascade.team["small"].lm.runtime.several.speed.clock = slow.clock
        before = cascade.fingerprint()
        decided: list[Any] = []
        for number in range(2 * TRIED + 1):
            seen = len(server.bodies)
            prediction = cascade(question=f"{number} * 7?")
            decided.append((prediction.answer, prediction.votes, prediction.confidence))
        assert all(one == decided[0] for one in decided)
        assert cascade.fingerprint() == before
        return [body.get("n", 1) for body in server.bodies[seen:]]

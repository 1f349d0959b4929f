"""The limits of a server, divided among its processes, and what several processes cannot do."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from support.commands import cope

from cope.errors import CopeError
from cope.programs.options import ProgramOptions, TeamOptions
from cope.programs.resolve import ignore, resolve_team
from cope.serve import ServeOptions, ServerSetup
from cope.serve.shares import setups_of_workers, share

SERVED = "openai/stub@http://127.0.0.1:9/v1"
TEAM = TeamOptions(small=SERVED, large=SERVED)


def setup_of(
    team: TeamOptions = TEAM, preset: str = "small", record: Path | None = None, **options: Any
) -> ServerSetup:
    program = ProgramOptions(preset=preset, bundled=False)
    return ServerSetup(ServeOptions(**options), program, team, record=record)


def parts(setup: ServerSetup) -> list[ServerSetup]:
    return setups_of_workers(setup, setup.service(resolve_team(setup.team), ignore))


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_shares_are_even_and_add_up_to_the_whole(whole: int, workers: int) -> None:
    shares = [share(whole, workers, number) for number in range(workers)]
    assert sum(shares) == whole and max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("workers", "at_once", "queue", "limits"),
    [
        (2, 2, 0, {"small": 2, "large": 3}),
        (3, 7, 64, {"small": 100, "large": 3}),
        (4, None, 1, {}),
        (16, None, 64, {"large": 17}),
    ],
)
def test_each_process_has_its_part_of_every_limit(
    workers: int, at_once: int | None, queue: int, limits: dict[str, int]
) -> None:
    team = TeamOptions(small=SERVED, large=SERVED, limits=limits)
    setup = setup_of(team, workers=workers, at_once=at_once, queue=queue)
    program = setup.service(resolve_team(team), ignore).program
    made = parts(setup)
    assert len(made) == workers
    at_onces = [one.options.at_once or 0 for one in made]
    assert min(at_onces) >= 1
    assert sum(at_onces) == (at_once or max(workers, program.concurrency()))
    assert sum(one.options.queue for one in made) == queue
    for tier in ("small", "large"):
        numbers = [one.team.limits[tier] for one in made]
        assert min(numbers) >= 1 and sum(numbers) == limits.get(tier, 16)
        sizes = [resolve_team(one.team)[tier].lm.runtime.semaphore.size for one in made]
        assert sizes == numbers


@pytest.mark.parametrize(
    ("setup", "said"),
    [
        (setup_of(workers=3, at_once=2), "--at-once 2 is too little for --workers 3"),
        (setup_of(workers=17), "give --in-flight small=17 or more"),
        (
            setup_of(TeamOptions(small=SERVED, large=SERVED, limits={"large": 1}), workers=2),
            "give --in-flight large=2 or more",
        ),
        (setup_of(workers=2, record=Path("r.jsonl")), "leave out --record or --workers"),
        (setup_of(TeamOptions(small=SERVED), workers=2), "the model of the tier large"),
    ],
)
def test_what_several_processes_cannot_do_is_one_line(setup: ServerSetup, said: str) -> None:
    with pytest.raises(CopeError, match=said) as raised:
        parts(setup)
    assert "\n" not in str(raised.value)


def test_the_command_starts_no_process_for_what_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[Any] = []
    monkeypatch.setattr("cope.serve.workers.Supervisor.run", lambda *given: started.append(given))
    keys = str(tmp_path / "keys.sqlite")
    words = ["serve", "--preset", "small", "--small", SERVED, "--large", SERVED]
    words += ["--port", "0", "--key-file", keys, "--workers", "2"]
    refused = cope(*words, "--record", str(tmp_path / "r.jsonl"))
    assert refused.exit_code == 1 and "leave out --record" in refused.output and not started
    assert cope(*words, "--budget", "1").exit_code == 1 and not started  # prices are not known
    served = cope(*words)
    assert served.exit_code == 0 and "stopped" in served.output and len(started) == 1
    file = tmp_path / "serve.toml"
    file.write_text("workers = 2\nat-once = 1\n")
    assert "--at-once 1 is too little" in cope(*words, "--config", str(file)).output

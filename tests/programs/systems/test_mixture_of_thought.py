"""MoT: chains and programs of thought vote (vote) or must have one majority (verify)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.sandboxes import walled
from support.thought_programs import ReadingSandbox, is_program_request, thinking_team

from cope import Cascade, CopeError, Team
from cope.answers.kinds.registry import ANSWER_KINDS
from cope.programs import SystemAnswer, SystemOptions, ask_system, make_system
from cope.programs.thought_program import answer_of_value

__all__ = ["walled"]


@pytest.fixture(autouse=True)
def reading_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "cope.programs.systems.make_cascade.open_sandbox"
    monkeypatch.setattr(place, lambda unsafe_code=False: ReadingSandbox())


OPTIONS = SystemOptions(answer_kind="math")


def ask(name: str, team: Team, **settings: Any) -> SystemAnswer:
    options = SystemOptions(answer_kind="math", settings=settings)
    system = make_system(name, team, options)
    return asyncio.run(ask_system(system, {"question": "What is 3 + 4?"}))


@pytest.mark.parametrize(
    ("chains", "programs", "vote", "verify"),
    [
        ([7, 7, 7, 8], [7, "7.0", 8, 9], (5 / 8, 1), (1.0, 1)),  # 5 of 8 >= 0.6; 7 = 7
        ([7, 7, 8, 9], [7, 7, 1, 2], (4 / 8, 2), (1.0, 1)),  # 4 of 8 < 0.6, yet both say 7
        ([7, 7, 7, 7], [8, 8, 7, 1], (5 / 8, 1), (0.0, 2)),  # 5 of 8 say 7, the programs say 8
        ([7, 7, 7, 7], [None] * 4, (4 / 8, 2), (0.0, 2)),  # no program could be run
        ([None] * 4, [None] * 4, (0.0, 2), (0.0, 2)),
        ([7, "'7'", 7, 1], ["'7'", "7", None, None], (5 / 8, 1), (1.0, 1)),
    ],
)
def test_both_rules_by_hand(chains: Any, programs: Any, vote: Any, verify: Any):
    for name, (confidence, stage) in (("mot-vote", vote), ("mot-verify", verify)):
        team, engines = thinking_team(chains, programs)
        answered = ask(name, team)
        first = answered.rounds[0]
        assert (first["confidence"], answered.round) == (confidence, stage), name
        assert answered.answer == ("7" if stage == 1 else "99")
        assert len(engines["small"].requests) == 8 and len(engines["large"].requests) == stage - 1
        usage = {(row["round"], row["tier"]): row["calls"] for row in answered.usage}
        assert usage[1, "small"] == 8 and usage.get((2, "large"), 0) == stage - 1
        assert first["asked"] == len(first.get("samples", [])) == 8


def test_tau_and_n_are_settings():
    team, engines = thinking_team([7, 7], [7, 8])
    assert ask("mot-vote", team, samples=2, threshold=0.8).round == 2, "3 of 4 is below 0.8"
    assert len(engines["small"].requests) == 4
    again, _ = thinking_team([7, 7], [7, 8])
    assert ask("mot-vote", again, samples=2, threshold=0.75).round == 1


def test_settings_change_the_fingerprint_and_a_file_names_the_system(tmp_path: Path):
    team, _ = thinking_team([], [])
    plain = make_system("mot-vote", team, OPTIONS)
    file = tmp_path / "strict.toml"
    file.write_text('system = "mot-vote"\nthreshold = 0.9\n')
    strict = make_system(str(file), team, OPTIONS)
    assert strict.name == "strict" and plain.name == "mot-vote"
    assert strict.stages[0].threshold == 0.9 and plain.stages[0].threshold == 0.6
    assert strict.fingerprint() != plain.fingerprint()
    file.write_text('system = "mot-vote"\nthreshold = 0.6\n')
    assert make_system(str(file), team, OPTIONS).fingerprint() == plain.fingerprint()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('system = "mot-vote"\ntau = 1', "tau is no setting of it: there are"),
        ('system = "mot-vote"\nthreshold = 2.0', "threshold: 2.0: Input should be less than"),
        ('system = "mot-vote"\nsamples = "many"', "samples: 'many'"),
        ('system = "mot-voter"', "did you mean mot-vote?"),
        ("threshold = 0.5", "names no system"),
        ("=", "is not valid TOML"),
        (None, "cannot read the system"),
    ],
)
def test_a_wrong_settings_file_is_one_line(text: str | None, message: str, tmp_path: Path):
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    team, _ = thinking_team([], [])
    with pytest.raises(CopeError) as caught:
        make_system(str(file), team, OPTIONS)
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("domain", ["code", "open"])
def test_other_questions_are_refused(domain: str):
    team, _ = thinking_team([], [])
    with pytest.raises(CopeError, match="short answer"):
        make_system("mot-vote", team, SystemOptions(domain=domain))


def test_chains_are_the_draws_of_self_consistency():
    team, engines = thinking_team([7] * 4, [7] * 4)
    ask("mot-vote", team)
    chains = [
        r for r in engines["small"].requests if not is_program_request([{"content": r.system}])
    ]
    other, others = thinking_team([7] * 8, [])
    Cascade("self-consistency", other, early_stop="none", answer_kind="math")(
        question="What is 3 + 4?"
    )
    known = {request.config.seed: request for request in others["small"].requests}
    assert len(chains) == 4
    for request in chains:
        same = known[request.config.seed]
        assert (request.system, request.messages) == (same.system, same.messages)
        assert request.config.temperature == same.config.temperature


@pytest.mark.parametrize(
    ("value", "kind", "answer"),
    [
        ("18", "math", "18"),
        ("Fraction(1, 2)", "math", None),
        ("'B'", "choice", "B"),
        ("None", "math", None),
        (None, "math", None),
        ("True", "text", "True"),
    ],
)
def test_a_result_is_read_by_the_kind_of_answers(value: str | None, kind: str, answer: str | None):
    read = answer_of_value(value, ANSWER_KINDS.by_name(kind))
    assert answer is None or read == answer
    assert read is None or isinstance(read, str)


@pytest.mark.slow
def test_programs_run_in_the_sandbox(walled: Any, monkeypatch: pytest.MonkeyPatch):
    place = "cope.programs.systems.make_cascade.open_sandbox"
    monkeypatch.setattr(place, lambda unsafe_code=False: walled)
    loop = "sum(n for n in range(4)) + 1"
    team, _ = thinking_team([7, 7], [loop, "1 / 0"])
    answered = ask("mot-vote", team, samples=2, threshold=0.7)
    assert (answered.answer, answered.round, answered.confidence) == ("7", 1, 3 / 4)

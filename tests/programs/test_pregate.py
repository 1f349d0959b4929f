"""A trained router before the rounds: questions that the small tier will fail skip its round."""

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.sweeps import sweep
from support.trained_systems import outcomes, topic_lines

from cope import Cascade, CopeError, Team
from cope.eval import Recording, Replay, import_samples, replay_results, write_recording
from cope.models import ScriptedEngine
from cope.programs.calibration_fingerprints import calibration_fingerprint
from cope.programs.identity import ProgramIdentity
from cope.programs.preset import Preset, load_preset, parse_preset
from cope.programs.systems.knn_router import KNNRouter
from cope.programs.systems.policy import FitOptions
from cope.programs.systems.trained_file import TrainedFile

LINES = topic_lines(40)
ROUNDS = """
[[rounds]]
reasoner = "small"
samples = 2
temperature = 0.7
threshold = 0.9

[[rounds]]
reasoner = "small"
threshold = 0.9

[[rounds]]
reasoner = "large"
"""
BIRD, STONE = LINES[0]["question"], LINES[1]["question"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save_router(own: dict[str, str], **more: Any) -> TrainedFile:
    """Write `knn.json`, a router that has seen the small tier fail on stones."""
    table = outcomes(
        [[float(line["topic"] == "birds"), 1.0] for line in LINES],
        questions=[line["question"] for line in LINES],
    )
    router = KNNRouter.fit(table, table, FitOptions())
    plain: dict[str, Any] = {
        "system": "knn-router",
        "task": "t",
        "domain": "short-answer",
        "answer_kind": "math",
        "tiers": ["small", "large"],
        "models": own,
        "costs": {"small": 0.0, "large": 1.0},
        "samples": {"small": 1, "large": 1},
        "state": router.state(),
        "rows": {},
        "data_fingerprint": "",
    }
    trained = TrainedFile(**(plain | more))
    trained.save(Path("knn.json"))
    return trained


def preset(gate: str) -> Preset:
    return parse_preset({"name": "gated", **tomllib.loads(f"{gate}\n{ROUNDS}")}, "gated")


def scripted_team() -> tuple[Team, dict[str, ScriptedEngine]]:
    engines = {}
    for tier, answer in (("small", "7"), ("large", "8")):
        engines[tier] = ScriptedEngine(lambda messages, request, answer=answer: f"Answer: {answer}")
    return Team(**engines, cache=False), engines


@sweep(
    ("gate", "stone"),
    [
        ('pregate = "knn.json"', ([3], {"small": 0, "large": 1})),
        ('pregate = {file = "knn.json", to = "next"}', ([2], {"small": 1, "large": 0})),
        ("", ([1], {"small": 2, "large": 0})),
    ],
    every=3,
)
def test_questions_that_will_fail_skip_rounds(gate: str, stone: tuple[list[int], dict[str, int]]):
    team, engines = scripted_team()
    save_router({tier: team[tier].model for tier in ("small", "large")})
    cascade = Cascade(preset(gate), team, early_stop="none")
    found = cascade(question=STONE)
    assert [record["round"] for record in found.rounds] == stone[0]
    assert {tier: len(engine.requests) for tier, engine in engines.items()} == stone[1]
    assert found.round == stone[0][-1] and found.answer == ("8" if stone[0] == [3] else "7")
    assert cascade(question=BIRD).round == 1, "the small tier knows birds"


def test_the_threshold_is_of_the_estimated_score():
    """Of five neighbors of a stone none was right, of a bird all were."""
    team, _ = scripted_team()
    save_router({tier: team[tier].model for tier in ("small", "large")})
    gate = 'pregate = {{file = "knn.json", threshold = {}}}'
    for threshold, rounds in ((0.01, [1, 3]), (1.0, [1, 3])):
        cascade = Cascade(preset(gate.format(threshold)), team)
        assert [cascade(question=question).round for question in (BIRD, STONE)] == rounds


def test_runs_depend_on_the_router_and_others_are_as_before():
    team, _ = scripted_team()
    models = {tier: team[tier].model for tier in ("small", "large")}
    first = save_router(models)
    gated, plain = Cascade(preset('pregate = "knn.json"'), team), Cascade(preset(""), team)
    assert gated.settings()["pregate"] == first.identity()
    assert "pregate" not in plain.settings() and "pregate" not in json.dumps(plain.dump_state())
    assert gated.fingerprint() != plain.fingerprint()
    prints = [
        calibration_fingerprint(ProgramIdentity.of_preset(one.preset)) for one in (gated, plain)
    ]
    assert prints[0] != prints[1]
    save_router(models, costs={"small": 0.5, "large": 1.0})
    again = Cascade(preset('pregate = "knn.json"'), team)
    assert again.settings()["pregate"] != first.identity()
    assert again.preset.with_overrides(samples=3).pregate == again.preset.pregate
    gated.save("gated-program.json")
    assert Cascade.from_file("gated-program.json", team).preset.pregate == gated.preset.pregate


def imported_record() -> Recording:
    file = Path("lines.jsonl")
    file.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    made = import_samples(file, {"small": "s", "large": "l"})
    write_recording(Path("r.parquet"), made.manifest, made.rows)
    return Recording.open("r.parquet")


def test_a_replay_skips_the_same_rounds():
    record = imported_record()
    save_router(record.models)
    Path("gated.toml").write_text(
        'pregate = "knn.json"\n[[rounds]]\nreasoner = "small"\nthreshold = 0.9\n'
        '[[rounds]]\nreasoner = "large"\n'
    )
    replay = Replay(record, load_preset("gated.toml"))
    found = replay_results(replay)
    assert not found.unknown and len(found.results) == 40
    for result, line in zip(found.results, LINES, strict=True):
        number = 1 if line["topic"] == "birds" else 2
        assert [round_["round"] for round_ in result.rounds] == [number]
        assert [(row["tier"], row["calls"]) for row in result.usage] == [
            (("small", "large")[number - 1], 1)
        ]
        assert result.score == 1.0
    swept = replay.sweep([(0.9,)])
    assert swept.total("calls", "small").tolist() == [20]


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("pregate = 5", 'write pregate = "knn.json"'),
        ("pregate = {threshold = 0.4}", "pregate.file: is missing"),
        (
            'pregate = {file = "knn.json", threshold = 1.5}',
            "pregate.threshold: 1.5 is out of range",
        ),
        ('pregate = {file = "knn.json", threshold = true}', "true is not a value"),
        ('pregate = {file = "knn.json", too = "next"}', "pregate.too: is unknown"),
        ('pregate = {file = "knn.json", to = "nxt"}', "'nxt' is unknown"),
    ],
)
def test_a_wrong_gate_is_one_line(gate: str, why: str):
    with pytest.raises(CopeError) as raised:
        preset(gate)
    assert why in str(raised.value) and "\n" not in str(raised.value)


def test_one_round_has_none_to_skip():
    with pytest.raises(CopeError, match="there is one round, and none to skip"):
        Preset.model_validate(
            {"name": "one", "pregate": "knn.json", "rounds": [{"reasoner": "small"}]}
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"models": {"small": "another", "large": "l"}}, "was trained for small = another"),
        ({"tiers": ["mid", "large"]}, "knows mid, large and not small"),
        ({"system": "automix", "state": {"rule": "x", "escalate": [True] * 9}}, "estimates no"),
    ],
)
def test_a_router_that_does_not_fit_is_refused(change: dict[str, Any], why: str):
    team, _ = scripted_team()
    models = {tier: team[tier].model for tier in ("small", "large")}
    if "tiers" in change:
        tiers = change["tiers"]
        for name in ("models", "costs", "samples"):
            change[name] = dict.fromkeys(tiers, 1 if name != "models" else "m")
    save_router(models, **change)
    with pytest.raises(CopeError, match=why):
        Cascade(preset('pregate = "knn.json"'), team)


def test_a_question_in_flight_asks_the_router_once():
    team, engines = scripted_team()
    save_router({tier: team[tier].model for tier in ("small", "large")})
    cascade = Cascade(preset('pregate = "knn.json"'), team)

    async def ask() -> list[Any]:
        return await asyncio.gather(*[cascade.acall(question=one) for one in (BIRD, STONE)])

    assert [found.round for found in asyncio.run(ask())] == [1, 3]
    assert len(engines["large"].requests) == 1

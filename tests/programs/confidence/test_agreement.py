"""Agreement of free text: groups by n-grams or by one call, the medoid answers, replays are alike."""

from pathlib import Path
from typing import Any

import pytest
from support.recordings import recorder, recording
from support.sweeps import sweep

from cope import Cascade, Preset, Team
from cope.eval import Replay
from cope.models import ScriptedEngine
from cope.programs.confidence.model_agreement import read_groups
from cope.programs.confidence.similarity import group_alike, medoid, similarities
from cope.programs.sampling import derive_seed

BIRD = "The wren is a small brown bird that sings loudly."
BIRD_2 = "The wren is a small brown bird which sings loudly."
BIRD_3 = "A wren is a small brown bird that sings very loudly."
STONE = "Granite is a hard stone made of quartz and feldspar."


def preset(kind: str, samples: int, threshold: float = 0.6) -> Preset:
    return Preset.model_validate(
        {
            "name": "p",
            "rounds": [
                {
                    "reasoner": "small",
                    "samples": samples,
                    "temperature": 1,
                    "threshold": threshold,
                    "confidence": kind,
                },
                {"reasoner": "large"},
            ],
        }
    )


def world(replies: list[str], grouping: str = "") -> tuple[Team, list[str]]:
    """The small tier gives these replies in turn; asked to group, it gives `grouping`."""
    left, grouped = list(replies), []

    def reply(messages: Any, request: Any) -> str:
        if "Group the numbered replies" in messages[0]["content"]:
            grouped.append(messages[-1]["content"])
            return grouping
        return left.pop(0)

    large = ScriptedEngine(lambda messages, request: "large")
    return Team(ScriptedEngine(reply), large, cache=False), grouped


def test_similar_texts_are_one_group_and_the_order_breaks_ties() -> None:
    assert group_alike([STONE, BIRD, BIRD_2, BIRD_3]) == [1, 0, 0, 0]
    assert group_alike(["", ""]) == [0, 1] or group_alike(["", ""]) == [0, 0]
    assert group_alike(["one", "two"]) == [0, 1]
    assert similarities(["Ab", "ab "])[0, 1] == pytest.approx(1.0)


def test_the_medoid_is_the_text_that_is_most_alike_to_the_others() -> None:
    assert medoid([STONE, BIRD_2, BIRD, BIRD_3]) in (1, 2)
    assert medoid(["same", "same"]) == 0 and medoid([STONE]) == 0


@pytest.mark.parametrize(
    ("replies", "confidence", "round_"),
    [
        ([BIRD, BIRD_2, BIRD_3, STONE], 0.75, 1),
        ([BIRD, STONE, "No.", "Nobody can tell that."], 0.25, 2),
        ([BIRD] * 4, 1.0, 1),
        ([BIRD, " ", " ", " "], 0.25, 2),
        ([" "] * 4, 0.0, 2),
    ],
)
def test_the_largest_group_answers_with_its_share(
    replies: list[str], confidence: float, round_: int
) -> None:
    team, _ = world(replies)
    made = Cascade(preset("agreement", 4), team, domain="open")(question="q")
    assert made.rounds[0]["confidence"] == confidence and made.round == round_
    assert made.rounds[0]["kind"] == "agreement"
    if round_ == 1:
        assert made.answer in (BIRD, BIRD_2, BIRD_3)
        assert next(iter(made.votes.values())) == confidence * 4


@pytest.mark.parametrize(
    ("grouping", "confidence"),
    [
        ("[[1, 2, 3, 4]]", 1.0),
        ("Here: [[1,3],[2,4]] as they differ", 0.5),
        ("[[1], [2], [3], [4]]", 0.25),
        ("[[1, 2, 9]]", 0.5),
        ("I cannot tell", 0.5),  # by n-grams: two of four
    ],
)
def test_one_call_groups_the_samples(grouping: str, confidence: float) -> None:
    team, asked = world([BIRD, STONE, BIRD_2, "Nobody can tell that."], grouping)
    made = Cascade(preset("model-agreement", 4, 0.2), team, domain="open")(question="Which?")
    assert len(asked) == 1 and made.confidence == confidence
    for text in ("Which?", "1. ", BIRD, STONE):
        assert text in asked[0]
    assert {(row["tier"], row["role"]) for row in made.usage} == {
        ("small", "reason"),
        ("small", "other"),
    }


def test_no_call_is_made_where_all_samples_are_one_text() -> None:
    team, asked = world([BIRD] * 3, "[[1]]")
    made = Cascade(preset("model-agreement", 3), team, domain="open")(question="q")
    assert not asked and made.confidence == 1.0


@pytest.mark.parametrize(
    ("groups", "labels"),
    [
        ([[2, 1], [3]], [0, 0, 1]),
        ([[1], [1, 2]], [0, 1, 2]),
        ([[0, 4]], []),
        ([], []),
        ("x", []),
        ([1, 2, 3], []),
        ([["1"]], []),
        ([[3]], [0, 1, 2]),
    ],
)
def test_groups_of_a_model_are_never_trusted(groups: object, labels: list[int]) -> None:
    assert read_groups(groups, 3) == labels


@sweep("kind", ["agreement", "model-agreement"], every=2)
def test_a_replay_decides_as_the_live_run(tmp_path: Path, kind: str) -> None:
    def reply(messages: Any, request: Any) -> str:
        draw = derive_seed(messages[-1]["content"], request.config.seed)
        if "Group the numbered replies" in messages[0]["content"]:
            return f"[[1, {2 + draw % 3}]]"
        return [BIRD, BIRD_2, BIRD_3, STONE, " ", f"Number {draw}."][draw % 6]

    team = Team(
        ScriptedEngine(reply), ScriptedEngine(lambda messages, request: "large"), cache=False
    )
    programs = recorder(team, preset(kind, 5), domain="open")
    replay = Replay(recording(programs, tmp_path, 10))
    outcomes = replay.outcomes()
    live = Cascade(preset(kind, 5), team, early_stop="none", domain="open")
    for index, question in enumerate(replay.recording.questions):
        made = live(question=question)
        assert (made.round, made.answer) == (outcomes.round[index], outcomes.answer[index])
        assert replay.rounds[0].verdict.confidence[index] == made.rounds[0]["confidence"]
    assert len(set(replay.rounds[0].verdict.confidence)) > 1

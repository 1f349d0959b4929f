"""Training of systems: three parts of the questions, a file with fingerprints, live and from a record."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, error_line, give_team
from support.pictures import leave_pages_without_pictures
from support.sweeps import sweep
from support.trained_systems import outcomes, topic_lines

from cope import CopeError, Team
from cope.eval import Recording
from cope.models import ScriptedEngine
from cope.optimize.training.split import split_three_ways
from cope.programs.systems.trained_file import load_trained
from cope.util.hashing import question_fingerprint

LINES = topic_lines(80)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def import_lines(name: str = "r", lines: list[dict[str, Any]] = LINES, **how: str) -> str:
    """Import published lines, and return the record's name."""
    Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = [word for flag, value in how.items() for word in (f"--{flag}", value)]
    done("import", f"{name}.jsonl", "--small", "s", "--large", "l", *words)
    return f"{name}.parquet"


def train(*words: str, system: str = "knn-router") -> Any:
    words = words if "--share" in words else (*words, "--share", "0.9")
    return done("train", system, *words, "-o", "knn.json")


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a record, and a router that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "printed.txt").write_text(train("--record", import_lines()).stdout)
    return folder


@pytest.fixture
def record(trained_once: Path) -> str:
    """Copy the record and the trained router to the test's folder, and return the record's name."""
    for file in trained_once.iterdir():
        if file.is_file():
            shutil.copy(file, file.name)
    return "r.parquet"


def test_no_question_and_no_group_is_in_two_parts():
    questions = [f"question {row % 50}" for row in range(100)]  # each text twice
    for groups in (None, [f"g{row % 9}" for row in range(100)]):
        table = outcomes([[0, 1]] * 100, questions=questions, groups=groups)
        parts = split_three_ways(table, seed=1)
        assert sum(len(part) for part in parts) == 100
        for what in ("keys", "groups", "questions"):
            values = [set(getattr(part, what)) - {None} for part in parts]
            if groups and what == "questions":
                continue  # the user's groups decide
            assert not values[0] & values[1] | values[0] & values[2] | values[1] & values[2], what
        assert len(parts.train) > 40 and len(parts.val) > 5 and len(parts.test) > 5


def test_a_router_learns_from_a_record_without_a_call(record: str):
    printed = Path("printed.txt").read_text()
    assert "trained on 48 questions, thresholds set on 16, measured on 16 others" in printed
    assert "; asked: small " in printed
    trained = load_trained("knn.json")
    assert trained.models == {"small": "s", "large": "l"} and trained.costs["large"] == 1.0
    assert trained.scores["system"]["accuracy"] == 1.0
    assert trained.scores["system"]["cost"] < 0.9
    known = {name: set(rows) for name, rows in trained.rows.items()}
    assert {len(rows) for rows in known.values()} == {48, 16}
    everything = {question_fingerprint(line["question"]) for line in LINES}
    assert known["train"] | known["val"] | known["test"] == everything


@pytest.mark.slow
def test_a_trained_router_is_compared_on_another_record(record: str):
    others = topic_lines(100)[80:]
    other = import_lines("other", others)
    words = ("compare", "--replay", other, "--systems", "knn.json", "--json")
    found = json.loads(done(*words).stdout)["systems"]
    assert found["knn"]["accuracy"] == found["large"]["accuracy"] == 1.0
    assert found["small"]["accuracy"] == 0.5
    assert found["knn"]["costs"]["large-calls"] == pytest.approx(0.5)
    assert found["knn"]["costs"]["large-tokens"] == pytest.approx(10.0)


@pytest.mark.slow
def test_questions_of_the_training_are_warned_about(record: str):
    warned = done("compare", "--replay", record, "--systems", "knn.json").stderr
    assert "warning: knn: the program was trained on 48 and chosen by 16 of the 80" in warned


def test_the_groups_of_a_record_stay_whole():
    lines = [line | {"topic": f"t{number % 10}"} for number, line in enumerate(LINES)]
    train("--record", import_lines(lines=lines, group="topic"))
    rows = load_trained("knn.json").rows
    part_of = {one: part for part, found in rows.items() for one in found}
    for topic in {line["topic"] for line in lines}:
        texts = [line["question"] for line in lines if line["topic"] == topic]
        assert len({part_of[question_fingerprint(text)] for text in texts}) == 1


def test_prices_and_costs_of_the_user_are_the_costs(record: str):
    train("--record", record, "--price", "small=0/1", "--price", "large=0/2")
    trained = load_trained("knn.json")
    assert trained.costs == {"small": 0.25, "large": 1.0}, "10 tokens at 1 and 20 at 2"
    assert trained.settings["cost_basis"] == "USD"
    train("--record", record, "--cost", "small=0.1")
    assert load_trained("knn.json").costs == {"small": 0.1, "large": 1.0}


def broken(change: Callable[[dict[str, Any]], Any]) -> None:
    plain = json.loads(Path("knn.json").read_text())
    change(plain)
    Path("knn.json").write_text(json.dumps(plain))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda plain: plain.update(format="cope-system-99"), "another version"),
        (lambda plain: plain["state"].update(k=1), "was changed after cope train wrote it"),
        (lambda plain: plain.update(format="x"), "is no trained system"),
    ],
)
def test_a_changed_file_is_refused(change: Callable[[dict[str, Any]], Any], why: str, record: str):
    broken(change)
    assert why in error_line(cope("compare", "--replay", record, "--systems", "knn.json"))


def test_other_models_are_refused(record: str):
    renamed = []
    for line in LINES:
        samples = line["samples"]
        renamed.append(line | {"samples": {"s": samples["s"], "huge": samples["l"]}})
    Path("h.jsonl").write_text("".join(json.dumps(line) + "\n" for line in renamed))
    done("import", "h.jsonl", "--small", "s", "--large", "huge")
    words = ("compare", "--replay", "h.parquet", "--systems", "knn.json")
    assert "trained for large = l, and here it is huge" in error_line(cope(*words))


def scripted_team() -> tuple[Team, dict[str, ScriptedEngine]]:
    """Return a team whose small tier knows birds, and whose large one knows everything."""

    def reply(tier: str, messages: list[dict[str, str]]) -> str:
        question = messages[-1]["content"]
        return f"So.\nAnswer: {7 if tier == 'large' or 'bird' in question else 3}"

    engines = {}
    for tier in ("small", "large"):
        engines[tier] = ScriptedEngine(lambda messages, request, tier=tier: reply(tier, messages))
    return Team(**engines, cache=False), engines


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> dict[str, ScriptedEngine]:
    """Questions in files, and scripted tiers behind every command."""
    leave_pages_without_pictures(monkeypatch)
    team, engines = scripted_team()
    give_team(monkeypatch, lambda options: team)
    for name, lines in (("train", LINES), ("new", topic_lines(90)[80:])):
        rows = [{"question": line["question"], "answer": line["gold"]} for line in lines]
        Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return engines


@pytest.mark.slow
def test_a_router_learns_from_calls_and_is_evaluated(engines: dict[str, ScriptedEngine]):
    train("jsonl", "--data", "train.jsonl")
    counts = {tier: len(engine.requests) for tier, engine in engines.items()}
    assert counts == {"small": 80, "large": 80}
    train("jsonl", "--data", "train.jsonl", "--share", "0.8")
    assert len(engines["large"].requests) == 80, "a rerun repeats no call"
    words = ("eval", "jsonl", "--data", "new.jsonl", "--system", "knn.json", "--no-track", "--json")
    found = json.loads(done(*words).stdout)
    assert found["preset"] == "knn" and found["accuracy"] == 1.0
    assert [round_["answered"] for round_ in found["rounds"]] == [5, 5]
    counts = {tier: len(engine.requests) for tier, engine in engines.items()}
    assert counts == {"small": 85, "large": 85}
    assert found["seen"] == {"train": 0, "val": 0, "questions": 10}
    words = ("compare", "jsonl", "--data", "new.jsonl", "--no-track", "--presets", "large")
    compared = json.loads(done(*words, "--systems", "knn.json", "--json").stdout)
    assert compared["systems"]["knn"]["costs"]["large-calls"] == 0.5


def test_another_task_and_other_settings_are_warned_about(engines: dict[str, ScriptedEngine]):
    train("jsonl", "--data", "train.jsonl", "--limit", "40")
    words = ("eval", "gsm8k", "--data", "new.jsonl", "--system", "knn.json", "--no-track")
    assert "trained for questions of kind" in error_line(cope(*words, "--match", "date"))
    found = cope(*words, "--match", load_trained("knn.json").answer_kind, "--max-tokens", "77")
    assert "was trained for jsonl, and these questions are of gsm8k" in found.stderr
    assert "--max-tokens 512, and here it is 77" in found.stderr


def test_the_test_split_is_never_read(engines: dict[str, ScriptedEngine]):
    words = ("train", "knn-router", "jsonl", "--data", "train.jsonl", "--split", "test")
    line = error_line(cope(*words, "-o", "knn.json"))
    assert "the test split is kept for cope eval" in line
    assert not engines["small"].requests


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("self-verification", "jsonl"), "self-verification needs no training"),
        (("knn-rooter", "jsonl"), "no system is named 'knn-rooter'"),
        (("knn-router", "jsonl", "--limit", "20"), "too few to train on"),
    ],
)
def test_what_cannot_be_trained_says_why(
    words: tuple[str, ...], why: str, engines: dict[str, ScriptedEngine]
):
    line = error_line(cope("train", *words, "--data", "train.jsonl", "-o", "knn.json"))
    assert why in line


def test_an_untrained_system_says_how_to_train_it(engines: dict[str, ScriptedEngine]):
    words = ("eval", "jsonl", "--data", "new.jsonl", "--system", "knn-router", "--no-track")
    assert "cope train knn-router TASK -o FILE" in error_line(cope(*words))


def test_a_record_of_one_tier_alone_says_what_it_lacks(record: str):
    words = ("train", "knn-router", "--record", record, "--votes", "3", "-o", "knn.json")
    line = error_line(cope(*words))
    assert "lacks the calls of small alone with 3 samples" in line
    assert Recording.open(record).models == {"small": "s", "large": "l"}


@sweep("system", ["frugalgpt", "cascade-routing"], every=2)
def test_who_is_right_is_no_answer_to_learn_from(system: str):
    """The large model is right where the small one is wrong, at random: only the words right and
    wrong would tell, and they must not."""
    lines = []
    for number in range(120):
        is_right = hash((number * 7919) % 97) % 2 == 0
        samples = {"s": [{"right": is_right}], "l": [{"right": not is_right}]}
        lines.append({"id": f"q{number}", "question": f"Which {number}?", "samples": samples})
    train("--record", import_lines(lines=lines), system=system)
    figures = load_trained("knn.json").scores["system"]
    assert figures["accuracy"] < 0.75


def test_a_record_without_questions_trains_no_router():
    lines = [{"samples": {"s": [{"right": True}], "l": [{"right": False}]}} for _ in range(40)]
    words = ("train", "knn-router", "--record", import_lines(lines=lines), "-o", "knn.json")
    assert "has no texts of questions, which knn-router reads" in error_line(cope(*words))


def test_automix_needs_calls(record: str):
    words = ("train", "automix", "--record", record, "-o", "knn.json")
    assert "needs checks of the first tier's answers" in error_line(cope(*words))


def test_other_weights_are_refused(record: str):
    trained = load_trained("knn.json")
    weighed = replace(trained, weights={"small": "digest"})
    weighed.check_weights({"small": "digest"}.get, "knn")
    weighed.check_weights({}.get, "knn")
    with pytest.raises(CopeError, match="knn was trained with other weights of s"):
        weighed.check_weights({"small": "other"}.get, "knn")


@pytest.mark.slow
def test_a_router_before_the_rounds_is_measured_on_other_questions(
    engines: dict[str, ScriptedEngine],
):
    train("jsonl", "--data", "train.jsonl")
    rounds = '[[rounds]]\nreasoner = "small"\nthreshold = 0.5\n[[rounds]]\nreasoner = "large"\n'
    Path("gated.toml").write_text('pregate = "knn.json"\n' + rounds)
    words = ("eval", "jsonl", "--preset", "gated.toml", "--no-track", "--json")
    warned = done(*words, "--data", "train.jsonl").stderr
    assert "warning: knn.json: the program was trained on 48" in warned
    new = done(*words, "--data", "new.jsonl")
    assert "warning: knn.json" not in new.stderr
    found = json.loads(new.stdout)
    assert found["accuracy"] == 1.0, "stones go to the large tier"
    assert [round_["answered"] for round_ in found["rounds"]] == [5, 5]

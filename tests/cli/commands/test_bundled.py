"""A compiled program that comes with the package is used, said, counted and turned off; and what it has met is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from support import commands
from support.commands import give_team, give_tracker
from support.pictures import leave_pages_without_pictures
from support.tracking import STORE

from cope import Cascade, load_preset
from cope.models import DEFAULT_LARGE, DEFAULT_SMALL, ScriptedEngine, Team
from cope.optimize.compiler.splits import split
from cope.programs import bundled as shipped_programs
from cope.programs.domains.registry import DEFAULT_DOMAIN
from cope.util.hashing import question_fingerprint

MODEL = "engine/ScriptedEngine"
EVAL = ("eval", "jsonl", "--data", "q.jsonl", "--preset", "small")
Save = Callable[..., Path]


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """Scripted models that are right when they are told to be careful, in a folder with four questions."""

    def reply(messages: list[dict[str, str]], request: Any) -> str:
        number = int(messages[-1]["content"].split("What is ")[1].split()[0])
        return f"Answer: {number + 1 if 'carefully' in messages[0]['content'] else 9}"

    made = Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)
    give_team(monkeypatch, lambda options: made)
    monkeypatch.setattr(shipped_programs, "FOLDER", tmp_path / "package")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "package").mkdir()
    rows = [{"question": f"What is {n} + 1?", "answer": n + 1} for n in range(4)]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return made


@pytest.fixture
def save(team: Team) -> Save:
    """Writes a compiled program that tells the small tier to be careful."""

    def make(
        file: str = "package/jsonl-small.json", train: Any = (), val: Any = (), **about: Any
    ) -> Path:
        program = Cascade("small", team)
        predict = program.round_1.reasoner.predict
        predict.signature = predict.signature.with_instructions("Solve it carefully.")
        score = {"accuracy": 0.5, "n": 100}
        marks = [
            question_fingerprint(example.question) for example in split(questions(), [], 4, 0).train
        ]
        compiled = {
            "task": "jsonl",
            "optimizer": "gepa",
            "models": {"small": f"{MODEL}-small"},
            "scores": {"before": score | {"accuracy": 0.25}, "after": score},
            "rows": {
                "train": [question_fingerprint(question(n).question) for n in train],
                "val": [question_fingerprint(question(n).question) for n in val],
            },
            **about,
        }
        assert set(compiled["rows"]["train"]) <= set(marks), (
            "eval and optimize take the same fingerprints"
        )
        Path(file).write_text(json.dumps({**program.dump_state(), "compiled": compiled}))
        return Path(file)

    return make


def question(number: int) -> Any:
    import dspy

    return dspy.Example(question=f"What is {number} + 1?", answer=str(number + 1)).with_inputs(
        "question"
    )


def questions() -> list[Any]:
    return [question(number) for number in range(4)]


def cope(*words: str) -> Result:
    result = commands.cope(*words)
    assert result.exit_code == 0, result.output
    return result


def evaluated(*words: str) -> tuple[dict[str, Any], str]:
    """The JSON of an evaluation, and what it said on stderr."""
    result = cope(*EVAL, "--json", "--no-track", *words)
    return json.loads(result.stdout), result.stderr


def test_an_evaluation_uses_it_says_so_and_can_do_without(save: Save) -> None:
    plain, said = evaluated()
    assert (plain["accuracy"], plain["program_file"], plain["seen"]) == (0.0, None, None)
    assert "program" not in said
    file = save()
    compiled, said = evaluated()
    assert (compiled["accuracy"], Path(compiled["program_file"]).name) == (1.0, file.name)
    assert said.splitlines()[0] == (
        "program jsonl-small.json, compiled for jsonl with gepa: 25.0% -> 50.0% of 100 validation questions; "
        "the preset as it is: --program none"
    )
    assert compiled["program"] != plain["program"] and compiled["folder"] != plain["folder"], (
        "two runs, never mixed"
    )
    again, said = evaluated("--program", "none")
    assert again == plain and not said.startswith("program ")


def test_a_question_takes_it_only_when_it_is_for_any(save: Save) -> None:
    words = ("ask", "What is 3 + 1?", "--preset", "small")
    save()
    assert cope(*words).stdout == "9\n"
    save(**{"for": "domain"})
    result = cope(*words)
    assert result.stdout == "4\n" and result.stderr.startswith(
        "program jsonl-small.json, compiled for jsonl with gepa"
    )
    assert json.loads(cope(*words, "--json").stdout)["program_file"].endswith(
        "package/jsonl-small.json"
    )
    assert cope(*words, "--quiet").stderr == ""
    assert cope(*words, "--program", "none").stdout == "9\n"


def test_the_users_own_program_and_other_models_come_first(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    mine = save("mine.json", task="other")
    result = commands.cope(*EVAL, "--program", "mine.json")
    assert result.exit_code == 2 and "leave out --preset" in result.stderr
    words = [word for word in EVAL if word not in ("--preset", "small")]
    document = json.loads(cope(*words, "--program", "mine.json", "--json", "--no-track").stdout)
    assert (document["program_file"], document["accuracy"]) == (str(mine), 1.0)
    save(models={"small": "local/other"})
    assert evaluated()[0]["program_file"] is None


def test_more_samples_or_other_thresholds_go_with_it(save: Save) -> None:
    save()
    assert evaluated("--samples", "3")[0]["accuracy"] == 1.0


def test_a_compile_starts_from_the_preset_s_own_words(save: Save) -> None:
    save()
    (Path("many.jsonl")).write_text(
        "".join(
            json.dumps({"question": f"What is {n} + 1?", "answer": n + 1}) + "\n"
            for n in range(4, 12)
        )
    )
    words = (
        "--data",
        "many.jsonl",
        "--preset",
        "small",
        "--optimizer",
        "labeled-few-shot",
        "--val",
        "4",
        "--no-track",
    )
    result = commands.cope("compile", "jsonl", *words, "--yes", "--json")
    document = json.loads(result.stdout)
    assert document["before"]["accuracy"] < 1 and "program jsonl-small.json" not in result.stderr
    named = json.loads(
        cope("compile", "jsonl", *words, "--yes", "--json", "--fresh", "--program", "none").stdout
    )
    assert named["program"] == document["program"]


def test_what_it_was_trained_on_and_chosen_by_is_a_warning(save: Save) -> None:
    save(train=(0, 1), val=(3,))
    document, said = evaluated()
    assert document["seen"] == {"train": 2, "val": 1, "questions": 4}
    (warning,) = (line for line in said.splitlines() if line.startswith("warning: "))
    assert "the program was trained on 2 and chosen by 1 of the 4 questions" in warning
    assert "choose others with --split or --data" in warning
    document, said = evaluated("--limit", "1")
    assert (
        document["seen"] == {"train": 1, "val": 0, "questions": 1}
        and "was trained on 1 of the 1 questions" in said
    )
    save("fresh.json")
    words = [word for word in EVAL if word not in ("--preset", "small")]
    result = cope(*words, "--program", "fresh.json", "--json", "--no-track")
    assert json.loads(result.stdout)["seen"] == {"train": 0, "val": 0, "questions": 4}
    assert "warning" not in result.stderr


def test_the_mlflow_run_is_tagged(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = give_tracker(monkeypatch)
    file = save(train=(0, 1), val=(3,))
    cope(*EVAL, "--store", STORE)
    cope(*EVAL, "--store", STORE, "--program", "none")
    shown, plain = (run.tag_values for run in tracker.runs.values())
    assert shown["program_file"] == str(file.absolute()) and plain["program_file"] == "none"
    assert {name: value for name, value in shown.items() if name.startswith("program_met.")} == {
        "program_met.train": "2",
        "program_met.val": "1",
        "program_met.questions": "4",
    }
    assert not any(name.startswith("program_met.") for name in plain)


def test_runs_are_named_by_task_program_and_data(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker = give_tracker(monkeypatch)
    file = save()
    cope(*EVAL, "--store", STORE)
    cope(*EVAL, "--store", STORE, "--program", "none")
    assert [run.name for run in tracker.runs.values()] == [
        f"jsonl {file.name} on q.jsonl",
        "jsonl small on q.jsonl",
    ]


def test_table_run_and_report_name_the_program_that_ran(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pages_without_pictures(monkeypatch)
    file = save("mine.json", task="other")
    words = [word for word in EVAL if word not in ("--preset", "small")]
    words += ["--program", str(file), "--no-track"]
    assert f"with preset small, program {file}: " in cope(*words).stdout.replace("\n", "")
    folder = json.loads(cope(*words, "--json").stdout)["folder"]
    assert json.loads(Path(folder, "run.json").read_text())["program_file"] == str(file)
    facts = json.loads(cope("report", folder, "--json").stdout)["facts"]
    assert facts["program"] == str(file)
    plain = json.loads(cope(*EVAL, "--program", "none", "--no-track", "--json").stdout)["folder"]
    assert "program" not in json.loads(cope("report", plain, "--json").stdout)["facts"]


def test_a_record_and_its_replay_name_the_program(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_pages_without_pictures(monkeypatch)
    file = save("mine.json", task="other")
    words = ["record", *[word for word in EVAL[1:] if word not in ("--preset", "small")]]
    cope(*words, "--program", str(file), "-o", "r.parquet", "--also", "none")
    replayed = json.loads(cope("eval", "--replay", "r.parquet", "--json").stdout)
    assert replayed["program_file"] == str(file)
    other = cope("eval", "--replay", "r.parquet", "--program", str(file), "--json")
    assert json.loads(other.stdout)["program_file"] == str(file)
    facts = json.loads(cope("report", "r.parquet", "--json").stdout)["facts"]
    assert facts["program"] == str(file)


def test_what_was_found_on_test_questions_is_what_is_said(save: Save) -> None:
    score = {"accuracy": 0.25, "n": 500}
    before, after = {"accuracy": 0.2, "n": 100}, {"accuracy": 0.9, "n": 100}
    save(
        scores={
            "before": before,
            "after": after,
            "test before": score,
            "test after": score | {"accuracy": 0.3},
        }
    )
    assert "with gepa: 25.0% -> 30.0% of 500 test questions; " in evaluated()[1]


def test_the_package_s_own_programs_are_found_for_the_default_pair() -> None:
    files = sorted(shipped_programs.FOLDER.glob("*.json"))
    assert files, "none comes with the package"
    for file in files:
        state = json.loads(file.read_text())
        about, models = state["compiled"], {"small": DEFAULT_SMALL, "large": DEFAULT_LARGE}
        preset = load_preset(state["preset"]["name"])
        domain = state.get("domain", DEFAULT_DOMAIN)  # no file names the usual one
        found = shipped_programs.find_bundled_program(
            preset, about["task"], models, domain, context=2048
        )
        assert found == file
        program = Cascade.from_file(file, Team(ScriptedEngine([]), ScriptedEngine([]), cache=False))
        assert program.preset == preset
        assert {"train", "val"} <= about["rows"].keys() and {"before", "after"} <= about[
            "scores"
        ].keys()
        assert "mlflow" not in about, "a run that users do not have"

"""Systems of another package that are no cascades: measured by eval and compare, and shown by report, by name."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import cope, done, give_team, give_tracker
from support.pictures import leave_pages_without_pictures
from support.systems import scripted_pair, systems_installed

from cope.models import ScriptedEngine
from cope.util.files import read_jsonl

COUNT = 12  # of the questions "What is N + 1?", two have a number of two digits
TASK = ("jsonl", "--data", "q.jsonl")
Engines = dict[str, ScriptedEngine]


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engines]:
    """Questions in a folder, scripted tiers behind every command, and the package's systems."""
    monkeypatch.chdir(tmp_path)
    leave_pages_without_pictures(monkeypatch)
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(COUNT)]
    Path("q.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    team, engines = scripted_pair()
    give_team(monkeypatch, lambda options: team)
    package = tmp_path / "package"
    package.mkdir()
    with systems_installed(package):
        yield engines


def asked(engines: Engines) -> dict[str, int]:
    """Return the number of requests by tier."""
    return {tier: len(engine.requests) for tier, engine in engines.items()}


def test_eval_measures_a_system_by_name_and_resumes_it(engines: Engines):
    words = ("eval", *TASK, "--no-track", "--system", "by-length", "--json")
    found = json.loads(done(*words).stdout)
    assert found["preset"] == "by-length" and found["seed"] == 0
    assert list(found["models"]) == ["small", "frontier"]
    shares = [round_["share"] for round_ in found["rounds"]]
    assert shares == pytest.approx([10 / 12, 2 / 12])
    assert found["accuracy"] == pytest.approx(7 / 12), "small is wrong on 1, 3, 5, 7, 9"
    assert asked(engines) == {"small": 10, "frontier": 2}
    assert {tier: one["calls"] for tier, one in found["tiers"].items()} == asked(engines)
    again = json.loads(done(*words).stdout)
    assert again == found and asked(engines) == {"small": 10, "frontier": 2}
    table = done(*words[:-1]).stdout
    assert "with system by-length" in table
    assert "1 small, short questions" in table and "2 frontier" in table


def test_calls_of_predictors_are_metered_by_stage(engines: Engines):
    words = ("eval", *TASK, "--no-track", "--system", "checked", "--json")
    found = json.loads(done(*words).stdout)
    assert found["accuracy"] == 1.0
    assert asked(engines) == {"small": 24, "frontier": 6}
    first, second = found["rounds"]
    assert (first["answered"], first["spent"]["calls"]) == (6, 24)
    assert (second["answered"], second["spent"]["calls"]) == (6, 6)
    for tier, price in (("small", 1e-6), ("frontier", 10e-6)):
        spent = found["tiers"][tier]
        tokens = spent["prompt_tokens"] + 2 * spent["answer_tokens"]
        assert spent["answer_tokens"] > 0 and spent["usd"] == pytest.approx(tokens * price)
    rows = list(read_jsonl(Path(found["folder"]) / "records.jsonl", repair=False))
    assert {row["round"] for row in rows} == {1, 2}
    assert sum(row["usd"] for row in rows) == pytest.approx(found["total"]["usd"])


def test_the_last_tier_alone_is_the_baseline_of_a_system(engines: Engines):
    alone = ("eval", *TASK, "--no-track", "--preset", "frontier")
    done(*alone)
    found = json.loads(done("eval", *TASK, "--no-track", "--system", "checked", "--json").stdout)
    assert found["large_alone"]["tier"] == "frontier" and found["large_alone"]["accuracy"] == 1.0


def test_a_tracked_run_of_a_system_has_its_stages_settings(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
):
    tracker = give_tracker(monkeypatch)
    done("eval", *TASK, "--system", "checked")
    (run,) = tracker.runs.values()
    assert run.params["preset"] == "checked" and run.params["samples"] == "[1, 1]"
    assert run.params["program"] == "checked" and run.metric_values["accuracy"] == 1.0
    assert "program.json" not in run.files, "it has no prompts to save"


@pytest.mark.slow
def test_compare_puts_systems_next_to_presets_and_shares_their_calls(engines: Engines):
    words = ("compare", *TASK, "--no-track", "--presets", "small,frontier", "--json")
    found = json.loads(done(*words, "--systems", "by-length,checked").stdout)
    assert set(found["systems"]) == {"small", "frontier", "by-length", "checked"}
    assert (found["against"], found["last_tier"]) == ("frontier", "frontier")
    tokens = {name: one["costs"]["large-tokens"] for name, one in found["systems"].items()}
    assert tokens["small"] == 0 < tokens["by-length"] < tokens["frontier"]
    # by-length asks what the presets asked; checked has prompts of its own.
    assert asked(engines) == {"small": 12 + 24, "frontier": 12 + 6}
    more = json.loads(done(*words).stdout)
    assert more["folder"] == found["folder"]


@pytest.mark.slow
def test_report_shows_the_stages_of_systems(engines: Engines):
    folder = json.loads(done("eval", *TASK, "--no-track", "--system", "checked", "--json").stdout)[
        "folder"
    ]
    done("report", folder, "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "small answers and checks itself" in page and "frontier answers" in page
    figures = json.loads(done("report", folder, "--json").stdout)
    (system,) = figures["systems"]
    assert [round_["words"] for round_ in system["rounds"]] == [
        "small answers and checks itself",
        "frontier answers",
    ]
    assert [flow["right"] for flow in system["flow"]] == [6, 6]
    compared = ("compare", *TASK, "--no-track", "--presets", "frontier", "--json")
    folder = json.loads(done(*compared, "--systems", "by-length").stdout)["folder"]
    done("report", folder, "-o", "both.html")
    assert "small, short questions" in Path("both.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ("eval", *TASK, "--preset", "by-length"),
        ("eval", *TASK, "--system", "by-length", "--replay", "r.parquet"),
        ("eval", *TASK, "--system", "by-length", "--calibration", "c.json"),
        ("compare", "--systems", "by-length", "--replay", "r.parquet"),
        ("record", *TASK, "--preset", "by-length", "-o", "r.parquet"),
        ("compile", *TASK, "--preset", "by-length", "-o", "p.json"),
        ("ask", "What is 1 + 1?", "--preset", "by-length"),
        ("show", "by-length"),
    ],
)
def test_what_only_cascades_can_do_is_one_error_that_names_the_way(
    words: tuple[str, ...], engines: Engines
):
    result = cope(*words)
    assert result.exit_code == 1
    assert "'by-length' is a system" in result.output
    assert "cope eval TASK --system by-length" in result.output
    assert asked(engines) == {"small": 0, "frontier": 0}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("by-lenght", "no system is named 'by-lenght': did you mean by-length?"),
        ("no-tier", "no tier is named 'huge'"),
        ("not-a-system", "has no name and no domain and no tiers"),
        ("wrong-name", "calls itself 'by-length'"),
        ("frontier", "has the name of a tier or preset"),
    ],
)
def test_a_system_that_cannot_be_used_is_an_error_of_one_line(
    name: str, message: str, engines: Engines
):
    result = cope("eval", *TASK, "--no-track", "--system", name)
    assert result.exit_code == 1 and message in result.output


def test_options_of_presets_do_not_go_with_a_system(engines: Engines):
    for option in (("--preset", "small"), ("--samples", "2"), ("--thresholds", "0.5")):
        result = cope("eval", *TASK, "--no-track", "--system", "checked", *option)
        assert result.exit_code == 2 and f"leave out {option[0]}" in result.output


def test_two_systems_of_one_name_are_refused(engines: Engines):
    result = cope("compare", *TASK, "--systems", "checked,checked", "--presets", "small")
    assert result.exit_code == 1 and "two systems have the name 'checked'" in result.output


@pytest.mark.parametrize("command", ["eval", "compare"])
def test_help_lists_the_systems(command: str):
    text = "".join(done(command, "--help").output.split())  # wrapped lines break at hyphens
    assert "byitsname" in text or "bytheirnames" in text
    assert "self-verification" in text

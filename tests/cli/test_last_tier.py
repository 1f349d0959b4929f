"""A team of small, mid and frontier works in every command; no tier of its preset is called large."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, done, give_team
from support.pictures import leave_pages_without_pictures
from support.three_tiers import three_tier_team, write_preset

from cope import Cascade
from cope.models import Price
from cope.programs import load_preset
from cope.programs.preset import tier_alone
from cope.report.sources.open import open_source

COUNT = 12
TRIO = ("--preset", "trio.toml")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with questions, a preset of three tiers, and scripted models behind every command."""
    monkeypatch.chdir(tmp_path)
    leave_pages_without_pictures(monkeypatch)
    write_preset(tmp_path)
    rows = [{"question": f"What is {n} + 1?", "answer": str(n + 1)} for n in range(COUNT)]
    Path("q.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    team = three_tier_team(prices={tier: Price(1, 2) for tier in ("small", "mid", "frontier")})
    give_team(monkeypatch, lambda options: team)
    return tmp_path


def recorded() -> Any:
    return done("record", "jsonl", "--data", "q.jsonl", "-o", "r.parquet", *TRIO)


def test_the_last_tier_is_the_one_that_rounds_bring_in_last():
    last = {name: load_preset(name).last_tier for name in ("cope", "plan-then-solve", "small")}
    assert last == {"cope": "large", "plan-then-solve": "large", "small": "small"}
    assert tier_alone("large") == load_preset("large")
    assert load_preset("frontier", ["frontier"]) == tier_alone("frontier")


def test_eval_shows_the_last_tier_alone_by_its_name(here: Path):
    words = ("eval", "jsonl", "--data", "q.jsonl", "--no-track")
    alone = json.loads(done(*words, "--preset", "frontier", "--json").stdout)
    assert alone["accuracy"] == 1.0 and set(alone["models"]) == {"frontier"}
    assert "frontier alone" in done(*words, *TRIO).stdout
    again = json.loads(done(*words, *TRIO, "--json").stdout)
    assert again["large_alone"]["accuracy"] == 1.0


def test_compare_takes_the_last_tier_alone_for_reference(here: Path):
    words = (
        "compare",
        "jsonl",
        "--data",
        "q.jsonl",
        "--no-track",
        "--presets",
        "frontier,trio.toml,small",
    )
    found = json.loads(done(*words, "--json").stdout)
    assert (found["against"], found["last_tier"]) == ("frontier", "frontier")
    tokens = {name: one["costs"]["large-tokens"] for name, one in found["systems"].items()}
    assert tokens["small"] == 0 and 0 < tokens["trio"] < tokens["frontier"]
    text = done(*words).stdout
    assert "frontier tokens" in text and "frontier-tier tokens" in text and "large" not in text


@pytest.mark.slow
def test_record_keeps_the_last_tier_alone_too_and_replays(here: Path):
    recorded()
    found = json.loads(done("eval", "--replay", "r.parquet", "--json").stdout)
    assert found["large_alone"]["accuracy"] == 1.0
    alone = json.loads(
        done("eval", "--replay", "r.parquet", "--preset", "frontier", "--json").stdout
    )
    assert alone["accuracy"] == 1.0
    compared = json.loads(done("compare", "--replay", "r.parquet", "--json").stdout)
    assert compared["against"] == "frontier" and {"trio", "frontier"} <= set(compared["systems"])


@pytest.mark.slow
def test_calibrate_guarantees_against_the_last_tier(here: Path):
    recorded()
    words = ("calibrate", "r.parquet", "--harm", "0.9", "--delta", "0.5", "-o", "c.json")
    text = done(*words, "--minimize", "large-tokens").output
    assert "is wrong where the frontier model alone is right" in text
    assert re.search(
        r"^frontier .*100\.0%", text, re.MULTILINE
    )  # the table's row of frontier alone
    assert "large alone" not in text and "the large" not in text
    certificate = json.loads(Path("c.json").read_text(encoding="utf-8"))
    assert certificate["aim"]["minimized"] == "tokens that the frontier tier writes"
    evaluated = done(
        "eval", "jsonl", "--data", "q.jsonl", "--no-track", "--calibration", "c.json", *TRIO
    )
    assert "frontier" in evaluated.output


def test_where_the_record_lacks_the_last_tier_alone_the_error_names_it(here: Path):
    done(
        "record",
        "jsonl",
        "--data",
        "q.jsonl",
        "-o",
        "r.parquet",
        "--also",
        "none",
        "--limit",
        "2",
        *TRIO,
    )
    source = json.loads(done("eval", "--replay", "r.parquet", "--json").stdout)
    assert source["large_alone"] is None
    result = cope("calibrate", "r.parquet", "--harm", "0.1")
    assert result.exit_code == 1 and "cope record --also frontier" in result.output


@pytest.mark.slow
def test_reports_speak_of_the_last_tier(here: Path):
    recorded()
    source = open_source(Path("r.parquet"))
    assert source.last_tier == "frontier" and source.last_tier_alone is not None
    done("report", "r.parquet", "-o", "page.html")
    page = Path("page.html").read_text(encoding="utf-8")
    assert "frontier tokens" in page


def test_import_takes_its_last_tier_from_the_options(here: Path):
    samples = [
        {
            "id": str(n),
            "question": f"What is {n} + 1?",
            "gold": str(n + 1),
            "samples": {
                "s": [{"answer": str(n + k % 2)} for k in range(4)],
                "m": [{"answer": str(n + 1)}],
                "f": [{"answer": str(n + 1)}],
            },
        }
        for n in range(4)
    ]
    Path("s.jsonl").write_text("\n".join(json.dumps(row) for row in samples), encoding="utf-8")
    words = ("import", "s.jsonl", "--small", "s", "--tier", "mid=m")
    done(*words, "--tier", "frontier=f", "-o", "i.parquet")
    found = json.loads(done("eval", "--replay", "i.parquet", "--json").stdout)
    assert list(found["models"]) == ["small", "mid", "frontier"]
    assert found["large_alone"]["accuracy"] == 1.0
    assert "Missing option '--large'" in cope("import", "s.jsonl", "--small", "s").output


@pytest.mark.slow
def test_compile_counts_the_tokens_of_the_last_tier(here: Path):
    result = cope(
        *(
            "compile",
            "jsonl",
            "--data",
            "q.jsonl",
            "--no-track",
            "--optimizer",
            "bootstrap-few-shot",
        ),
        *(
            "--yes",
            "--objective",
            "cost",
            "--only",
            "frontier",
            "--train",
            "4",
            "--val",
            "6",
            "-o",
            "p.json",
            *TRIO,
        ),
    )
    assert result.exit_code == 0, result.output
    assert "of them written by frontier" in result.output
    assert Cascade.from_file("p.json", three_tier_team()).preset.last_tier == "frontier"

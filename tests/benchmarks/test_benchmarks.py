"""The benchmarks run, and what they report is what they measured. No model, no timing is judged."""

import asyncio
import gc
import io
import json
import runpy
import statistics
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.benchmarks import FOLDER, load

from cope.models import ScriptedEngine, Team

SCRIPTS = sorted(f.name for f in FOLDER.glob("[!_]*.py"))
ROWS = [{"question": f"What is {n} plus {n}?", "answer": str(2 * n)} for n in range(1, 11)]


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script as Python does, in this process: a new one imports everything again."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    gc.freeze()  # some scripts collect garbage again and again, and the tests before left much behind
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", [script, *options])
        try:
            runpy.run_path(str(FOLDER / script), run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
    if isinstance(code, str):
        err.write(f"{code}\n")
        code = 1
    return subprocess.CompletedProcess([script, *options], code, out.getvalue(), err.getvalue())


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return str(path)


def doubles(right_with: str) -> ScriptedEngine:
    """Answers rightly where the prompt holds a text, wrongly (by one) where it does not."""

    def script(messages: list[dict[str, str]], request: Any) -> str:
        prompt = "\n".join(m["content"] for m in messages)
        n = int(prompt.split("What is ")[1].split()[0])
        return f"Twice {n}.\nAnswer: {2 * n + (right_with not in prompt)}"

    return ScriptedEngine(script)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_says_what_it_does(script: str) -> None:
    shown = run(script, "--help")
    assert shown.returncode == 0
    assert "--json" in shown.stdout
    readme = (FOLDER / "README.md").read_text()
    assert f"`{script}`" in readme and f"benchmarks/{script}" in readme


def test_a_ratio_is_a_median_with_its_range() -> None:
    ratio = load("_shared").Ratio.of("ours / direct", [0.9, 1.1, 1.0], "at least 0.95")
    assert str(ratio) == "ours / direct: 1.00 (0.90 to 1.10), aim at least 0.95"
    assert str(load("_shared").Ratio.of("alone", [0.5])) == "alone: 0.50"
    with pytest.raises(statistics.StatisticsError):
        load("_shared").Ratio.of("nothing", [])


def test_what_is_unknown_is_not_printed_as_a_number() -> None:
    shown = load("_shared").table(
        ["way", "ms"], [["bare", 20.25], ["ours", None], ["many", 1234.5]]
    )
    assert shown.splitlines()[1:] == ["bare  20.2", "ours  unknown", "many  1234"]


def test_overhead_runs_every_layer_and_prints_json() -> None:
    done = run("overhead.py", "--scripted", "--quick", "--samples", "3", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [r["way"] for r in result["rows"]] == [
        "dspy.LM",
        "dspy.Predict",
        "Predict on a tier",
        "Cascade",
        "Cascade, synchronous",
    ]
    assert all(r["ms a round"] > 0 for r in result["rows"])
    assert [line.partition(":")[0] for line in result["ratios"]] == [
        "Cascade minus dspy.Predict, wall ms a round",
        "Cascade minus dspy.Predict, processor ms a round",
    ]


@pytest.mark.slow
def test_tables_answers_a_table_and_compares_it_with_the_cascade_alone() -> None:
    done = run("tables.py", "--quick", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert all(row["value"] > 0 for row in result["rows"])
    assert result["ratios"][0]["what"].startswith("processor time of a table")


def test_overhead_attributes_the_difference_to_the_layer() -> None:
    times = {
        "bare requests": [(0.021, 0.001)] * 3,
        "dspy.Predict": [(0.024, 0.002)] * 3,
        "Cascade": [(0.0245, 0.003)] * 3,
    }
    rows, lines = load("overhead").report(times, 20.0)
    assert [round(row[-1], 6) for row in rows] == [1.0, 3.0, 0.5]
    assert (
        lines[0]
        == "Cascade minus dspy.Predict, wall ms a round: 0.50 (quartiles 0.50 to 0.50; quickest 0.50), aim at most 1 ms"
    )
    assert lines[3].startswith("Cascade minus bare requests, processor ms a round: 2.00")


def test_the_stub_is_a_server_for_the_engine() -> None:
    from cope.models.engines.ollama import OllamaEngine

    with load("_stub").serving(0.0) as url:
        engine = OllamaEngine("stub", url)
        team = Team(small=engine, large=engine, cache=False)
        question = [{"role": "user", "content": "What is 2 plus 2?"}]

        async def twice() -> list[Any]:
            return await asyncio.gather(
                *(team["small"].lm.acall(messages=question) for _ in range(2))
            )

        assert asyncio.run(twice()) == [[load("_stub").REPLY]] * 2


def test_parity_compares_the_same_questions_and_resumes_after_a_kill(
    data: str, tmp_path: Path
) -> None:
    parity, shared = load("parity"), load("_shared")
    examples = shared.load_questions(data, None)
    team = Team(small=(engine := doubles(right_with=parity.INSTRUCTION)), large=engine, cache=False)
    ledger = shared.open_ledger(str(tmp_path), "parity")
    ours, bare = asyncio.run(parity.compare(team, "small", examples, ledger))
    assert [a.right for a in bare] == [True] * 10
    assert [a.right for a in ours] == [False] * 10
    assert [a.answer for a in bare] == [row["answer"] for row in ROWS]
    lines = [str(line) for line in parity.verdicts("small", ours, bare)]
    assert (
        lines[0]
        == "small: preset minus plain, accuracy: -100.0% (-100.0% to -29.0%), aim not below 0"
    )
    prompt = ours[0].prompt / bare[0].prompt
    assert lines[1].startswith(f"small: preset / plain, prompt tokens: {prompt:.2f}")
    assert len(engine.requests) == 20

    again = Team(small=engine, large=engine, cache=False)
    restored = asyncio.run(
        parity.compare(again, "small", examples, shared.open_ledger(str(tmp_path), "parity"))
    )
    assert restored == (ours, bare)
    assert len(engine.requests) == 20  # nothing was asked twice


def test_adapters_are_distinguished(data: str, tmp_path: Path) -> None:
    adapters, shared = load("adapters"), load("_shared")
    examples = shared.load_questions(data, 5)
    ledger, engine, done = (
        shared.open_ledger(str(tmp_path), "adapters"),
        doubles(right_with="What"),
        {},
    )
    for adapter in ("lean", "xml"):
        team = Team(small=engine, large=engine, cache=False, adapter=adapter)
        done["small", adapter] = asyncio.run(adapters.measure(team, "small", examples, ledger))
    lean, xml = done["small", "lean"], done["small", "xml"]
    assert [a.right for a in lean] == [True] * 5
    assert [a.answer for a in xml] == [None] * 5  # the script keeps the lean format only
    assert shared.asked_row("small", "lean", lean)[2:4] == ["100% (57% to 100%)", 0]
    assert shared.asked_row("small", "xml", xml)[3] == 5
    assert lean[0].prompt < xml[0].prompt
    assert adapters.verdicts(done) == [
        "small: lean minus xml, accuracy: +100.0% (-16.7% to +100.0%)"
    ]


def test_a_data_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = run("parity.py", "--data", str(tmp_path / "none.jsonl"), "--runs", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("error: there is no file") and len(done.stderr.splitlines()) == 1


@pytest.mark.slow  # it waits for a process of its own
def test_memory_sees_what_a_command_and_its_child_hold() -> None:
    child = "x = bytearray(60_000_000); import time; time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    command = [sys.executable, "-c", parent]
    code, alone, unmapped, together = load("memory").peak(command, interval=0.02)
    assert code == 0
    assert 0 < unmapped <= alone < 60_000_000 < together


def test_memory_fails_with_the_command() -> None:
    words = ("--weights", "tiny", "--", sys.executable, "-c", "raise SystemExit(3)")
    done = subprocess.run(
        [sys.executable, FOLDER / "memory.py", *words], capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "exit code 3" in done.stderr
    assert load("memory").size("tiny") == 98_362_432


@pytest.mark.slow
def test_a_sweep_of_ten_thousand_pairs_stays_small() -> None:
    replay = load("replay")
    from cope.eval import Replay

    counted = Replay(replay.made_up(1000, 16))
    pairs = np.random.default_rng(0).uniform(0.01, 1, (10_000, 2))
    whole = 10_000 * 1000 * 8 / 1e6  # MB of one number for each pair and question
    assert replay.peak(lambda: counted.sweep(pairs)) < whole / 8
    assert replay.peak(lambda: counted.sweep(pairs[:100])) < 2


@pytest.mark.slow
def test_servers_are_loaded_and_one_that_cannot_be_installed_is_skipped(tmp_path: Path) -> None:
    """LiteLLM's proxy has no environment here, and none can be made in a file's place."""
    blocked = tmp_path / "file"
    blocked.touch()
    found = run(
        "serve.py", "--clients", "2", "--seconds", "1", "--json", "--environments", str(blocked)
    )
    assert found.returncode == 0, found.stderr
    document = json.loads(found.stdout)
    servers = {row["server"]: row for row in document["rows"]}
    proxies = ("bare Starlette proxy", "cope serve", "cope serve, 2 workers")
    assert set(servers) == {"the stub alone", *proxies}
    assert all(row["errors"] == 0 and row["requests"] > 0 for row in servers.values())
    for name in proxies:
        assert all(servers[name][f"MB at {share}%"] > 1 for share in (10, 50, 100))
    assert [note for note in document["ratios"] if note.startswith("litellm was not measured")]

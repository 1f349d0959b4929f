"""The benchmark of systems trains each on other groups than it is measured on, and says what lacks."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.trained_systems import outcomes, topic_lines

from cope.eval import import_samples, write_recording
from cope.optimize.training.crossfit import calls_for_accuracy, folds

KNOWN = {"small": "mixtral-8x7b-instruct", "large": "gpt-4-1106-preview"}


def record(where: Path, name: str, lines: list[dict[str, Any]], models: dict[str, str]) -> str:
    """Import published lines, and return the record's file."""
    file = where / f"{name}.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = import_samples(file, models, group="subject", thresholds=(0.75,) * (len(models) - 1))
    write_recording(where / f"{name}.parquet", made.manifest, made.rows)
    return str(where / f"{name}.parquet")


def mmlu_lines(count: int) -> list[dict[str, Any]]:
    """Return lines that tell who is right, by subject: the small model knows birds."""
    lines = []
    for number, line in enumerate(topic_lines(count)):
        is_bird = line["topic"] == "birds"
        samples = {KNOWN["small"]: [{"right": is_bird}], KNOWN["large"]: [{"right": True}]}
        shown = {"id": line["id"], "question": line["question"], "samples": samples}
        lines.append(shown | {"subject": f"subject {number % 40}"})
    return lines


def voted_lines(count: int) -> list[dict[str, Any]]:
    """Return lines with four votes of the small model, and one answer of two others."""
    lines = []
    for number, line in enumerate(topic_lines(count)):
        right = 4 if line["topic"] == "birds" else number % 3
        votes = ["7"] * right + ["3"] * (4 - right)
        small = [{"answer": vote, "variant": f"v{place}"} for place, vote in enumerate(votes)]
        samples = {"s": small, "m": [{"answer": "7"}], "l": [{"answer": "7"}]}
        lines.append(line | {"samples": samples, "subject": f"subject {number % 40}"})
    return lines


def benchmark(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Run the benchmark, and return its rows by system, and its notes."""
    monkeypatch.setattr(sys, "argv", ["systems.py", *words, "--share", "0.8", "--json"])
    importlib.import_module("systems").main()
    document = json.loads(capsys.readouterr().out)
    return {row["system"]: row for row in document["rows"]}, document["ratios"]


@pytest.mark.slow
def test_right_and_wrong_by_subject(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    file = record(tmp_path, "mmlu", mmlu_lines(80), KNOWN)
    rows, notes = benchmark(monkeypatch, capsys, file)
    # Each subject has birds or stones alone, so the router learns from other subjects.
    assert rows["mmlu: small"]["accuracy"] == "50.0%"
    for name in ("knn-router", "logistic-router", "routellm", "cascade, pre-gate by knn"):
        assert rows[f"mmlu: {name}"]["accuracy"] == "100.0%", name
        assert float(rows[f"mmlu: {name}"]["calls to last"][:-1]) <= 80
    assert rows["mmlu: cascade, pre-gate by knn"]["calls to last"] == "50.0%"
    text = "\n".join(notes)
    assert "80 questions, 40 groups" in text
    for name in ("abc", "automix", "c3po"):
        assert f"mmlu: without {name}: " in text and f"mmlu: {name}" not in rows
    assert "with 45% of its calls, random routing with 90%; published for this pair" in text
    assert text.endswith("55%")


@pytest.mark.slow
def test_votes_and_a_third_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    models = {"small": "s", "mid": "m", "large": "l"}
    file = record(tmp_path, "voted", voted_lines(60), models)
    rows, notes = benchmark(monkeypatch, capsys, file)
    for name in ("abc", "frugalgpt", "cascade-routing", "cascade"):
        assert f"voted: {name}" in rows, notes
    assert float(rows["voted: abc"]["accuracy"][:-1]) > 90
    assert any("no published figure has this pair" in note for note in notes)


def test_folds_keep_groups_apart():
    table = outcomes([[0, 1]] * 60, groups=[f"g{row % 12}" for row in range(60)])
    seen: list[int] = []
    for fold in folds(table):
        parts = [{table.groups[row] for row in fold.rows}]
        parts += [set(fold.train.groups), set(fold.held.groups)]
        assert all(parts) and not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
        seen += fold.rows.tolist()
    assert sorted(seen) == list(range(60))


@pytest.mark.parametrize(
    ("target", "share"), [(0.5, 0.0), (0.75, 0.25), (0.76, float("nan")), (0.0, 0.0)]
)
def test_the_least_share_of_calls_for_an_accuracy(target: float, share: float):
    scores = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    wins = np.array([0.9, 0.1, 0.5, 0.2])
    assert calls_for_accuracy(wins, scores, target) == pytest.approx(share, nan_ok=True)

"""The benchmark of the guarantee evaluates on the half that was not calibrated on."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from support.imported_recordings import imported, published

pytestmark = pytest.mark.slow  # scikit-learn takes seconds to import


def test_splits_of_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(tmp_path)
    argv = ["guarantee.py", str(tmp_path / "r.parquet"), "--harm", "0.2", "--splits", "4", "--json"]
    monkeypatch.setattr(sys, "argv", argv)
    importlib.import_module("guarantee").main()
    document = json.loads(capsys.readouterr().out)
    rows = {row[""]: row for row in document["rows"]}
    assert rows["large alone"]["calls to the large tier"] == "100.0%"
    assert rows["oracle"]["lost"] == "0.0%"
    share = {name: float(row["calls to the large tier"][:-1]) for name, row in rows.items()}
    assert 0 < share["calibrated cascade"] == share["random, as many calls"] < 100
    assert share["router on the text, as many calls"] == pytest.approx(
        share["calibrated cascade"], abs=0.5
    )
    assert document["ratios"][0].startswith("above the router on the text: +"), (
        "the text tells nothing of these questions"
    )
    assert "of 4 splits" in document["ratios"][3]
    assert "in 0 of 4 splits (allowed 10%)" in document["ratios"][4]


def test_a_router_learns_from_words_which_questions_are_hard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    router = importlib.import_module("_router")
    hard = np.arange(60) % 3 == 0
    texts = [
        f"How many {'primes' if h else 'apples'} are there in {n}?" for n, h in enumerate(hard)
    ]
    chance = router.chance_right(texts[:40], ~hard[:40], texts[40:])
    assert router.sent(chance, hard[40:].mean(), 0).tolist() == hard[40:].tolist()
    assert router.chance_right(texts, np.ones(60, dtype=bool), texts[:2]).tolist() == [1.0, 1.0]
    assert router.sent(np.ones(10), 0.3, 0).sum() == 3 and router.sent(np.ones(10), 7.0, 0).all()
    assert router.sent(np.ones(10), 0.3, 0).tolist() != router.sent(np.ones(10), 0.3, 1).tolist(), (
        "equals are drawn"
    )


def test_leaving_rounds_is_measured_on_pooled_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = published(tmp_path, 200, samples=8)
    argv = ["give_up.py", str(file), "--small", "s", "--large", "l", "--ratios", "1,50", "--json"]
    monkeypatch.setattr(sys, "argv", argv)
    importlib.import_module("give_up").main()
    document = json.loads(capsys.readouterr().out)
    assert document["ratios"] == ["200 questions"]
    cheap, dear = document["rows"][1], document["rows"][-1]
    assert cheap["saved"].endswith("%") and float(cheap["saved"][:-1]) > 20
    assert dear["large / small"] == 50

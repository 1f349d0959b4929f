"""The command that measures a compiled program, and the proposer's price among those of the tiers."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from cope.models import Price
from cope.optimize.compiler.eval_command import eval_command
from cope.optimize.compiler.options import SplitOptions
from cope.optimize.compiler.proposer import split_proposer_price
from cope.programs.options import TeamOptions

SET = {"max_tokens", "small", "match"}


@pytest.mark.parametrize(
    ("task", "split", "team", "unsafe", "words"),
    [
        ("gsm8k", {}, {}, False, ["gsm8k"]),
        (None, {"match": "number"}, {}, False, ["--match", "number"]),
        ("jsonl", {"data": "q.jsonl"}, {}, False, ["jsonl", "--data", "OTHER.jsonl"]),
        ("mbpp", {"visible": "all"}, {}, True, ["mbpp", "--unsafe-code"]),
        ("t", {}, {"small": "a b", "context": 9, "max_tokens": 7}, False, ["t", "a b", "7"]),
        ("t", {}, {"tiers": {"mid": "m"}}, False, ["t", "--tier", "mid=m"]),
    ],
)
def test_what_the_user_set_is_in_the_command(
    task: str | None,
    split: dict[str, Any],
    team: dict[str, Any],
    unsafe: bool,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("q.jsonl").write_text('{"question": "1 + 1?", "answer": 2}\n')
    command = eval_command(
        task,
        SplitOptions(**split),
        TeamOptions(**team),
        Path("my file.json"),
        unsafe_code=unsafe,
        is_set=lambda name: name in SET and name in {**split, **team},
    )
    said = shlex.split(command)
    assert said[:2] == ["cope", "eval"] and "my file.json" in said
    rest = [word for word in said[2:] if word in words]
    assert rest == words and "--context" not in said


@pytest.mark.parametrize(
    ("tiers", "left", "price"),
    [({}, {"small"}, Price(2)), ({"proposer": "m"}, {"small", "proposer"}, None)],
)
def test_the_proposers_price_is_no_tiers(
    tiers: dict[str, str], left: set[str], price: Price | None
) -> None:
    prices = {"small": Price(1), "proposer": Price(2)}
    found, proposer = split_proposer_price(TeamOptions(tiers=tiers, prices=prices))
    assert set(found) == left and proposer == price

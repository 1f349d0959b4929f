"""Model time beside that of the last tier alone: measured where it is known, else estimated and said to be; one machine is said."""

from typing import Any

import pytest

from cope.models.engines.registry import is_here
from cope.programs.model_time import estimated_seconds, model_time

HERE = {"small": "local/qwen2.5-coder-0.5b", "large": "local/qwen2.5-coder-1.5b"}
MIXED = {"small": "local/qwen2.5-coder-0.5b", "large": "openai/gpt-4o-mini"}


def row(tier: str, role: str, calls: int, tokens: int | None, seconds: float | None) -> Any:
    return {
        "tier": tier,
        "round": 1,
        "role": role,
        "calls": calls,
        "hits": 0,
        "cancelled": 0,
        "prompt_tokens": 10,
        "completion_tokens": tokens,
        "cached_tokens": 0,
        "usd": None,
        "unpriced": calls,
        "seconds": seconds,
        "machine_seconds": seconds,
    }


SMALL, PLANS = row("small", "reason", 8, 800, 16.0), row("large", "plan", 1, 20, 1.0)
ANSWERS = row("large", "reason", 2, 120, 6.0)


@pytest.mark.parametrize(
    ("usage", "seconds"),
    [
        ([SMALL, ANSWERS], 4 * 60 / 20),  # its own answers of 60 tokens, 20 tokens a second
        ([SMALL, PLANS], 4 * 100 / 20),  # it only planned: answers as long as the small tier's
        ([SMALL, PLANS, ANSWERS], 4 * 60 / (140 / 7)),
        ([SMALL], None),
        ([SMALL, row("large", "reason", 1, None, 3.0)], None),
        ([SMALL, row("large", "reason", 1, 60, None)], None),
        ([SMALL, row("large", "reason", 1, 0, 0.0)], None),
        ([], None),
    ],
)
def test_the_last_tier_alone_is_estimated_from_its_tokens_a_second(
    usage: list[Any], seconds: float | None
):
    found = estimated_seconds(usage, 4, "large")
    assert found == (seconds if seconds is None else pytest.approx(seconds))


def test_what_was_measured_counts_before_an_estimate():
    usage = [SMALL, ANSWERS]
    measured, estimate = (model_time(usage, 4, MIXED, "large", known) for known in (9.0, None))
    assert measured is not None and estimate is not None
    assert measured.text() == "model time 22.0 s; the large model alone takes 9.0 s"
    assert estimate.text() == (
        "model time 22.0 s; the large model alone takes about 12.0 s, by its tokens a second"
    )
    assert (measured.is_estimate, estimate.is_estimate) == (False, True)


def test_one_machine_is_said_in_the_same_line():
    took = model_time([SMALL, ANSWERS], 4, HERE, "large", 9.0)
    assert took is not None and took.one_machine
    assert took.text().endswith("9.0 s; all models run on one machine, where time is what is paid")


@pytest.mark.parametrize(
    ("models", "usage"),
    [({"large": "local/x"}, [ANSWERS]), (HERE, [row("small", "reason", 1, 9, None), ANSWERS])],
)
def test_a_tier_alone_and_unknown_times_have_no_line(models: dict[str, str], usage: list[Any]):
    assert model_time(usage, 4, models, "large", 9.0) is None


@pytest.mark.parametrize(
    ("model", "host", "here"),
    [
        ("local/qwen2.5-coder-0.5b", "", True),
        ("ollama/qwen3:8b", "", True),
        ("ollama/qwen3:8b", "http://10.0.0.2:11434", False),
        ("ollama/qwen3:8b@http://127.0.0.1:11434", "http://10.0.0.2:11434", True),
        ("ollama/qwen3:8b@http://gpu.example:11434", "", False),
        ("openai/gpt-4o-mini", "", False),
    ],
)
def test_a_model_is_here_in_this_process_or_behind_loopback(
    monkeypatch: pytest.MonkeyPatch, model: str, host: str, here: bool
):
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert is_here(model) is here

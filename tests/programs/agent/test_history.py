"""The history of an episode fits small contexts."""

import pytest

from cope.programs.agent.history import NO_ACTION, NO_HISTORY, PastStep, history_text

STEPS = [PastStep(f"open drawer {n}", f"In it, you see a spoon {n}. " * 9) for n in range(1, 31)]


@pytest.mark.parametrize("most", [100, 300, 900, 2400, 20_000])
@pytest.mark.parametrize("count", [1, 5, 30])
def test_a_history_never_exceeds_its_characters_and_keeps_the_last_action(
    most: int, count: int
) -> None:
    text = history_text(STEPS[:count], most)
    assert len(text) <= most
    assert f"{count}. open drawer {count}" in text.splitlines()[-1]


def test_a_shorter_history_keeps_more_of_what_was_seen_last() -> None:
    text = history_text(STEPS[:10], 1500).splitlines()
    assert len(text) == 10
    assert len(text[8]) > len(text[0])


def test_a_history_names_what_is_not_there() -> None:
    assert history_text([], 100) == NO_HISTORY
    assert NO_ACTION in history_text([PastStep(None, "A room.")], 100)

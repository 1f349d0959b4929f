"""What every local engine does with a reply that has to be one of some texts."""

import json

from cope.models.lm import TierLM


def check_one_of_some_texts(lm: TierLM) -> None:
    """Ask for one of four texts three times, one of which begins as another does."""
    texts = ["go to shelf 1", "go to shelf 10", 'say "hello"', "look"]
    form = {"name": "action", "schema": {"type": "string", "enum": texts}}
    for seed in range(3):
        (text,) = lm(
            "You see a shelf. What do you do?",
            response_format={"type": "json_schema", "json_schema": form},
            temperature=1.0,
            seed=seed,
            max_tokens=40,
        )
        assert json.loads(text) in texts

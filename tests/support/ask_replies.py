"""What scripted models reply to the question of the tests of `cope ask`."""

from typing import Any

QUESTION = "What is 6 times 7?"


def system(messages: list[dict[str, str]]) -> str:
    return messages[0]["content"]


def sure(messages: list[dict[str, str]], request: Any) -> str:
    """Plans and solves alike in every sample."""
    return "Find the product." if system(messages).startswith("State") else "6 * 7\nAnswer: 42"


def split(messages: list[dict[str, str]], request: Any) -> str:
    """Small samples never agree, so that every round is asked."""
    if system(messages).startswith("State"):
        return "Find the product."
    if system(messages).startswith("Give a strategy"):
        return "Multiply the two numbers."
    return f"Answer: {request.config.seed}" if request.config.seed else "Answer: 42"

"""Check which keys of APIs are set."""

import os

from ...util.check import Check

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "OPENROUTER_API_KEY")
MORE_KEYS = (  # named only when they are set
    "AZURE_API_KEY",
    "COHERE_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GROQ_API_KEY",
    "HF_TOKEN",
    "MISTRAL_API_KEY",
    "OLLAMA_API_KEY",
    "PERPLEXITYAI_API_KEY",
    "TOGETHERAI_API_KEY",
    "XAI_API_KEY",
)


def check_keys() -> Check:
    """Check which keys of APIs are set. Their values are not read."""
    is_set = [name for name in (*KEYS, *MORE_KEYS) if os.environ.get(name)]
    missing = [name for name in KEYS if name not in is_set]
    parts = []
    if is_set:
        parts.append(f"set: {', '.join(is_set)}")
    if missing:
        parts.append(f"not set: {', '.join(missing)}")
    if is_set:
        return Check("keys", "ok", "; ".join(parts))
    return Check("keys", "note", "; ".join(parts), "only API models need one: export NAME=...")

"""Write prompts to MLflow's registry of prompts."""

import re
from collections.abc import Mapping, Sequence

# Braces that begin or end something that MLflow, or Jinja for it, would interpret.
_TEMPLATE_BRACES = re.compile(r"\{(?=[{%])|\}(?=\})")


def prompt_template(
    messages: Sequence[Mapping[str, str]], fields: Mapping[str, str]
) -> list[dict[str, str]]:
    """Return messages as a template in which `{{name}}` is a variable, and no other text is.

    A space separates braces that the registry would interpret: `{{x}}` in an instruction becomes
    `{ {x} }`. Single braces, as of Python and LaTeX, are unchanged.

    Args:
        messages: the messages of a chat, with role and content.
        fields: the placeholder in the messages for each variable, by the variable's name.

    >>> messages = [{"role": "user", "content": "Q: <q> for {n} in {{1}}"}]
    >>> prompt_template(messages, {"question": "<q>"})[0]["content"]
    'Q: {{question}} for {n} in { {1} }'
    """

    def escape(text: str) -> str:
        text = _TEMPLATE_BRACES.sub(lambda brace: f"{brace[0]} ", text)
        for name, placeholder in fields.items():
            text = text.replace(placeholder, f"{{{{{name}}}}}")
        return text

    return [
        {"role": message["role"], "content": escape(message["content"])} for message in messages
    ]


def register_prompt(
    name: str, messages: Sequence[Mapping[str, str]], description: str, tags: Mapping[str, str]
) -> str:
    """Register a version of a prompt, unless its last version is equal.

    Args:
        name: the prompt's name; characters that MLflow rejects become hyphens.
        messages: the template of a chat.
        description: the version's description, one line.
        tags: the version's tags.

    Returns:
        The version's address, `prompts:/NAME/VERSION`.
    """
    from mlflow import genai

    name = re.sub(r"[^a-zA-Z0-9_.-]+", "-", name)
    template = [dict(message) for message in messages]
    last = genai.load_prompt(name, allow_missing=True, link_to_model=False, cache_ttl_seconds=0)
    if last is None or last.template != template:
        last = genai.register_prompt(name, template, commit_message=description, tags=dict(tags))
    return last.uri

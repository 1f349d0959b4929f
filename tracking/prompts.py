"""MLflow's registry of prompts."""

import re
from collections.abc import Mapping, Sequence

_TEMPLATE_BRACES = re.compile(
    r"\{(?=[{%])|\}(?=\})"
)  # what begins or ends something that MLflow, or Jinja for it, would read


def prompt_template(
    messages: Sequence[Mapping[str, str]], fields: Mapping[str, str]
) -> list[dict[str, str]]:
    """Messages as a template in which `{{name}}` is a variable, and no other text is.

    Where a text has braces that the registry would read, a space sets them apart: `{{x}}` in an instruction becomes
    `{ {x} }`. Single braces, as of Python and LaTeX, stay as they are.

    Args:
        messages: a chat's, with role and content.
        fields: names of variables, and what stands for each in the messages.

    >>> prompt_template([{"role": "user", "content": "Q: <q> for {n} in {{1}}"}], {"question": "<q>"})[0]["content"]
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
    """Register a prompt unless its last version says the same.

    Args:
        name: the prompt's; characters that MLflow refuses become hyphens.
        messages: a chat's template.
        description: what the version is, in a line.
        tags: of the version.

    Returns:
        Its address, `prompts:/NAME/VERSION`.
    """
    from mlflow import genai

    name, wanted = re.sub(r"[^a-zA-Z0-9_.-]+", "-", name), [dict(message) for message in messages]
    last = genai.load_prompt(name, allow_missing=True, link_to_model=False, cache_ttl_seconds=0)
    if last is None or last.template != wanted:
        last = genai.register_prompt(name, wanted, commit_message=description, tags=dict(tags))
    return last.uri

"""Recognize what chat front ends ask for themselves: titles, tags and follow-up questions.

Such a request has a prompt of the front end's, which asks for a label of a conversation, and either
a small limit of tokens or the conversation itself. A question of a person that only mentions a
title has neither.
"""

import re

from .requests import ChatRequest, Message

SHORT_LIMIT = 1_000
"""Front ends allow so many tokens at most for a title."""
HEAD = 600
"""Characters of a message in which a front end says what it wants."""

_WANTED = re.compile(
    r"\b(titles?|names?|headings?|headlines?|subjects?|topics?|tags?|keywords?|labels?|emojis?"
    r"|follow[- ]?ups?|(?:next|related|suggested) (?:questions?|prompts?)|search quer(?:y|ies))\b",
    re.I,
)
_ASKED = re.compile(
    r"\b(generat|creat|writ|giv|suggest|provid|propos|produc|summari[sz]|nam|com(?:e|ing) up"
    r"|return|respond|reply|determin|extract|categori[sz]|you are|your task|task:)",
    re.I,
)
_ABOUT = re.compile(
    r"\b(chat|chats|conversations?|dialog(?:ue)?s?|discussions?|messages?|exchange|history)\b", re.I
)
_CONVERSATION = re.compile(
    r"<(?:chat|conversation|history|messages)\w*>|^\W*(?:chat history|conversation)\W*:?\s*$"
    r"|^\W{0,4}(?:user|human|assistant|ai)\W{0,3}:",
    re.I | re.M,
)


def is_shortcut(request: ChatRequest) -> bool:
    """Return whether a chat front end asks for a title, tags or follow-up questions.

    >>> ask = "Write a title of at most four words for this conversation.\\n\\nUser: Hi\\nAI: Hello"
    >>> body = {"model": "cope", "messages": [{"role": "user", "content": ask}]}
    >>> is_shortcut(ChatRequest.model_validate(body))
    True
    """
    if request.tools or request.choices > 1:
        return False
    last = request.messages[-1]
    instructions = [message for message in request.messages if message.is_instruction]
    heads = [_head(message) for message in (last, *instructions)]
    if not any(_is_known_prompt(head) for head in heads):
        return False
    limit = request.most_tokens
    is_short = limit is not None and limit <= SHORT_LIMIT
    return is_short or bool(_CONVERSATION.search(last.plain_text()))


def _head(message: Message) -> str:
    return message.plain_text()[:HEAD]


def _is_known_prompt(text: str) -> bool:
    """Return whether a text asks for a label or for follow-up questions of a conversation."""
    return bool(_WANTED.search(text) and _ASKED.search(text) and _ABOUT.search(text))

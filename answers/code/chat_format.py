"""Remove what a chat format puts around the final text of a reply: thoughts, roles, channels."""

import re

_FINAL = re.compile(
    r"<\|channel\|>\s*final\b[ \w]*(?:<\|constrain\|>[ \w]*)?<\|message\|>"  # gpt-oss ("harmony")
    r"|<\|?(?:start_of_turn|im_start|start_header_id)\|?>\s*(?:assistant|model)\s*"
    r"(?:<\|end_header_id\|>)?[ \t]*\n?"
    r"|<\|(?:assistant|START_RESPONSE|begin_of_solution|CHATBOT_TOKEN)\|>"
    r"|<｜Assistant｜>",
)
"""What opens a turn or channel of the model. The last one that has text after it is the answer."""

_END = re.compile(
    r"<\|(?:im_end|endoftext|end_of_text|eot_id|eom_id|end|return|call|user|system|file_sep|start"
    r"|im_start|start_header_id|channel|END_RESPONSE|end_of_solution|END_OF_TURN_TOKEN)\|>"
    r"|</s>|<end_of_turn>|<start_of_turn>|<｜(?:end▁of▁sentence|User)｜>"
)
_THOUGHT_END = re.compile(
    r"</(?:think|thinking|thought|thoughts|reasoning|reflection|seed:think)>|\[/THINK\]|◁/think▷"
    r"|<\|(?:end_of_thought|END_THINKING)\|>",
    re.I,
)
_THOUGHT_TAG = re.compile(
    r"<(?:think|thinking|thought|thoughts|reasoning|reflection|seed:think)>|\[THINK\]|◁think▷", re.I
)


def final_text(reply: str, longest: int) -> str:
    r"""Return the first characters of a reply's final text, without thoughts and other turns.

    Args:
        reply: what the model wrote, with or without special tokens.
        longest: characters that are returned at most. Thoughts before the answer do not count.

    Returns:
        The text after the last closed thought, of the last final channel or turn of the model, up
        to the token that ends it.

    Example:
        >>> final_text("<think>2 * n?</think>\ndef f(n): ...<|im_end|>\n<|im_start|>user", 100)
        '\ndef f(n): ...'
    """
    text = _after_last(_THOUGHT_END, reply)
    text = _THOUGHT_TAG.sub("", text, count=1)
    final = _after_last(_FINAL, _without_other_turns(text))
    turns = (turn for turn in _END.split(final[: 2 * longest]) if turn.strip())
    return next(turns, "")[:longest]


def _after_last(marker: re.Pattern[str], text: str) -> str:
    """Return the text after the last match that has text after it, or the whole text."""
    for match in reversed(list(marker.finditer(text))):
        rest = text[match.end() :]
        if _END.sub("", rest[:1000]).strip():
            return rest
    return text


_OTHER_TURN = re.compile(
    r"<\|(?:im_start|start_header_id)\|>\s*(?:user|system|tool)\b|<start_of_turn>\s*user\b"
    r"|<\|(?:user|system)\|>|<｜User｜>"
)


def _without_other_turns(text: str) -> str:
    """Return the text before the first turn of a user that the model made up after its own."""
    for match in _OTHER_TURN.finditer(text):
        if _END.sub("", text[: match.start()]).strip():
            return text[: match.start()]
    return text

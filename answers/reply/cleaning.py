"""Remove special tokens, thoughts and calls of tools from a model's reply."""

import re

from ..characters import INVISIBLE

WINDOW = 20_000
"""Characters read, at the end of a reply: the answer is there, and the time is bounded."""

_HEADER = re.compile(
    r"(?:\s*(?:<s>|<bos>|<\|begin_of_text\|>|<\|im_start\|>\s*\w*|<\|assistant\|>|\[/INST\]"
    r"|<\|start_header_id\|>\s*\w*\s*<\|end_header_id\|>|<start_of_turn>\s*\w*"
    r"|<\uff5cbegin\u2581of\u2581sentence\uff5c>|<\uff5cAssistant\uff5c>))+"
)
_END = re.compile(
    r"<\|(?:end_?of_?text|eot_id|eom_id|im_end|im_start|end|return|call|end_of_turn|eos|user|pad"
    r"|start_header_id|endofprompt|END_OF_TURN_TOKEN|end_of_sentence)\|>"
    r"|</s>|<eos>|<pad>|<end_of_turn>|<start_of_turn>|<end_of_utterance>|<EOT>|<\|EOT\|>|\[INST\]"
    r"|<\uff5c(?:end\u2581of\u2581sentence|User)\uff5c>"
)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s*final\b[^<]{0,80}<\|message\|>")
_THINK = r"think|thinking|thought|thoughts|scratchpad|reflection|seed:think|reasoning_content"
_THINK_OPEN = re.compile(
    rf"<(?:{_THINK})>|\[THINK\]|\u25c1think\u25b7|<\|begin_of_thought\|>|<\|START_THINKING\|>", re.I
)
_THINK_CLOSE = re.compile(
    rf"</(?:{_THINK})>|\[/THINK\]|\u25c1/think\u25b7|<\|end_of_thought\|>|<\|END_THINKING\|>", re.I
)
_SOLUTION_TOKENS = re.compile(
    r"<\|(?:begin|end)_of_solution\|>|<\|(?:START|END)_RESPONSE\|>"
    r"|<\|channel\|>\s*final\s*<\|message\|>"
)
_TOOL_CALL = re.compile(
    r"<(tool_call|tool_calls|function_call|function_calls|tool_code|tool_use|invoke)\b[^>]{0,200}>"
    r".*?(?:</\1>|\Z)"
    r"|<function=.*?(?:</function>|\Z)"
    r"|```tool_(?:code|call)\b.*?(?:```|\Z)"
    r"|(?:<\|python_tag\|>|\[TOOL_CALLS\]|<\|tool_calls?_(?:section_)?begin\|>"
    r"|<\uff5ctool\u2581calls\u2581begin\uff5c>).*\Z",
    re.S,
)
_REACT_CALL = re.compile(r"^Action:[^\n]*\nAction Input:.*\Z", re.S | re.M)
_CALL_OBJECT = re.compile(
    r"\s*(?:```\w*\s*)?\[?\s*\{(?=[^{}]{0,300}[\"'](?:name|function|tool|tool_name)[\"']\s*:)"
    r"(?=.{0,600}[\"'](?:arguments|parameters|tool_input|args)[\"']\s*:)",
    re.S,
)


def visible_text(reply: str) -> str:
    """Return what a reply says to its reader, at most its last 20,000 characters.

    Text after an end-of-text token is not part of the reply. A thought that is not closed holds no
    answer, because the reply was cut in it. Closed thoughts are removed, unless nothing else is
    there. Calls of tools are removed.

    >>> visible_text("<think>12? No.</think>\\nThe answer is 15.</s>Question: 7 * 14?")
    'The answer is 15.'
    """
    return whole_visible_text(reply)[-WINDOW:].strip()


def whole_visible_text(reply: str) -> str:
    """Return what a reply says to its reader, see `visible_text`, however long it is."""
    s = reply.strip().replace("\r\n", "\n").replace("\r", "\n")
    if not s.isascii():
        s = INVISIBLE.sub("", s).strip()
    if "<|channel|>" in s:
        s = _final_channel(s)
    if "<" in s or "[" in s:
        s = _without_special_tokens(s)
    if "hin" in s or "HIN" in s or "thought" in s.lower() or "reflection" in s:
        s = _without_thoughts(s)
    if "<" in s or "[TOOL" in s or "```" in s:
        s = _TOOL_CALL.sub(" ", s)
    if "Action:" in s and "inal Answer" not in s:
        s = _REACT_CALL.sub("", s)
    if _CALL_OBJECT.match(s):
        return ""
    return s.strip()


def _final_channel(s: str) -> str:
    """Return the final message of a reply in OpenAI's channel format; empty without one."""
    finals = list(_FINAL_CHANNEL.finditer(s))
    if finals:
        return s[finals[-1].end() :]
    return s.partition("<|channel|>")[0]


def _without_special_tokens(s: str) -> str:
    """Return the text between the tokens that begin a reply and the first one that ends it."""
    header = _HEADER.match(s)
    if header:
        s = s[header.end() :]
    end = _END.search(s)
    if end:
        s = s[: end.start()]
    return _SOLUTION_TOKENS.sub("\n", s)


def _without_thoughts(s: str) -> str:
    """Return the text outside of thoughts; the last thought where there is nothing outside."""
    opened = _THINK_OPEN.search(s)
    ends = list(_THINK_CLOSE.finditer(s))
    if not ends:
        return s if opened is None else s[: opened.start()]
    closed = ends[-1]
    after = s[closed.end() :]
    unclosed = _THINK_OPEN.search(after)
    if unclosed:
        after = after[: unclosed.start()]
    if after.strip():
        return after
    before = s[: opened.start()] if opened else ""
    if before.strip():
        return before
    start = opened.end() if opened and opened.end() <= closed.start() else 0
    return s[start : closed.start()]

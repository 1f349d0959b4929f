"""Recognize replies that hold no answer: refusals, and texts of errors."""

import re

_CAN_NOT = (
    r"(?:can(?:no|')t|can\s+not|could\s+not|couldn't|(?:am|are|'m|'re|was|were)\s+"
    r"(?:unable|not\s+able)\s+to|(?:won't|will\s+not)\s+be\s+able\s+to)"
)
_DO_IT = (
    r"(?:determine|tell|answer|say|help|solve|compute|calculate|provide|assist|know|decide|find|"
    r"give|comply|fulfill|do\s+(?:that|this|it)|be\s+of|work\s+(?:this|that|it)\s+out|figure|"
    r"complete|conclude|establish|process|engage|continue|be\s+(?:sure|certain))"
)
_FOUND = (
    r"(?:determined|answered|known|found|computed|calculated|solved|decided"
    r"|established|deduced|inferred|derived|concluded|given|identified)"
)
_NEED = r"(?:information|data|facts|context|details?|evidence|clues)"
_REFUSAL = re.compile(
    rf"\b(?:I|we)\s*{_CAN_NOT}\s+(?:\w+\s+){{0,2}}?{_DO_IT}\b"
    rf"|\b(?:cannot|can't|can\s+not|could\s+not|couldn't)\s+be\s+(?:\w+ly\s+)?{_FOUND}\b"
    rf"|(?:\A\W*|\b(?:I|we|it|this|that)\s?(?:'m|'s|am|are|is|was|were)?\s)not\s+"
    rf"(?:possible|able)\s+to\s+(?:\w+ly\s+)?{_DO_IT}\b|\bimpossible\s+to\s+"
    rf"(?:\w+ly\s+)?{_DO_IT}\b"
    rf"|(?:\bnot|n't)\s+(?:\w+\s+){{0,2}}?(?:enough|sufficient)\s+(?:\w+\s+)?{_NEED}\b"
    rf"|\b(?:insufficient|inadequate|too\s+little)\s+(?:\w+\s+)?{_NEED}\b"
    rf"|\b(?:lacks?|missing|need\s+more|more)\s+(?:\w+\s+)?{_NEED}\s+(?:to|is|are|needed)\b"
    r"|\bI\s*(?:do\s+not|don't|really\s+don't)\s+(?:\w+\s+)?know\b"
    r"|\bI\s*(?:am|'m)\s+(?:not\s+(?:\w+\s+)?(?:sure|certain|able|allowed"
    r"|comfortable)|unsure|uncertain)\b"
    r"|\bI\s*(?:must|have\s+to|will\s+have\s+to|'ll\s+have\s+to)\s+"
    r"(?:respectfully\s+)?(?:decline|refuse)\b"
    r"|\bI\s*(?:refuse|decline)\s+to\b|\bI\s*(?:won't|will\s+not"
    r"|would\s+rather\s+not)\s+(?:answer|help|do|provide|assist)\b"
    r"|\bagainst\s+my\s+(?:guidelines|programming|policy)\b|\bas\s+an?\s+AI\b"
    r"|\A\W*(?:don't\s+know|do\s+not\s+know|no\s+idea|not\s+sure|unsure|dunno|idk"
    r"|undetermined|indeterminate)\b"
    r"|\A\W*(?:(?:the\s+answer\s+is\s+)?(?:unknown|not\s+(?:known|given|determinable)))\W*\Z"
    r"|\A\W*(?:lo\s+siento|je\s+suis\s+d[ée]sol[ée]e?|es\s+tut\s+mir\s+leid|desculpe"
    r"|mi\s+dispiace)\b"
    r"|\A\W*(?:很?抱歉|对不起|我无法|无法确定|申し訳|わかりません)",
    re.I,
)
_ERROR = re.compile(
    r"\W{0,3}(?:"
    r"(?:api\s+|http\s+|server\s+)?error(?:\s+code)?[\s\]:#-]{0,4}(?:[45]\d\d\b"
    r"|.{0,40}\b(?:code|status)\b\s*[:=]?\s*[45]\d\d\b)"
    r"|http(?:/\d(?:\.\d)?)?\s*(?:error|status)?\s*:?\s*[45]\d\d\b"
    r"|[45]\d\d\s*[:-]?\s+(?:internal|bad|service|gateway|too\s+many|unauthorized"
    r"|forbidden|not\s+found|server|client)\b"
    r"|(?:internal\s+server\s+error|service\s+unavailable|bad\s+gateway|gateway\s+time-?out"
    r"|too\s+many\s+requests|rate\s+limit|request\s+(?:timed\s+out|failed)"
    r"|connection\s+(?:error|refused|reset|timed)"
    r"|upstream\s+(?:error|connect|request)|context\s+length\s+exceeded"
    r"|out\s+of\s+memory|CUDA\s+error)"
    r"|traceback\s+\(most\s+recent\s+call\s+last\)"
    r"|(?:\w+\.)*\w*(?:Error|Exception)\s*:\s*\D"
    r"|error\s*:\s*[A-Za-z]{3,}"
    r"|\"(?:error|detail|message)\"\s*:\s*[{\"]"
    r")",
    re.I,
)


def is_refusal(text: str) -> bool:
    """Return whether a text says that there is no answer, or that none will be given.

    >>> is_refusal("I cannot tell: only 2 facts are given."), is_refusal("She cannot find 3 keys.")
    (True, False)
    """
    return _REFUSAL.search(text.replace("\u2019", "'")) is not None


def is_error(text: str) -> bool:
    """Return whether a text is a message of a server or a library and not a reply.

    >>> is_error("[Error code 500]"), is_error("The error is 5%.")
    (True, False)
    """
    return _ERROR.match(text) is not None

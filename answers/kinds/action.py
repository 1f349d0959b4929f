"""Actions of a game: one line, compared by its words."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from ..reply.cleaning import visible_text
from .action_words import all_words_in, content_words
from .base import NormalFormKind

_LABEL = re.compile(r"^[\s>*_`#-]*(?:next )?action\s*[*_`]*\s*:[*_`\s]*", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_FILLERS = {"the", "a", "an"}
_LONGEST_LINE = 300  # characters; no action of a game is longer
_LIKE_ENOUGH = 0.8  # similarity at or above which a word is read as another one


class ActionKind(NormalFormKind):
    """The answer is an action of a game. Case, articles and punctuation do not count.

    >>> ACTION.equal_by_normal_form("Go to the fridge 1.", "go to fridge 1")
    True
    """

    name = "action"
    comparison = "as actions"

    def parse(self, text: str) -> str | None:
        """Return the first line of a reply without its label; None without any word."""
        return next(iter(_lines(text)), None)

    def normalize(self, answer: str) -> str:
        """Return the words of an action in lower case, without articles."""
        words = _WORD.findall(answer[:_LONGEST_LINE].lower())
        return " ".join(word for word in words if word not in _FILLERS)

    def read(self, text: str, admissible: Sequence[str]) -> str | None:
        """Return the admissible action that a text means; None when it means none.

        That is the action with the same words as a line of the text; else the longest one whose
        words a line holds; else the only one that says the same as the first line, or whose words
        hold it; else the one that is written like the first line word by word, if it is alone
        in that. So "fridge 2" is never read as "fridge 1", nor "close" as "open".

        Args:
            text: what a model wrote.
            admissible: the actions that are possible.

        >>> ACTION.read("I open the fridge 1 now", ["open fridge 1", "go to fridge 1"])
        'open fridge 1'
        >>> ACTION.read("put egg 1 in pan 1", ["move egg 1 to pan 1", "look"])
        'move egg 1 to pan 1'
        >>> ACTION.read("go to fridge 3", ["go to fridge 1", "go to fridge 2"])
        """
        said = [self.normalize(line) for line in _lines(text)]
        forms = {self.normalize(one): one for one in admissible}
        for line in said:
            if line in forms:
                return forms[line]
        for line in said:
            held = [form for form in forms if form and f" {form} " in f" {line} "]
            if held:
                return forms[max(held, key=len)]
        if not said:
            return None
        return _only_like(said[0], forms) or _misspelt(said[0], forms)


def _lines(text: str) -> list[str]:
    """Return the lines of a reply that have a word, without labels and markup."""
    lines = []
    for line in visible_text(text).splitlines():
        action = " ".join(_LABEL.sub("", line[:_LONGEST_LINE]).split()).strip("\"'`*_.<> ")
        if _WORD.search(action):
            lines.append(action)
    return lines


def _only_like(said: str, forms: dict[str, str]) -> str | None:
    """Return the only action with the same content, else the only one that holds the content."""
    words = content_words(said)
    for fits in (list.__eq__, all_words_in):
        found = [action for form, action in forms.items() if fits(words, content_words(form))]
        if len(found) == 1 and len(words) > 1:
            return found[0]
    return None


def _misspelt(said: str, forms: dict[str, str]) -> str | None:
    """Return the only action whose words are written like the said ones; numbers are the same."""
    words = content_words(said)
    found = [action for form, action in forms.items() if _alike(words, content_words(form))]
    return found[0] if len(found) == 1 else None


def _alike(words: Sequence[str], others: Sequence[str]) -> bool:
    if len(words) != len(others):
        return False
    for one, other in zip(words, others, strict=True):
        similarity = SequenceMatcher(None, one, other, autojunk=False).ratio()
        if one != other and (one.isdigit() or similarity < _LIKE_ENOUGH):
            return False
    return True


ACTION = ActionKind()

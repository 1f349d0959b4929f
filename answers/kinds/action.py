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
_LIKE_ENOUGH = 0.8  # similarity at or above which a text is read as an action


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
        hold it; else the one most similar to the first line, if it is similar enough, alone in
        that, begins with a like word and has the same numbers.
        So "fridge 2" is never read as "fridge 1", nor "close" as "open".

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
        return _only_like(said[0], forms) or self._most_similar(said[0], forms)

    def _most_similar(self, said: str, forms: dict[str, str]) -> str | None:
        """Return the action with the most similar normal form; None without a clear one."""
        best, best_score, ties = None, 0.0, 0
        for form, action in forms.items():
            if _numbers(form) != _numbers(said) or not _begin_alike(form, said):
                continue
            score = SequenceMatcher(None, said, form, autojunk=False).ratio()
            if score > best_score:
                best, best_score, ties = action, score, 1
            elif score == best_score:
                ties += 1
        return best if best_score >= _LIKE_ENOUGH and ties == 1 else None


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


def _begin_alike(one: str, other: str) -> bool:
    """Return whether two actions begin with words that mean the same or are written alike."""
    first, second = content_words(one)[:1], content_words(other)[:1]
    if not first or not second:
        return False
    return SequenceMatcher(None, first[0], second[0], autojunk=False).ratio() >= _LIKE_ENOUGH


def _numbers(form: str) -> list[str]:
    return [word for word in form.split() if word.isdigit()]


ACTION = ActionKind()

"""Texts about a confidence, for tables, charts and pages."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class PassOrFail:
    """The texts of a confidence that is 0 or 1; each pair is (for a failing, for a passing answer).

    Attributes:
        noun: what passes or fails, such as "program".
        level: as in "fails the shown tests".
        short: as in "fails".
        plural: as in "fail them".
        first: as in "failing the shown tests first".
    """

    noun: str
    level: tuple[str, str]
    short: tuple[str, str]
    plural: tuple[str, str]
    first: tuple[str, str]


@dataclass(frozen=True)
class GateText:
    """The texts for one confidence.

    Attributes:
        name: the value of `gate` in a report's figures.
        label: the confidence as an axis of a chart, such as "share of the votes".
        joined: the same within a list of several.
        unit: what follows a percentage, as in "75% of the votes"; empty for "confidence 75%".
        heading: the question that a chart of confidence against accuracy answers.
        caption: how to read this chart.
        pass_or_fail: the texts of a confidence that is 0 or 1; None for a continuous one.
    """

    name: str
    label: str
    joined: str
    unit: str
    heading: str
    caption: str
    pass_or_fail: PassOrFail | None = None

    def level(self, confidence: float) -> str:
        """Name the answers with this confidence.

        >>> VOTES.level(0.75)
        '75% of the votes'
        """
        if self.pass_or_fail is not None:
            return self.pass_or_fail.level[confidence >= 1.0]
        return f"{confidence:.0%} {self.unit}" if self.unit else f"confidence {confidence:.0%}"


VOTES = GateText(
    name="votes",
    label="share of the votes",
    joined="share of the votes",
    unit="of the votes",
    heading="Can the vote be trusted?",
    caption="A vote that can be trusted lies on the diagonal",
)
"""The texts of a share of votes, which is the default."""


def plain_gate(kind: str) -> GateText:
    """Return texts for a confidence without its own."""
    return GateText(
        name=kind,
        label=f"confidence ({kind})",
        joined=f"confidence ({kind})",
        unit="",
        heading="Can the confidence be trusted?",
        caption="A confidence that can be trusted lies on the diagonal",
    )


def join_gates(texts: Iterable[GateText]) -> GateText:
    """Return the texts for rounds that several confidences decide.

    >>> join_gates([VOTES, VOTES]).name, join_gates([plain_gate("mine"), VOTES]).name
    ('votes', 'both')
    """
    by_name = {text.name: text for text in texts}
    if not by_name:
        return VOTES
    # What passes or fails comes first.
    ranked = sorted(by_name.values(), key=lambda text: (text.pass_or_fail is None, text.name))
    if len(ranked) == 1:
        return ranked[0]
    return GateText(
        name="both",
        label=", or ".join(text.joined for text in ranked),
        joined=", or ".join(text.joined for text in ranked),
        unit="",
        heading=ranked[0].heading,
        caption=ranked[-1].caption,
    )

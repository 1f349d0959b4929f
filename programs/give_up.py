"""Leave a round that will not succeed: the rule `give-up`, learned from a record.

A round that waits for a program that passes the tests, or for a vote that agrees, draws all of its
samples where neither comes. With this rule a round is left for the next one as soon as more samples
cost more than their chance is worth, see `cope.optimize.calibration.give_up`. A sample is one of
two things in a state: it may still make the round accept an answer, or it only takes time and
money. A state is how many samples were counted, in the seeded order, and how many of them support
the leading answer; where tests decide, no program has passed, and the second number is 0.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ..errors import CopeError
from ..util.hashing import digest
from ..util.validate import check_type
from .confidence.base import Confidence, Tally
from .confidence.votes import accepts
from .hedging import EscalationChances, StateCounts
from .preset import Preset
from .preset_round import Round

GIVE_UP = "give_up"
"""The key of the counts in the further reports of a calibration, and of a preset's round."""


NOT_GUARANTEED = (
    "rounds are left early by give_up, which the guarantee says nothing about: what it loses is in "
    "cope calibrate RECORD --stop-report"
)


class GiveUpState(StateCounts):
    """How often a round in a state failed on a record, and what to do in it.

    Attributes:
        leaves: the measures by which the round is left in this state.
    """

    leaves: list[str]


class GiveUpCounts(TypedDict):
    """What a calibration holds for the rule.

    Attributes:
        worth: by measure that the record knows, what an accepted answer is worth, as a multiple of
            what the later rounds take; None where no round is left.
        states: the states of the record.
    """

    worth: dict[str, float | None]
    states: list[GiveUpState]


class GiveUp:
    """The states in which a round is left.

    Args:
        states: see `GiveUpState`.
        measures: the measures that the record knows.

    Raises:
        ValueError: when the states are damaged, with the first wrong value.

    >>> state = {"round": 1, "drawn": 4, "leading": 0, "escalated": 8, "questions": 8}
    >>> give_up = GiveUp([state | {"leaves": ["seconds"]}], ["seconds"])
    >>> give_up.leaves("seconds", 1, 4, 0), give_up.leaves("seconds", 1, 3, 0)
    (True, False)
    """

    def __init__(self, states: Iterable[GiveUpState], measures: Collection[str]) -> None:
        rows = list(states)
        check_type(list[GiveUpState], rows)
        self.measures = tuple(sorted(measures))
        self.chances = EscalationChances(rows)
        self.identity = digest(rows)
        self._left: set[tuple[str, int, int, int]] = set()
        for row in rows:
            for measure in row["leaves"]:
                self._left.add((measure, row["round"], row["drawn"], row["leading"]))

    def leaves(self, measure: str, round_number: int, drawn: int, leading: int) -> bool:
        """Return whether a round is left; it is not in a state that the record does not have."""
        return (measure, round_number, drawn, leading) in self._left

    def earliest(self, measure: str, round_number: int) -> int | None:
        """Return the fewest samples after which a round may be left; None where it never is."""
        drawn = [one[2] for one in self._left if one[:2] == (measure, round_number)]
        return min(drawn, default=None)

    @classmethod
    def from_reports(cls, reports: Mapping[str, Any], preset: Preset, source: str) -> "GiveUp":
        """Return the rule from the further reports of a calibration.

        Args:
            reports: `Certificate.more`.
            preset: the rounds, some of which name a measure.
            source: the calibration's file, for errors.

        Raises:
            CopeError: when the reports hold no counts, damaged ones, or none for a measure that a
                round names.
        """
        counts = reports.get(GIVE_UP)
        if counts is None:
            raise CopeError(
                f"{_field(preset)} needs how often the round fails, and {source} does not hold it: "
                "run cope calibrate again"
            )
        try:
            check_type(GiveUpCounts, counts)
            give_up = cls(counts["states"], counts["worth"])
        except ValueError as error:
            raise CopeError(f"{source} is damaged: {GIVE_UP}: {error}") from None
        for number, measure in named_measures(preset).items():
            if measure not in give_up.measures:
                known = " or ".join(give_up.measures) or "nothing"
                raise CopeError(
                    f"preset {preset.name!r}: rounds.{number}.{GIVE_UP}: the record of {source} "
                    f"does not know {measure}: name {known}"
                )
        return give_up


def named_measures(preset: Preset) -> dict[int, str]:
    """Return the measures that rounds name to be left by, by the round's number."""
    named = {}
    for number, spec in enumerate(preset.rounds, 1):
        if spec.give_up is not None:
            named[number] = spec.give_up
    return named


def _field(preset: Preset) -> str:
    """Return the first field of a preset that asks for the rule."""
    return f"preset {preset.name!r}: rounds.{min(named_measures(preset))}.{GIVE_UP}"


def check_counts(preset: Preset, give_up: GiveUp | None) -> None:
    """Raise an error when a round is to be left and no counts are at hand.

    Raises:
        CopeError: with what to do.
    """
    if give_up is None and named_measures(preset):
        raise CopeError(
            f"{_field(preset)} needs how often the round fails on a record: give --calibration "
            "FILE, from cope calibrate RECORD -o FILE, or leave the field out"
        )


def suits(confidence: Confidence) -> bool:
    """Return whether the rule is for a confidence: votes that are counted, and tests."""
    return decides_by_tests(confidence) or getattr(confidence, "counts_votes", False)


def decides_by_tests(confidence: Confidence) -> bool:
    """Return whether a confidence accepts the first sample that passes tests."""
    return getattr(confidence, "single_sample_decides", False)


def check_suits(preset: Preset, number: int, confidence: Confidence) -> None:
    """Raise an error when a round is to be left whose confidence the rule is not for.

    Raises:
        CopeError: with the path of the field.
    """
    if preset.rounds[number - 1].give_up is not None and not suits(confidence):
        raise CopeError(
            f"preset {preset.name!r}: rounds.{number}.{GIVE_UP}: it is for votes and tests, and "
            f"this round is decided by {confidence.kind}: leave it out"
        )


class RoundLeaver:
    """The rule in one live round.

    Args:
        give_up: the states in which the round is left; None for a round that is never left.
        round_number: the round, from 1.
        spec: the preset's round, which may name a measure.
        confidence: decides the round.
        tally: counts its samples.

    Attributes:
        undrawn: number of samples that were left out; 0 unless the round was left.
    """

    def __init__(
        self,
        give_up: GiveUp | None,
        round_number: int,
        spec: Round,
        confidence: Confidence,
        tally: Tally,
    ) -> None:
        self._give_up, self._round, self._spec, self._tally = give_up, round_number, spec, tally
        self._confidence = confidence
        self.undrawn = 0

    @property
    def rule(self) -> Callable[[int], bool] | None:
        """What `draw_samples` asks; None for a round that is never left."""
        if self._give_up is None or self._spec.give_up is None or not suits(self._confidence):
            return None
        # Programs without tests vote by their outputs: no record says how that goes on.
        return self.leaves if self._tally.kind == self._confidence.kind else None

    @property
    def first(self) -> int | None:
        """How many samples are requested at once, because the others may not be drawn.

        None for all of them. Samples in flight together end together, so none would be saved.
        """
        if self.rule is None or self._give_up is None or self._spec.give_up is None:
            return None
        return self._give_up.earliest(self._spec.give_up, self._round)

    def leaves(self, drawn: int) -> bool:
        """Return whether the round is left now.

        Args:
            drawn: samples counted so far, in the seeded order.
        """
        give_up, measure = self._give_up, self._spec.give_up
        undrawn = self._spec.samples - drawn
        if give_up is None or measure is None or not undrawn:
            return False
        verdict = self._tally.verdict()
        if accepts(verdict, self._spec.threshold):
            return False
        by_tests = decides_by_tests(self._confidence)
        leading = 0 if by_tests else len(verdict.supporters)
        if not give_up.leaves(measure, self._round, drawn, leading):
            return False
        self.undrawn = undrawn
        return True

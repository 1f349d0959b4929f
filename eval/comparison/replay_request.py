"""The options of a comparison from a recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...models.prices import Price
from ..recording.recording import Recording
from .options import ComparisonOptions


@dataclass(frozen=True)
class ReplayRequest:
    """The options of a comparison from a recording.

    Attributes:
        recording: the recording.
        options: the systems, and the options of the comparison.
        bundled: whether a compiled program of the package may replace a preset.
        samples: number of samples in the rounds that draw several; None for the program's own.
        prices: the user's price of a tier.
        limit: maximum number of questions, from the start; None for all.
        calibration: the file of a calibration, which adds the recording's own program with its
            setting.
        left_out: receives why presets and systems cannot be replayed, by name, if all are to be
            compared; None otherwise.
    """

    recording: Recording
    options: ComparisonOptions
    bundled: bool = True
    samples: int | None = None
    prices: Mapping[str, Price] | None = None
    limit: int | None = None
    calibration: Path | None = None
    left_out: dict[str, str] | None = None

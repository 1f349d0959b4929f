"""The options that name a team and a program, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..models.engines.registry import DEFAULT_TIMEOUT
from ..models.prices import Price
from ..models.sampling_mode import REQUESTS
from ..models.team import DEFAULT_LARGE, DEFAULT_SMALL
from .confidence.early_stopping import EXACT


@dataclass(frozen=True)
class TeamOptions:
    """Name the models that work together, and how they are asked.

    Attributes:
        small: the small tier's model.
        large: the large tier's model.
        tiers: more models by the names of their tiers.
        prices: by tier, the price that the user gives.
        limits: by tier, how many requests may be in flight.
        keys: by tier, the environment variable that holds its API key.
        adapter: how requests are written.
        context: tokens that a request to a local model may have, prompt and reply.
        max_tokens: most tokens of a reply.
        cache: whether replies come from DSPy's cache where it has them.
        timeout: seconds that one request to a server may take.
        sampling: how the samples of a round are requested, see `Team`.
        weights: a folder with weights of local models, searched first.
    """

    small: str = DEFAULT_SMALL
    large: str = DEFAULT_LARGE
    tiers: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    adapter: str = "lean"
    context: int = 2048
    max_tokens: int = 512
    cache: bool = True
    timeout: float = DEFAULT_TIMEOUT
    sampling: str = REQUESTS
    weights: Path | None = None

    def request_settings(self) -> dict[str, Any]:
        """Return the settings of `PROMPT_SETTINGS` by name."""
        return {
            "adapter": self.adapter,
            "max_tokens": self.max_tokens,
            "context": self.context,
        }


@dataclass(frozen=True)
class ProgramOptions:
    """Name a program and its settings.

    Attributes:
        preset: the rounds: a preset's name or a TOML file.
        program: the file of a saved program, which brings its own rounds.
        bundled: whether a compiled program that comes with the package may replace the preset.
        samples: number of samples in the rounds that draw several; None for the program's own.
        thresholds: one for each round that has one; empty for the program's own.
        seed: all randomness depends on it.
        early_stop: when a round stops its missing samples.
        unsafe_code: whether model-written programs may run without a sandbox.
        calibration: a calibration's file, which sets thresholds and samples.
        hedge: the chance of escalation above which the next round's plan is written early; None for
            never.
    """

    preset: str = "cope"
    program: Path | None = None
    bundled: bool = True
    samples: int | None = None
    thresholds: tuple[float, ...] = ()
    seed: int = 0
    early_stop: str = EXACT
    unsafe_code: bool = False
    calibration: Path | None = None
    hedge: float | None = None

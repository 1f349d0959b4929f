"""An evaluation from a record, without a model: the figures of a live run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models import Usage
from ...models.prices import Price
from ...programs.confidence.early_stopping import NONE
from ...programs.preset import tier_alone
from ...stats.intervals import bounds_with_unknown
from ...stats.tiers import last_tier_of
from ..run.contamination import Contamination
from ..run.store import QuestionResult
from ..run.summary import BaselineResult, Summary, mean_score, summarize
from .match import recorded_identity
from .records import ReplayedResults, replay_results
from .replay import Replay


@dataclass(frozen=True)
class ReplayEvaluation:
    """Hold what a replay gave.

    Attributes:
        replay: the program on the record.
        replayed: the questions that the record can answer, and why it cannot answer others.
        summary: the figures of the answered questions.
        bounds: the least and the greatest accuracy over all questions; None where a right answer
            is unknown.
    """

    replay: Replay
    replayed: ReplayedResults
    summary: Summary
    bounds: tuple[float | None, float | None]

    def settings(self) -> dict[str, Any]:
        """Return the settings under the names that a live run gives them."""
        manifest, preset = self.replay.recording.manifest, self.replay.preset
        settings: dict[str, Any] = {"task": manifest.task}
        if shown := manifest.settings.get("shown"):
            settings["shown"] = shown
        settings["split"] = manifest.settings.get("split")
        settings["data"] = manifest.settings.get("data")
        settings["preset"] = preset.name
        settings["models"] = {
            tier: manifest.models.get(tier, "not in the record") for tier in preset.tiers
        }
        settings["seed"] = manifest.seed
        settings["early_stop"] = NONE
        settings["thresholds"] = list(self.replay.thresholds)
        settings["samples"] = [round_.samples for round_ in preset.rounds]
        return settings

    def document(self, contamination: Contamination | None) -> dict[str, Any]:
        """Return settings and figures as plain data.

        Args:
            contamination: how many of the questions the program was compiled on; None where that is
                not known.
        """
        recording = self.replay.recording
        document = self.settings() | self.summary.as_dict()
        document["replayed"] = str(recording.name)
        document["unknown"] = self.replayed.unknown
        document["accuracy_bounds"] = list(self.bounds)
        document["seen"] = contamination.as_dict() if contamination else None
        document["folder"] = str(recording.name)
        document["stopped"] = None
        document["mlflow"] = None
        document["failed"] = recording.manifest.failed
        return document


def evaluate_replay(
    replay: Replay, replayed: ReplayedResults, prices: Mapping[str, Price]
) -> ReplayEvaluation:
    """Summarize the answered questions of a replay.

    Args:
        replay: the program on the record.
        replayed: what `replay_results` gave for it.
        prices: the user's, by tier, for the last tier alone too.
    """
    baseline = _replay_baseline(replay, replayed.results, prices)
    rounds = len(replay.preset.rounds)
    summary = summarize(replayed.results, rounds, baseline, replay.recording.group_by_key)
    bounds: tuple[float | None, float | None] = (None, None)
    if summary.accuracy is not None:
        right = sum(record.score or 0.0 for record in replayed.results)
        bounds = bounds_with_unknown(right, len(replayed.results), sum(replayed.unknown.values()))
    return ReplayEvaluation(replay, replayed, summary, bounds)


def _replay_baseline(
    replay: Replay, records: list[QuestionResult], prices: Mapping[str, Price]
) -> BaselineResult | None:
    """Return the last tier alone on the same questions, where the record has it."""
    programs = [recorded_identity(replay.recording, name) for name in replay.recording.programs]
    last = last_tier_of([program.preset.tier_order for program in programs])
    if replay.preset.name == last or not records:
        return None
    alone = Replay(replay.recording, tier_alone(last), prices=dict(prices))
    theirs = {record.key: record for record in replay_results(alone).results}
    if not all(record.key in theirs for record in records):
        return None
    same = [theirs[record.key] for record in records]
    usage = (row for record in same for row in record.usage)
    return BaselineResult(
        mean_score(same), Usage.from_rows(usage), Path(replay.recording.name).name, last
    )

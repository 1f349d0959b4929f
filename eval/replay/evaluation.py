"""Evaluate a replay of a recording, without a model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...models import Usage
from ...models.prices import Price
from ...programs.confidence.early_stopping import NONE
from ...programs.preset import tier_alone
from ...stats.intervals import bounds_with_unknown
from ...stats.tiers import last_tier_of
from ...util.tables import percent
from ..run.contamination import Contamination
from ..run.store import QuestionResult
from ..run.summary import BaselineResult, Summary, mean_score, summarize, with_time
from .match import recorded_identity
from .records import ReplayedResults, replay_results
from .replay import Replay


@dataclass(frozen=True)
class ReplayEvaluation:
    """A replay with its summary.

    Attributes:
        replay: the program on the recording.
        replayed: the results, and why there is none for other questions.
        summary: the summary of the results.
        bounds: the lowest and the highest possible accuracy over all questions; None if a right
            answer is unknown.
        program_file: the file of the program; None for a preset.
    """

    replay: Replay
    replayed: ReplayedResults
    summary: Summary
    bounds: tuple[float | None, float | None]
    program_file: str | None = None

    def settings(self) -> dict[str, Any]:
        """Return the settings, with the same names as in a live run."""
        manifest, preset = self.replay.recording.manifest, self.replay.preset
        settings: dict[str, Any] = {"task": manifest.task}
        if manifest.settings.get("shown"):
            settings["shown"] = manifest.settings["shown"]
        settings["split"] = manifest.settings.get("split")
        settings["data"] = manifest.settings.get("data")
        settings["answer_kind"] = manifest.kind_of_answers
        settings["preset"] = preset.name
        settings["program_file"] = self.program_file
        settings["models"] = {
            tier: manifest.models.get(tier, "not in the record") for tier in preset.tiers
        }
        settings["seed"] = manifest.seed
        settings["early_stop"] = NONE
        settings["thresholds"] = list(self.replay.thresholds)
        settings["ranks"] = Path(self.replay.recording.name).name
        settings["samples"] = [round_.samples for round_ in preset.rounds]
        return settings

    def document(self, contamination: Contamination | None) -> dict[str, Any]:
        """Return settings and summary as plain data.

        Args:
            contamination: how many of the questions the program was compiled on; None if unknown.
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

    def unknown_lines(self) -> list[str]:
        """Return why questions are missing, and the bounds of the accuracy over all questions."""
        unknown = self.replayed.unknown
        lines = [f"{count} questions are not in the table: {why}" for why, count in unknown.items()]
        low, high = self.bounds
        if unknown and low is not None:
            questions = len(self.replayed.results) + sum(unknown.values())
            bounds = f"between {percent(low)} and {percent(high)}"
            lines.append(f"accuracy over all {questions} questions is {bounds}")
        return lines


def evaluate_replay(
    replay: Replay,
    replayed: ReplayedResults,
    prices: Mapping[str, Price],
    program_file: str | None = None,
) -> ReplayEvaluation:
    """Summarize the answered questions of a replay.

    Args:
        replay: the program on the recording.
        replayed: the result of `replay_results`.
        prices: the user's prices by tier, which also apply to the last tier alone.
        program_file: the file of the program; None for a preset.
    """
    baseline = _replay_baseline(replay, replayed.results, prices)
    rounds = len(replay.preset.rounds)
    groups = replay.recording.group_by_key
    summary = summarize(replayed.results, rounds, baseline, groups, prices)
    summary = replace(summary, replies=replayed.replies)
    recorded, preset = replay.recording.models, replay.preset
    models = {tier: recorded[tier] for tier in preset.tiers if tier in recorded}
    summary = with_time(summary, replayed.results, models, preset.last_tier)
    bounds: tuple[float | None, float | None] = (None, None)
    if summary.accuracy is not None:
        right = sum(result.score or 0.0 for result in replayed.results)
        bounds = bounds_with_unknown(right, len(replayed.results), sum(replayed.unknown.values()))
    return ReplayEvaluation(replay, replayed, summary, bounds, program_file)


def _replay_baseline(
    replay: Replay, results: list[QuestionResult], prices: Mapping[str, Price]
) -> BaselineResult | None:
    """Return the last tier alone on the same questions; None if the recording lacks its answers."""
    recording = replay.recording
    programs = [recorded_identity(recording, name) for name in recording.programs]
    last_tier = last_tier_of([program.preset.tier_order for program in programs])
    if replay.preset.name == last_tier or not results:
        return None
    alone = Replay(recording, tier_alone(last_tier), prices=dict(prices))
    by_key = {result.key: result for result in replay_results(alone).results}
    same = [by_key[result.key] for result in results if result.key in by_key]
    if len(same) < len(results):
        return None
    usage = Usage.from_rows(row for result in same for row in result.usage)
    return BaselineResult(mean_score(same), usage, Path(recording.name).name, last_tier)

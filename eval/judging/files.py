"""Judge the answers in the folders of runs, or in the file of a record."""

from collections.abc import Callable
from pathlib import Path

from ...errors import CopeError
from ...programs.judge import Judge
from ..recording.parquet_file import write_recording
from ..recording.recording import Recording
from ..run.store import RunStore
from .recording import judged_recording, last_tier_answers, pairs_of_recording, scores_of
from .runs import pairs_of_runs
from .session import Judgement, judge_in_folder


def judge_runs(
    judge: Judge, run: Path, against: Path, folder: Path, load: Callable[[], None]
) -> tuple[Judgement, dict[str, str]]:
    """Judge the answers of a run in pairs with those of another.

    Args:
        judge: the judge.
        run: the folder of the run.
        against: that of the reference.
        folder: where verdicts are kept.
        load: loads the judge's model; called when there is something to judge.

    Returns:
        The verdicts, and the models by tier.
    """
    judged, reference = RunStore.read(run), RunStore.read(against)
    pairs = pairs_of_runs(judged, reference)
    load()
    models = reference.settings.get("models", {}) | judged.settings.get("models", {})
    name = f"{judged.path.name}-{reference.path.name}"
    return judge_in_folder(judge, pairs, folder / name), models


def judge_record(
    judge: Judge, record: Path, output: Path, folder: Path, load: Callable[[], None]
) -> tuple[Judgement, dict[str, str]]:
    """Judge the answers of a record, and write the record with the judge's scores.

    Args:
        judge: the judge.
        record: the file of the record.
        output: the file of the judged record.
        folder: where verdicts are kept.
        load: loads the judge's model; called when there is something to judge.

    Returns:
        The verdicts, and the models by tier.

    Raises:
        CopeError: for a record of programs.
    """
    recording = Recording.open(record)
    if recording.domain == "code":
        raise CopeError(f"{record} holds programs, which tests score: a judge has no use for them")
    answers = last_tier_answers(recording)
    pairs = pairs_of_recording(recording, answers)
    load()
    judgement = judge_in_folder(judge, pairs, folder / record.stem)
    made = judged_recording(recording, answers, scores_of(judgement.pairs), judge.model)
    write_recording(output, made.manifest, made.table.to_pylist())
    return judgement, dict(recording.models)

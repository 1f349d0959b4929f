"""`cope judge`: compare the answers of a run, or of a record, in pairs with others."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import CopeError
from ...util.output_files import check_output
from ..context import AppContext, pass_app
from ..judge_options import judge_options
from ..option_groups import team_options
from ..option_types import PATH, option
from ..options import json_option, output_option
from ..output import notify, print_json

if TYPE_CHECKING:
    from ...eval.judging.judge import Judge
    from ...eval.judging.options import JudgeOptions
    from ...eval.judging.session import Judgement
    from ...programs.options import TeamOptions

_FOLDER = Path(".cope") / "judge"


@click.command()
@click.argument("run", metavar="RUN|RECORD", type=PATH)
@option(
    "--against",
    type=PATH,
    metavar="RUN",
    help="The reference of a run: the run of the last tier alone.",
)
@output_option("The judged record, for cope calibrate and cope fit-confidence.")
@judge_options
@json_option
@team_options
@pass_app
def command(
    app: AppContext,
    run: Path,
    against: Path | None,
    output: Path | None,
    judge_options: "JudgeOptions",
    as_json: bool,
    team_options: "TeamOptions",
) -> None:
    """Judge answers in pairs against those of the last tier alone to the same questions.

    RUN is a folder of cope eval; RECORD is a file of cope record, whose scores the judge replaces:
    0 for an answer that is worse. Each pair is judged in both orders. A verdict counts if it
    survives the swap. After an interruption the same command resumes.
    """
    from ...eval import is_recording

    if judge_options.model is None:
        raise click.UsageError("Missing option '--judge'.")
    team = app.make_team(judge_options.add_tier(team_options))
    judge = judge_options.judge(team)
    if is_recording(run):
        if output is None:
            raise click.UsageError("Missing option '-o': the judged record is written there.")
        check_output(output, [run], "record", is_recording)
        judged, models = _judge_record(app, judge, run, output)
    elif against is None:
        raise click.UsageError("Missing option '--against'.")
    else:
        judged, models = _judge_runs(app, judge, run, against)
    _show(judged, models, judge_options, run, as_json)


def _judge_runs(
    app: AppContext, judge: "Judge", run: Path, against: Path
) -> "tuple[Judgement, dict[str, str]]":
    from ...eval import RunStore
    from ...eval.judging.runs import pairs_of_runs
    from ...eval.judging.session import judge_in_folder

    judged, reference = RunStore.read(run), RunStore.read(against)
    pairs = pairs_of_runs(judged, reference)
    app.load_models(judge.team, ["judge"])
    models = reference.settings.get("models", {}) | judged.settings.get("models", {})
    folder = _FOLDER / f"{judged.path.name}-{reference.path.name}"
    return judge_in_folder(judge, pairs, folder), models


def _judge_record(
    app: AppContext, judge: "Judge", record: Path, output: Path
) -> "tuple[Judgement, dict[str, str]]":
    from ...eval import Recording, write_recording
    from ...eval.judging import recording as judging
    from ...eval.judging.session import judge_in_folder

    recording = Recording.open(record)
    if recording.domain == "code":
        raise CopeError(f"{record} holds programs, which tests score: a judge has no use for them")
    answers = judging.last_tier_answers(recording)
    pairs = judging.pairs_of_recording(recording, answers)
    app.load_models(judge.team, ["judge"])
    judgement = judge_in_folder(judge, pairs, _FOLDER / record.stem)
    scores = judging.scores_of(judgement.pairs)
    made = judging.judged_recording(recording, answers, scores, judge.model)
    write_recording(output, made.manifest, made.table.to_pylist())
    notify(f"written to {output}; calibrate with --loss judged-worse")
    return judgement, recording.models


def _show(
    judged: "Judgement",
    models: dict[str, str],
    judge_options: "JudgeOptions",
    run: Path,
    as_json: bool,
) -> None:
    from ...eval.judging.outcome import summarize_pairs
    from ...eval.judging.session import usage_line

    advice = judge_options.advice(models)
    if advice:
        notify(advice)
    notify(usage_line(judged.usage))
    outcome = summarize_pairs(judged.pairs)
    if not as_json:
        for line in outcome.lines():
            click.echo(line)
        return
    document: dict[str, Any] = {"run": str(run), "judge": judge_options.model}
    document |= outcome.as_dict()
    document["advice"] = advice
    document["verdicts"] = [{"key": one.pair.key, "outcome": one.outcome} for one in judged.pairs]
    print_json(document)

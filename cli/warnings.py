"""What a program's file tells whoever measures it: the questions that it has met, and how it was asked when it was compiled."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..eval.run.contamination import Seen
    from ..programs.calibration_file import Certificate


def warn_of_met(
    compiled: Mapping[str, Any], questions: Iterable[str], name: str | None = None
) -> "Seen | None":
    """Say on stderr when a program has met some of the questions that it is measured on.

    Args:
        compiled: what its file has under `compiled`.
        questions: those of the measurement.
        name: the program's, where there are several.

    Returns:
        How many it has met; None when the file does not say.
    """
    import dspy

    from ..eval import seen_by

    seen = seen_by(compiled, [dspy.Example(question=question) for question in questions])
    if seen and seen.words:
        click.echo(f"warning: {f'{name}: ' if name else ''}{seen.words}", err=True)
    return seen


def other_settings(compiled: Mapping[str, Any], asked: Mapping[str, Any]) -> str | None:
    """How a program is asked in another way than when it was compiled, in a line; None when it is not.

    More context than it was compiled with changes nothing, and less may cut off.

    Args:
        compiled: what its file has under `compiled`; what it does not tell is taken to be the same.
        asked: the options of the command, and under `shown` which tests models see, in words.

    >>> other_settings({"adapter": "json", "context": 2048}, {"adapter": "lean", "context": 4096})
    'the program was compiled with --adapter json, and here it is lean: ask it in the same way to measure what was compiled'
    """
    from ..models.team import ASKED

    apart = []
    for name in ASKED:
        then, now = compiled.get(name), asked.get(name)
        if then is None or now is None or (then <= now if name == "context" else then == now):
            continue
        apart.append(f"--{name.replace('_', '-')} {then}, and here it is {now}")
    if (then := compiled.get("shown")) and (now := asked.get("shown")) and then != now:
        apart.append(f"{then}, and here {now}")
    if not apart:
        return None
    return f"the program was compiled with {'; '.join(apart)}: ask it in the same way to measure what was compiled"


def warn_of_settings(compiled: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Say on stderr when a program is asked in another way than when it was compiled, see `other_settings`."""
    if words := other_settings(compiled, asked):
        click.echo(f"warning: {words}", err=True)


def warn_of_questions(
    certificate: "Certificate | None", task: str, questions: Iterable[tuple[str, str | None]]
) -> None:
    """Print on stderr what speaks against a calibration's promise on some questions.

    Args:
        certificate: the calibration; None for no warning.
        task: the task's name.
        questions: with their right answers.
    """
    if certificate is None:
        return
    pairs = list(questions)
    asked, gold = [question for question, _ in pairs], [answer for _, answer in pairs]
    for warning in certificate.warnings(task, asked, gold):
        click.echo(f"warning: {warning}", err=True)

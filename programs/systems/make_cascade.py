"""Make the cascades that a system is built from."""

from functools import partial

from ...models import Team
from ...sandbox import open_sandbox
from ..cascade import Cascade
from ..domains.registry import domain_by_name
from ..preset import Preset
from .base import SystemOptions


def make_cascade(preset: Preset | str, team: Team, options: SystemOptions) -> Cascade:
    """Make a cascade for the same questions as a system, for example one tier alone.

    Args:
        preset: a preset, its name, or a tier's name for that tier alone.
        team: the tiers.
        options: those of the system.

    Raises:
        CopeError: see `Cascade`; also for questions that programs answer, when there is no sandbox.
    """
    kind = domain_by_name(options.domain)
    cascade = Cascade(
        preset,
        team,
        seed=options.seed,
        early_stop=options.early_stop,
        domain=options.domain,
        answer_kind=options.answer_kind or kind.answer_kind,
        saved_kind=options.answer_kind or kind.answer_kind,
        sandbox=partial(open_sandbox, options.unsafe_code),
    )
    return with_sandbox(cascade)


def with_sandbox(cascade: Cascade) -> Cascade:
    """Return a cascade whose sandbox is open, if it runs model-written programs.

    Raises:
        CopeError: when there is no sandbox, now rather than with the first program.
    """
    thinks_by_programs = any(round_.thought == "program" for round_ in cascade.preset.rounds)
    if thinks_by_programs or domain_by_name(cascade.domain).needs_sandbox:
        cascade.sandbox()
    return cascade

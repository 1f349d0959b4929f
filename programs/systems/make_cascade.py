"""Make the cascades that a system is built from."""

from ...models import Team
from ...sandbox import open_sandbox
from ..cascade import Cascade
from ..confidence.base import Confidence
from ..domains.base import Domain
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
    return Cascade(
        preset,
        team,
        seed=options.seed,
        early_stop=options.early_stop,
        domain=options.domain,
        confidence=sandboxed_confidence(kind, options.unsafe_code),
        answer_kind=options.answer_kind or kind.answer_kind,
        saved_kind=options.answer_kind or kind.answer_kind,
    )


def sandboxed_confidence(kind: Domain, unsafe_code: bool) -> Confidence | None:
    """Return the default confidence of a domain that runs programs, with its sandbox opened now.

    Returns:
        None for a domain that runs none.

    Raises:
        CopeError: when there is no sandbox, now rather than with the first program.
    """
    if not kind.needs_sandbox:
        return None
    sandbox = open_sandbox(unsafe_code)
    return kind.default_confidence(lambda: sandbox)

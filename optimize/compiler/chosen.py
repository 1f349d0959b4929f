"""Which predictors of a program are compiled."""

from collections.abc import Iterable

from ...errors import CopeError
from ...programs import Cascade


def chosen(program: Cascade, only: Iterable[str] = ()) -> list[str]:
    """The names of the predictors that all the conditions hold for; of all of them without any.

    Args:
        program: the cascade.
        only: a tier's name, `planner`, `reasoner`, or `round:N`.

    Raises:
        CopeError: for a condition that is not understood, or when nothing is left.

    >>> chosen(Cascade("cope"), ["large", "planner"])
    ['round_2.planner.predict']
    """
    found = []
    for name, _ in program.named_predictors():
        number, role = int(name.split(".")[0].removeprefix("round_")), name.split(".")[1]
        spec = program.preset.rounds[number - 1]
        tier = spec.planner if role == "planner" else spec.reasoner
        if all(want in (tier, role, f"round:{number}") for want in only):
            found.append(name)
    known = {
        *program.preset.tiers,
        "planner",
        "reasoner",
        *(f"round:{n + 1}" for n in range(len(program.preset.rounds))),
    }
    if unknown := [want for want in only if want not in known]:
        raise CopeError(
            f"--only {unknown[0]} is not understood: give one of {', '.join(sorted(known))}"
        )
    if not found:
        raise CopeError(f"no predictor is {' and '.join(only)} at once: give fewer conditions")
    return found

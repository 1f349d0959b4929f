"""The last line of a comparison: what a system saves compared with the last tier alone."""

from .compare import Comparison
from .margin import margin_points, margin_test
from .saving import Saving
from .tables_of_many import has_many_systems


def saving_line(comparison: Comparison) -> str:
    """Return what the first system saves; of many systems, what the best one saves.

    The best one saves most of those that are not worse than the last tier within the margin. It is
    known only where the last tier is the reference.
    """
    last_tier = comparison.last_tier
    if not comparison.savings:
        systems = list(comparison.summaries)
        return (
            f"what {systems[0]} saves compared with {last_tier} alone is not known, because "
            f"{last_tier} is not among the systems: add it with "
            f"--presets {','.join([*systems, last_tier])}."
        )
    if not has_many_systems(comparison) or comparison.reference != last_tier:
        return f"{comparison.savings[0].text}."
    claim = f"not worse than {last_tier} within {margin_points(comparison.margin)}"
    best = _largest_saving(comparison)
    if best is None:
        return f"no system that is shown to be {claim} saves anything."
    return (
        f"of the systems that are shown to be {claim}, {best.system} saves most: {best.text}. "
        "The choice among many flatters it, so confirm it on other questions."
    )


def _largest_saving(comparison: Comparison) -> Saving | None:
    """Return the largest saving of a system that is not worse than the last tier, if any saves."""
    not_worse = {
        pair.system
        for pair in comparison.pairs
        if margin_test(pair, comparison.margin).is_not_worse
    }
    candidates = [
        one for one in comparison.savings if one.system in not_worse and one.saving.value > 0
    ]
    return max(candidates, key=lambda one: one.saving.value, default=None)

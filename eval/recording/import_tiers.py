"""The tiers of an imported recording: the models and the prompts that a user names for them."""

from collections.abc import Iterable, Sequence

from ...errors import CopeError

_NAMED_BY_OPTIONS = ("small", "large")


def models_by_tier(
    small: str, between: Iterable[tuple[str, str]], large: str | None
) -> dict[str, str]:
    """Return each tier's model, in the order of the rounds.

    Args:
        small: the model of the first tier.
        between: the name and the model of each further tier.
        large: the model of the last tier; None where one of `between` is the last.

    Raises:
        CopeError: for two tiers of one name.
    """
    models = {"small": small}
    for name, model in between:
        if name in models or name in _NAMED_BY_OPTIONS:
            raise CopeError(
                f"--tier {name}={model}: that tier is named already; --small and --large set "
                "those two"
            )
        models[name] = model
    if large:
        models["large"] = large
    return models


def variants_by_tier(given: Iterable[str], tiers: Sequence[str]) -> dict[str, list[str]]:
    """Return the prompts to take by tier: those of a tier, else those of all tiers.

    Args:
        given: each as NAME, or as TIER=NAME.
        tiers: the tiers' names.

    Raises:
        CopeError: for a tier that is not imported.

    >>> variants_by_tier(["cot", "large=plain"], ["small", "large"])
    {'small': ['cot'], 'large': ['plain']}
    """
    named: dict[str, list[str]] = {}
    for text in given:
        tier, equals, name = text.partition("=")
        if equals and tier not in tiers:
            either = " or ".join(f"{tier}=NAME" for tier in tiers)
            raise CopeError(f"--variant {text}: {tier!r} is no tier of an import: write {either}")
        named.setdefault(tier if equals else "", []).append(name if equals else tier)
    every = named.pop("", None)
    chosen = {tier: named.get(tier, every) for tier in tiers}
    return {tier: names for tier, names in chosen.items() if names}


def last_tier_note(tier: str, variants: Sequence[str]) -> str | None:
    """Return a note when samples of the last tier vote, because alone it is one of them.

    Args:
        tier: the last tier.
        variants: the prompts of its samples.
    """
    if len(variants) < 2:
        return None
    names = list(dict.fromkeys(variants))
    several, remedy = f"{len(variants)} samples", ""
    if len(names) > 1:
        several = f"{len(names)} variants ({', '.join(names)})"
        remedy = f"; take one with --variant {tier}={names[0]}"
    vote = f"its round votes over them, and {tier} alone is the first of them"
    return f"{tier} has {several}: {vote}{remedy}"

"""Check the arguments of a team."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from ..errors import CopeError
from ..util.arguments import check_argument, check_number
from ..util.redact import read_key, register_secret
from .engines.base import LocalEngine
from .prices import Price
from .tier_error import unknown_tier_error


def check_models(models: Mapping[str, object], parameters: Iterable[str]) -> None:
    """Raise an error for a model that is neither a name nor an engine.

    Args:
        models: the models by the names of their tiers.
        parameters: the names of the team's parameters, one of which a tier's name may misspell.

    Raises:
        CopeError: for the first such model.
    """
    options = [name for name in parameters if name not in models]
    for name, model in models.items():
        if isinstance(model, str | LocalEngine):
            continue
        near = get_close_matches(name, options, 1, 0.7)
        hint = f"; the option is called {near[0]}" if near else ""
        check_argument(
            f"Team({name})",
            model,
            (),
            f"a model's name such as 'local/qwen2.5-coder-0.5b' or an engine object{hint}",
        )


def check_tier_options(
    models: Iterable[str],
    prices: Mapping[str, object],
    limits: Mapping[str, int],
    keys: Mapping[str, object],
) -> None:
    """Raise a `CopeError` for options by tier of a wrong type, or for a tier that is missing."""
    remedy = "a dict by the names of tiers, such as {'small': ...}"
    for option, values in (("prices", prices), ("limits", limits), ("keys", keys)):
        check_argument(f"Team({option})", values, Mapping, remedy)
    for name in [*prices, *limits, *keys]:
        if name not in models:
            raise unknown_tier_error(name, models)
    for name, price in prices.items():
        if not isinstance(price, Price):
            raise CopeError(
                f"the price of tier {name!r} is {price!r}: write Price.parse({str(price)!r}), "
                "USD per million tokens as IN/OUT or USD per hour of machine time as N/h"
            )
    for name, limit in limits.items():
        check_number(f"the limit of tier {name!r}", limit, 1, whole=True)
    for name, variable in keys.items():
        check_argument(f"the key of tier {name!r}", variable, str, "an environment variable's name")


def tier_key(tier: str, keys: Mapping[str, str]) -> str | None:
    """Return the key of a tier from the environment variable that `keys` names; None without one.

    Raises:
        CopeError: for a variable that is not set, or a key that no header can hold.
    """
    name = keys.get(tier)
    if name is None:
        return None
    key = read_key(name)
    if key is None:
        raise CopeError(f"--key {tier}={name}: the variable {name} is not set")
    register_secret(key, name)
    return key

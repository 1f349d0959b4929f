"""The questions that `cope compile` learns from and chooses by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import CopeError
from .options import given

if TYPE_CHECKING:
    from ..optimize import Splits

_USUAL = (
    "validation",
    "val",
    "dev",
)  # what a file calls its validation rows, where the user does not say


def load_splits(task: Any, options: Mapping[str, Any]) -> "Splits":
    """Draw both splits: from two parts of the data where it has them, else validation takes what training leaves.

    Raises:
        CopeError: for the test split, for a split that is not there, or when there are too few questions.
    """
    from ..eval.tasks.data import splits_in
    from ..optimize import split

    names = splits_in(options["data"]) if options["data"] else []
    for option in ("train_split", "val_split"):
        flag = f"--{option.replace('_', '-')}"
        if options[option] == "test":
            raise CopeError(
                f"{flag} test: the test split is kept for cope eval, so compile never reads it"
            )
        if options["data"] and not names and given(option):
            raise CopeError(
                f"{flag} {options[option]}: the rows of {options['data']} have no field split to tell by"
            )
    pool = task.load(options["train_split"], None, options["data"])
    name = _validation(task, options, names)
    valpool = task.load(name, None, options["data"]) if name else None
    return split(pool, valpool, options["train"], options["val"], options["seed"])


def _validation(task: Any, options: Mapping[str, Any], names: list[str]) -> str | None:
    """The split that validation questions come from; None when they come from the training split."""
    name: str = options["val_split"]
    if name == options["train_split"]:
        return None
    if given("val_split"):
        return name
    if options["data"]:
        return next((usual for usual in _USUAL if usual in names), None)
    return name if task.name == "mbpp" else None  # the only one of the hub's sets that has one

"""Data sets of the Hugging Face hub, by the names of tasks or by an address of the user."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ...errors import CopeError, first_line
from ...util.table_files import Row

_PREFIX = "hub:"
_ADDRESS = re.compile(r"hub:(\w[\w.-]*/\w[\w.-]*)(?::([\w.-]+))?")


def is_hub_address(data: str) -> bool:
    """Return whether a table is named as on the hub, and not by a file."""
    return data.startswith(_PREFIX)


def parse_hub_address(data: str) -> tuple[str, str | None]:
    """Return the name and the configuration in `hub:OWNER/NAME[:config]`.

    Raises:
        CopeError: for any other form.

    >>> parse_hub_address("hub:openai/gsm8k:main"), parse_hub_address("hub:cais/mmlu")
    (('openai/gsm8k', 'main'), ('cais/mmlu', None))
    """
    match = _ADDRESS.fullmatch(data)
    if match is None:
        raise CopeError(f"{data!r} is no data set: write hub:OWNER/NAME or hub:OWNER/NAME:CONFIG")
    return match[1], match[2]


def open_hub(task: str, name: str, config: str | None, split: str) -> Sequence[Row]:
    """Return the rows of a split of a data set on the hub. `datasets` caches them on disk.

    Args:
        task: the name of the task, for messages.
        name: the name of the data set.
        config: its configuration; None for the default one.
        split: the split.

    Raises:
        CopeError: if the data set cannot be downloaded and is not cached, or has no such split.
    """
    return _ask_hub(task, name, split, lambda hub: hub.load_dataset(name, config, split=split))


def split_names(task: str, name: str, config: str | None) -> list[str]:
    """Return the names of the splits of a data set on the hub.

    Raises:
        CopeError: see `open_hub`.
    """
    return _ask_hub(task, name, "", lambda hub: hub.get_dataset_split_names(name, config))


def _ask_hub(task: str, name: str, split: str, request: Callable[[Any], Any]) -> Any:
    import datasets
    from huggingface_hub.utils import logging as hub_log

    datasets.disable_progress_bars()
    hub_log.set_verbosity_error()  # only the error after all retries is reported
    try:
        return request(datasets)
    except ValueError as error:
        raise CopeError(f"{name} has no split {split!r}: {first_line(error)}") from None
    except Exception as error:  # the file systems and clients that it uses raise many kinds
        raise CopeError(
            f"cannot load {task} ({name}) from the hub: {first_line(error)}; go online, or give "
            "a local copy with --data FILE"
        ) from error

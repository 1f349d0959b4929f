"""The models that an engine lists for `cope models list`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ListedModel:
    """A model that an engine has, or can download.

    Attributes:
        name: the name with the engine's prefix, as `--small` takes it.
        size: bytes.
        location: a file or a server; None for a model that can be downloaded.
        alias: a shorter name with the prefix; None without one.
        license: the SPDX name of its license; empty where it is not known.
    """

    name: str
    size: int
    location: str | None
    alias: str | None = None
    license: str = ""


@dataclass(frozen=True)
class ModelList:
    """All models of one engine.

    Attributes:
        models: the models, in the order of the table.
        document: what `cope models list --json` prints for the engine, as plain data.
        note: a line for the user, for example that a server does not answer; empty without one.
    """

    models: tuple[ListedModel, ...]
    document: object
    note: str = ""

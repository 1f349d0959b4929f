"""The models that an engine lists for `cope models list`."""

from collections.abc import Iterable
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

    @property
    def place(self) -> str:
        """The location, or the command that downloads the model."""
        return self.location or f"no: cope models pull {self.name}"

    @property
    def size_text(self) -> str:
        """The size; a question mark where only the download says it."""
        from rich.filesize import decimal  # not at the top, because help texts load this module

        return decimal(self.size) if self.size else "?"


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


def format_models(models: Iterable[ListedModel], width: int | None) -> str:
    """Return models as a table, or as two lines each where a table would be too wide.

    Args:
        models: the models.
        width: characters of a line; None without a limit.
    """
    listed = list(models)
    rows = [("NAME", "SHORT", "SIZE", "LICENSE", "HERE")]
    for model in listed:
        alias = model.alias or ""
        rows.append((model.name, alias, model.size_text, model.license, model.place))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, alias, size, license_, place in rows:
        start = f"{name:<{widths[0]}}  {alias:<{widths[1]}}  {size:>{widths[2]}}"
        lines.append(f"{start}  {license_:<{widths[3]}}  {place}")
    if width is None or max(map(len, lines)) <= width:
        return "\n".join(lines)
    lines = []
    for model in listed:
        facts = [model.alias, model.size_text, model.license]
        lines += [f"{model.name}  ({', '.join(filter(None, facts))})", f"  {model.place}"]
    return "\n".join(lines)

"""The devices and links over which layers of a model are split, and the file that names them."""

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CopeError

_ADDRESS = re.compile(r"(\w[\w.-]*|\[[0-9a-fA-F:]+\]):[0-9]{1,5}")


@dataclass(frozen=True)
class Device:
    """A machine that can hold layers.

    Attributes:
        name: its name.
        memory_gb: memory for weights, in units of 1e9 bytes.
        tokens_per_second: what it would write with the whole model and one request.
        address: the host and the port of its worker, divided by a colon; empty if not given.
    """

    name: str
    memory_gb: float
    tokens_per_second: float
    address: str = ""


@dataclass(frozen=True)
class Link:
    """A connection between two devices.

    Attributes:
        ms: milliseconds until a message of no length arrives.
        mbit: megabits a second.
    """

    ms: float
    mbit: float


@dataclass(frozen=True)
class Network:
    """The devices, the first of which has the prompts, and their links.

    Attributes:
        devices: the devices.
        link: the link of two devices that `links` lacks.
        links: links by the names of two devices, in alphabetical order.
    """

    devices: tuple[Device, ...]
    link: Link
    links: dict[tuple[str, str], Link]

    def between(self, one: Device, other: Device) -> Link:
        """Return the link of two devices."""
        first, second = sorted((one.name, other.name))
        return self.links.get((first, second), self.link)


def equal_before(network: Network) -> list[int | None]:
    """Return for each device the index of the equal one before it; None without one.

    Equal devices have the same memory, speed and links. The first device has no equal, because it
    has the prompts.
    """
    devices = network.devices
    found: list[int | None] = [None] * len(devices)
    for index in range(2, len(devices)):
        for other in range(index - 1, 0, -1):
            if _are_equal(network, devices[index], devices[other]):
                found[index] = other
                break
    return found


def _are_equal(network: Network, one: Device, other: Device) -> bool:
    if (one.memory_gb, one.tokens_per_second) != (other.memory_gb, other.tokens_per_second):
        return False
    third = [device for device in network.devices if device not in (one, other)]
    return all(network.between(one, each) == network.between(other, each) for each in third)


def read_network(path: Path) -> Network:
    """Read devices and links from a TOML file.

    Raises:
        CopeError: for a file that cannot be read, or with a wrong value.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CopeError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise CopeError(f"{path} is no TOML: {error}") from None
    _check_keys(document, ("devices", "link", "links"), path)
    devices = []
    for row in _rows(document, "devices", path):
        _check_keys(row, ("name", "memory_gb", "tokens_per_second", "address"), path)
        numbers = _numbers(row, ("memory_gb", "tokens_per_second"), path)
        address = str(row.get("address", ""))
        if address and not _ADDRESS.fullmatch(address):
            raise CopeError(f"{path}: address is HOST:PORT, and here it is {address!r}")
        devices.append(Device(str(row.get("name", "")), *numbers, address))
    names = [device.name for device in devices]
    if not devices or "" in names or len(set(names)) < len(names):
        raise CopeError(f"{path} needs [[devices]], each with a name of its own")
    links: dict[tuple[str, str], Link] = {}
    for row in _rows(document, "links", path):
        _check_keys(row, ("between", "ms", "mbit"), path)
        ends = row.get("between")
        if not isinstance(ends, list) or len(ends) != 2 or not set(ends) <= set(names):
            raise CopeError(f"{path}: a link is between two of the devices {', '.join(names)}")
        first, second = sorted(ends)
        links[first, second] = Link(*_numbers(row, ("ms", "mbit"), path))
    usual = document.get("link", {"ms": 0.5, "mbit": 1000})
    return Network(tuple(devices), Link(*_numbers(usual, ("ms", "mbit"), path)), links)


def _rows(document: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    rows = document.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CopeError(f"{path}: write {name} as [[{name}]]")
    return rows


def _check_keys(row: dict[str, Any], known: Sequence[str], path: Path) -> None:
    for name in row:
        if name not in known:
            raise CopeError(f"{path}: {name!r} is none of {', '.join(known)}")


def _numbers(row: object, names: Sequence[str], path: Path) -> tuple[float, float]:
    """Return the two numbers of a table, which are above 0."""
    fields: dict[str, Any] = row if isinstance(row, dict) else {}
    first, second = (_number(fields.get(name), name, path) for name in names)
    return first, second


def _number(value: object, name: str, path: Path) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise CopeError(f"{path}: {name} is a number above 0, and here it is {value!r}")

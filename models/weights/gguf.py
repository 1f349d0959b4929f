"""Read the shape of a model from the head of its GGUF file."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import CopeError

_MAGIC = b"GGUF"
_FORMATS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
"""The format of a value by the number of its type. 8 is a text and 9 a list."""

_TEXT, _LIST = 8, 9
_LONGEST_TEXT = 1 << 24


@dataclass(frozen=True)
class ModelShape:
    """What a plan of shards needs to know of a model.

    Attributes:
        layers: number of layers.
        width: numbers that one layer hands to the next for a token.
        size: bytes of the weights.
    """

    layers: int
    width: int
    size: int


def read_shape(path: Path) -> ModelShape:
    """Return the shape of the model in a GGUF file.

    Raises:
        CopeError: for a file that cannot be read, or is not of this format.
    """
    try:
        with path.open("rb") as file:
            fields = _read_fields(file)
    except OSError as error:
        raise CopeError(f"{path} cannot be read: {error.strerror}") from None
    except (struct.error, UnicodeDecodeError, ValueError, KeyError):
        raise CopeError(f"{path} is no GGUF file of a model") from None
    kind = fields.get("general.architecture")
    layers, width = fields.get(f"{kind}.block_count"), fields.get(f"{kind}.embedding_length")
    if not isinstance(layers, int) or not isinstance(width, int) or layers < 1 or width < 1:
        raise CopeError(f"{path} does not say how many layers the model has")
    return ModelShape(layers, width, path.stat().st_size)


def _read_fields(file: BinaryIO) -> dict[str, Any]:
    if file.read(4) != _MAGIC:
        raise ValueError("another format")
    _, _, count = struct.unpack("<IQQ", file.read(20))
    fields: dict[str, Any] = {}
    for _ in range(count):
        name = _read_text(file)
        fields[name] = _read_value(file, _read_number(file, 4))
    return fields


def _read_value(file: BinaryIO, kind: int) -> Any:
    """Return a value; None for a list, whose items are passed over."""
    if kind == _TEXT:
        return _read_text(file)
    if kind != _LIST:
        return _read_number(file, kind)
    item, count = _read_number(file, 4), _read_number(file, 10)
    if item in _FORMATS:
        file.seek(count * struct.calcsize(_FORMATS[item]), 1)
        return None
    for _ in range(count):
        _read_value(file, item)
    return None


def _read_number(file: BinaryIO, kind: int) -> Any:
    form = _FORMATS[kind]
    return struct.unpack(form, file.read(struct.calcsize(form)))[0]


def _read_text(file: BinaryIO) -> str:
    length = _read_number(file, 10)
    if length > _LONGEST_TEXT:
        raise ValueError("a text is too long")
    return file.read(length).decode()

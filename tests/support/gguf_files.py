"""Files that begin as those of a model, with nothing in it."""

import struct


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(layers: int = 4, size: int = 1_000_000) -> bytes:
    """Return a file of so many bytes that names its number of layers."""
    fields = [
        text("general.architecture") + struct.pack("<I", 8) + text("toy"),
        text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"),
        text("scores") + struct.pack("<IIQ", 9, 6, 2) + struct.pack("<ff", 0.5, 1.0),
        text("toy.block_count") + struct.pack("<II", 4, layers),
        text("toy.embedding_length") + struct.pack("<II", 4, 64),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, len(fields)) + b"".join(fields)
    return head.ljust(size, b"\0")

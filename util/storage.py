"""A folder of files that are written whole: on this machine, or on an object store by fsspec."""

import asyncio
import os
import posixpath
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fsspec.core import url_to_fs

from ..errors import CopeError, first_line

T = TypeVar("T")

_WHOLE_PUTS = frozenset("s3 s3a gs gcs abfs abfss az memory".split())
"""Protocols whose files appear at once, with their whole content."""


class Storage:
    """A folder whose files are replaced as a whole, so that no reader sees half of one.

    Args:
        url: the path of a folder, or an address that fsspec knows, such as `s3://bucket/folder`.

    Raises:
        CopeError: for an address that no installed package of fsspec opens.

    >>> storage = Storage("memory://example")
    >>> storage.write("a/b.json", b"{}")
    >>> storage.read("a/b.json"), storage.read("a/c.json"), storage.names("a")
    (b'{}', None, ['b.json'])
    """

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        try:
            self._fs, self._root = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise CopeError(
                f"cannot open the folder {self.url}: {first_line(error)}; give a folder on this "
                "machine, or install the package of fsspec that opens it"
            ) from None
        protocol = self._fs.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        self.is_local = "file" in names
        self._puts_whole = bool(names & _WHOLE_PUTS)
        self.is_quick = bool(names & {"file", "memory"})

    def __reduce__(self) -> tuple[type["Storage"], tuple[str]]:
        return type(self), (self.url,)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return what a function of this folder returns; a slow store works in another thread."""
        if self.is_quick:
            return work(*arguments)
        return await asyncio.to_thread(work, *arguments)

    @property
    def path(self) -> Path | None:
        """The folder on this machine; None on another store."""
        return Path(self._root) if self.is_local else None

    def address(self, name: str) -> str:
        """Return the address of a file, for other programs."""
        if self.is_local:
            return str(Path(self._root) / name)
        return self._fs.unstrip_protocol(self._path(name))

    def inside(self, folder: str) -> "Storage":
        """Return a folder inside this one."""
        return Storage(self.address(folder))

    def _path(self, name: str) -> str:
        return posixpath.join(self._root, name)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; None without one.

        Raises:
            CopeError: when it cannot be read.
        """
        try:
            if self.is_local:
                return Path(self._root, name).read_bytes()
            return self._fs.cat_file(self._path(name))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failure("read", self.address(name), error) from None

    def write(self, name: str, data: bytes) -> None:
        """Replace a file by `data`.

        Raises:
            CopeError: when it cannot be written. The old content is still there.
        """
        path = self._path(name)
        partial = f"{path}.{uuid.uuid4().hex[:12]}.part"
        try:
            if self.is_local:
                _replace_local(Path(path), Path(partial), data)
            elif self._puts_whole:
                self._fs.pipe_file(path, data)
            else:
                self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
                self._fs.pipe_file(partial, data)
                self._fs.mv(partial, path)
        except OSError as error:
            raise _failure("write", self.address(name), error) from None

    def names(self, folder: str = "") -> list[str]:
        """Return the names in a folder in alphabetical order; none where there is no folder."""
        path = self._path(folder) if folder else self._root
        try:
            if self.is_local:
                found = os.listdir(path)
            else:
                self._fs.invalidate_cache(path)
                found = [posixpath.basename(one.rstrip("/")) for one in self._fs.ls(path, False)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise _failure("read", self.address(folder), error) from None
        return sorted(name for name in found if not name.endswith(".part"))

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with its content; nothing happens where there is none."""
        path = self._path(name)
        try:
            if self.is_local and not os.path.isdir(path):
                os.unlink(path)
            else:
                self._fs.rm(path, recursive=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failure("remove", self.address(name), error) from None


def _replace_local(path: Path, partial: Path, data: bytes) -> None:
    try:
        try:
            partial.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _failure(verb: str, address: str, error: OSError) -> CopeError:
    return CopeError(
        f"cannot {verb} {address}: {error.strerror or first_line(error)}; make room or name "
        "another folder, and run the same command again, which resumes the work"
    )

"""A folder of files that are written whole: on this machine, or on an object store by fsspec."""

import asyncio
import itertools
import os
import posixpath
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fsspec.core import url_to_fs

from ..errors import CopeError, first_line

T = TypeVar("T")

_WHOLE_PUTS = frozenset("s3 s3a gs gcs abfs abfss az memory".split())
"""Protocols whose files appear at once, with their whole content."""

_BINARY = getattr(os, "O_BINARY", 0)  # Windows translates the ends of lines without it
_PARTIAL = itertools.count()
_PARTIAL_OWNER = uuid.uuid4().hex[:12]


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
            if not self.is_local:
                return self._fs.cat_file(self._path(name))
            with open(self._path(name), "rb", buffering=0) as file:
                return file.read()
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
        partial = f"{path}.{_PARTIAL_OWNER}-{os.getpid()}-{next(_PARTIAL)}.part"
        try:
            if self.is_local:
                _replace_local(path, partial, data)
            elif self._puts_whole:
                self._fs.pipe_file(path, data)
            else:
                self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
                self._fs.pipe_file(partial, data)
                self._fs.mv(partial, path)
        except OSError as error:
            raise _failure("write", self.address(name), error) from None

    def replace_end(self, name: str, old: bytes, new: bytes) -> bool:
        """Replace the last bytes of a file of this machine, which is quicker than all of it.

        Returns whether there is such a file. A process that is killed meanwhile may leave a part of
        `new`.

        Args:
            name: the name of the file.
            old: the bytes that go.
            new: the bytes in their place, at least as many.

        Raises:
            CopeError: when it cannot be written. The old content is still there.
        """
        try:
            file = os.open(self._path(name), os.O_RDWR | _BINARY)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _failure("write", self.address(name), error) from None
        try:
            start = os.lseek(file, -len(old), os.SEEK_END)
            try:
                written = os.write(file, new)
                if written < len(new):
                    os.write(file, new[written:])  # it says why there is no more room
            except OSError:
                os.lseek(file, start, os.SEEK_SET)
                os.write(file, old)
                os.ftruncate(file, start + len(old))
                raise
        except OSError as error:
            raise _failure("write", self.address(name), error) from None
        finally:
            os.close(file)
        return True

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
            if self.is_local:
                _remove_local(path)
            else:
                self._fs.rm(path, recursive=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failure("remove", self.address(name), error) from None


# A batch replaces and removes several small files for each row. `pathlib` and the local file system
# of fsspec take two to three times as long for each.


def _replace_local(path: str, partial: str, data: bytes) -> None:
    try:
        try:
            _write_bytes(partial, data)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _write_bytes(partial, data)
        os.replace(partial, path)
    except OSError:
        Path(partial).unlink(missing_ok=True)
        raise


def _write_bytes(path: str, data: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]


def _remove_local(path: str) -> None:
    """Remove a file, or a folder with its content.

    Raises:
        FileNotFoundError: where there is none.
    """
    try:
        os.unlink(path)
    except (IsADirectoryError, PermissionError):  # macOS says the latter of a folder
        try:
            os.rmdir(path)
        except OSError:
            shutil.rmtree(path)


def _failure(verb: str, address: str, error: OSError) -> CopeError:
    return CopeError(
        f"cannot {verb} {address}: {error.strerror or first_line(error)}; make room or name "
        "another folder, and run the same command again, which resumes the work"
    )

"""Pages of mapped weights are released, and read again where they are needed."""

import mmap
from pathlib import Path

import pytest

from cope.models.engines.mapped_weights import can_release, release_pages

pytestmark = pytest.mark.skipif(not can_release(), reason="the system lists no mapped files")

SIZE = 127 * mmap.PAGESIZE


def mapped(path: Path, flags: int = mmap.MAP_SHARED) -> mmap.mmap:
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ)
    assert sum(mapping[:: mmap.PAGESIZE])  # reads each page
    return mapping


def resident_kb(path: Path) -> int:
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    for line in lines:
        if line.endswith(f" {path}"):
            for field in lines:
                if field.startswith("Rss:"):
                    return int(field.split()[1])
    return 0


@pytest.mark.parametrize("name", ["weights.gguf", "a name of words.gguf", "größe.gguf"])
def test_released_pages_take_no_memory_and_are_read_again(tmp_path: Path, name: str):
    path, other = tmp_path / name, tmp_path / "other.gguf"
    for file in (path, other):
        file.write_bytes(bytes(range(1, 255)) * (SIZE // 254))
    with mapped(path) as mapping, mapped(other):
        before = resident_kb(other)
        assert resident_kb(path) == SIZE // 1024
        assert release_pages([path, tmp_path / "missing.gguf"]) == SIZE
        assert resident_kb(path) == 0 and resident_kb(other) == before
        assert mapping[:] == path.read_bytes()


def test_a_copy_that_the_process_may_write_is_left_alone(tmp_path: Path):
    path = tmp_path / "weights.gguf"
    path.write_bytes(b"1" * SIZE)
    with mapped(path, mmap.MAP_PRIVATE):
        assert release_pages([path]) == 0


def test_nothing_is_mapped(tmp_path: Path):
    assert release_pages([]) == 0 and release_pages([tmp_path]) == 0

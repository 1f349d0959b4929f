"""Check the weights of the default pair of models, and the disk that they are downloaded to."""

import os
import shutil

from rich.filesize import decimal

from ...util.check import Check
from ..weights.catalog import Weights, cache_dir, lookup
from ..weights.resolve import locate_weights


def default_weights() -> list[Weights]:
    """Return the weights of the default pair."""
    return [lookup("small"), lookup("large")]


def check_weights() -> Check:
    """Check that the weights of the default pair are there and whole."""
    lines, status, advice = [], "ok", ""
    for entry in default_weights():
        path, size = locate_weights(entry)
        if size == entry.size:
            lines.append(f"{entry.name}: {path}")
        elif size is not None:
            lines.append(f"{entry.name}: {path} has {decimal(size)}, not {decimal(entry.size)}")
            status, advice = "missing", f"delete {path}; `cope models pull` brings the right one"
        else:
            partial = cache_dir() / f"{entry.file}.partial"
            part = ""
            if partial.exists():
                part = f", {partial.stat().st_size / entry.size:.0%} are there"
            lines.append(f"{entry.name}: not here ({decimal(entry.size)}{part})")
            if status == "ok":
                status = "note"
                advice = "`cope models pull` brings them now; the first `cope ask` does too"
    return Check("weights", status, "\n".join(lines), advice)


def check_disk() -> Check:
    """Check that the cache's disk has room for those default weights that are not there."""
    folder = cache_dir()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    needed = 0
    for entry in default_weights():
        if locate_weights(entry)[1] is None:
            needed += entry.size
    found = f"{decimal(free)} free for the cache in {folder}"
    if needed and not os.access(existing, os.W_OK):
        advice = "set COPE_CACHE to another folder"
        return Check("disk", "missing", f"{folder} cannot be written", advice)
    if free < needed:
        found += f"; the default weights take {decimal(needed)} more"
        return Check("disk", "missing", found, "make room, or set COPE_CACHE to another folder")
    return Check("disk", "ok", found)

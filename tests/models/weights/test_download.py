"""Downloads from a hub on this machine: no network, and every way to be cut off."""

import hashlib
import random
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import cast

import pytest
from huggingface_hub import constants
from support.downloads import Told, in_process
from support.servers import LocalServer, serving

from cope.errors import CopeError, Unavailable
from cope.models.weights import download as weights_download, hub as weights_hub
from cope.models.weights.catalog import Weights
from cope.models.weights.download import download
from cope.models.weights.verify import ChecksumMismatch

DATA = random.Random(4).randbytes(600_000)
TOY = Weights("toy", "toy.gguf", len(DATA), hashlib.sha256(DATA).hexdigest(), "MIT", "org/toy")


class Hub(LocalServer):
    """Serves `data`; sends only the next of `cuts` bytes of an answer; in the middle it waits for `go_on`, where it is set."""

    data, ranges, hides_size = DATA, True, False
    go_on: threading.Event | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.cuts: list[int] = []
        self.asked: list[tuple[str, str | None]] = []
        self.tokens: list[str | None] = []

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # the client hung up, which is what some tests are about


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        hub, span = cast(Hub, self.server), self.headers["range"]
        hub.asked.append((self.path, span))
        hub.tokens.append(self.headers["authorization"])
        start = int(span.removeprefix("bytes=").rstrip("-")) if span and hub.ranges else 0
        body = hub.data[start:]
        self.send_response(206 if span and hub.ranges else 200)
        if start:
            self.send_header("content-range", f"bytes {start}-{len(hub.data) - 1}/{len(hub.data)}")
        if not hub.hides_size:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        sent = 0
        if hub.go_on:
            sent = len(body) // 2
            self.wfile.write(body[:sent])
            self.wfile.flush()
            hub.go_on.wait(60)
        self.wfile.write(body[sent : hub.cuts.pop(0) if hub.cuts else None])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serving(Hub()) as server:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server


@pytest.fixture(autouse=True)
def nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "toy.gguf"


def assert_done(target: Path) -> None:
    assert target.read_bytes() == DATA
    assert not list(target.parent.glob("*.part*"))


class Stop(Exception):
    """The user pressed Ctrl-C."""


def stop_at(bytes_done: int) -> Callable[[int, int, str], None]:
    def progress(done: int, total: int, source: str) -> None:
        if done >= bytes_done:
            raise Stop

    return progress


def test_the_hub_gives_the_file_in_one_go(hub: Hub, target: Path) -> None:
    told = Told()
    assert download(TOY, target, told) == target
    assert_done(target)
    assert hub.asked == [("/org/toy/resolve/main/toy.gguf", None)]
    assert told == sorted(told) and told[-1] == (len(DATA), len(DATA), "model hub")


def test_a_stopped_download_resumes_at_the_byte(hub: Hub, target: Path) -> None:
    with pytest.raises(Stop):
        download(TOY, target, stop_at(300_000))
    there = (target.parent / "toy.gguf.partial").stat().st_size
    assert 300_000 <= there < len(DATA) and not target.exists()
    download(TOY, target)
    assert_done(target)
    assert [span for _, span in hub.asked] == [None, f"bytes={there}-"]


def test_a_connection_that_breaks_off_is_taken_up_again(hub: Hub, target: Path) -> None:
    hub.cuts = [100_000, 250_000]
    download(TOY, target)
    assert_done(target)
    assert [span for _, span in hub.asked] == [None, "bytes=100000-", "bytes=350000-"]


def test_a_hub_without_ranges_begins_again(hub: Hub, target: Path) -> None:
    hub.ranges, hub.cuts = False, [100_000]
    download(TOY, target)
    assert_done(target)


def test_a_hub_that_keeps_breaking_off_is_given_up(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    monkeypatch.setattr(weights_hub.time, "sleep", lambda seconds: naps.append(seconds))
    hub.cuts = [100_000, 0, 0, 0, 0, 0]
    with pytest.raises(Unavailable, match="model hub: the connection broke off"):
        download(TOY, target)
    assert len(hub.asked) == 6 and [nap for nap in naps if nap] == [1, 2, 4, 8]
    download(TOY, target)
    assert_done(target)
    assert hub.asked[-1][1] == "bytes=100000-", "what was there is kept"


@pytest.mark.parametrize("data", [DATA[:-1] + bytes([DATA[-1] ^ 1]), DATA + b"more"])
def test_wrong_bytes_are_deleted_and_named_in_one_line(hub: Hub, target: Path, data: bytes) -> None:
    hub.data, hub.hides_size = data, True
    with pytest.raises(
        ChecksumMismatch, match="what came from the model hub for toy.gguf .* was deleted"
    ) as error:
        download(TOY, target)
    assert "\n" not in str(error.value)
    assert {path.name for path in target.parent.iterdir()} <= {"toy.gguf.lock"}


def test_a_hub_with_another_file_is_known_by_its_size(hub: Hub, target: Path) -> None:
    hub.data = DATA + b"more"
    with pytest.raises(
        Unavailable, match="model hub: has another file .600004 bytes, expected 600000"
    ):
        download(TOY, target)
    assert not (target.parent / "toy.gguf.partial").exists()


def test_a_token_is_sent_only_when_the_environment_has_one(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    download(TOY, target)
    target.unlink()
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    download(TOY, target)
    assert hub.tokens == [None, "Bearer hf_x"]


def test_a_name_server_that_hangs_does_not_hold_the_download_up(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights_hub, "DECISION_SECONDS", 0.3)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *question, **options: over.wait(60) and [])
    begun = time.monotonic()
    try:
        with pytest.raises(Unavailable, match="no answer in"):
            download(TOY, target)
        assert time.monotonic() - begun < 50
    finally:
        over.set()


def test_offline_mode_asks_the_hub_nothing(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Unavailable, match="switched off by HF_HUB_OFFLINE"):
        download(TOY, target)
    assert hub.asked == []


def test_a_file_that_is_whole_but_not_yet_named_needs_no_source(hub: Hub, target: Path) -> None:
    with pytest.raises(Stop):
        download(TOY, target, stop_at(len(DATA)))
    assert not target.exists()
    hub.asked.clear()
    download(TOY, target)
    assert_done(target)
    assert hub.asked == []


def test_a_partial_of_other_weights_is_not_taken_up(hub: Hub, target: Path) -> None:
    with pytest.raises(Stop):
        download(replace(TOY, sha256="0" * 64), target, stop_at(300_000))
    download(TOY, target)
    assert_done(target)
    assert [span for _, span in hub.asked] == [None, None]


def test_no_source_is_one_line_that_says_where_the_file_can_be_put(target: Path) -> None:
    with pytest.raises(Unavailable) as error:
        download(TOY, target)
    line = str(error.value)
    assert "\n" not in line and f"put the file at {target} (sha256 {TOY.sha256})" in line
    assert "model hub: cannot be reached" in line and "package index: has no copy" in line


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_the_download_resumes_later(hub: Hub, target: Path) -> None:
    limited = in_process(
        TOY, target, before="resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    )
    said = limited.communicate(timeout=60)[1].strip()
    assert limited.returncode == 1 and "\n" not in said
    assert said.startswith("the disk is full at") and "COPE_CACHE" in said
    assert (target.parent / "toy.gguf.partial").stat().st_size == 300_000
    download(TOY, target)
    assert_done(target)


def test_a_disk_without_room_is_said_before_the_download(
    hub: Hub, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        weights_download.shutil,
        "disk_usage",
        lambda place: shutil._ntuple_diskusage(10**6, 10**6 - 9, 9),
    )
    with pytest.raises(CopeError, match="the disk is full .* takes 600.0 kB"):
        download(TOY, target)
    assert hub.asked == []


def test_a_cache_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CopeError, match="cannot write to .*file/cache .*COPE_CACHE"):
        download(TOY, tmp_path / "file" / "cache" / "toy.gguf")


@pytest.mark.slow
def test_two_processes_bring_the_file_once(hub: Hub, target: Path) -> None:
    """The hub sends the second half when the second process says that it waits for the first."""
    hub.go_on = go_on = threading.Event()
    said = {"progress": "print(source, flush=True)", "stdout": subprocess.PIPE}
    both = [in_process(TOY, target, **said) for _ in range(2)]

    def listen(process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            if line == "another process\n":
                go_on.set()

    for process in both:
        threading.Thread(target=listen, args=(process,), daemon=True).start()
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert [process.stderr.read() for process in both if process.stderr] == ["", ""]
    assert go_on.is_set()
    assert_done(target)
    assert len(hub.asked) == 1

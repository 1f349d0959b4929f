"""Download weights from the model hub, resuming at the byte where the connection broke off."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from typing import TYPE_CHECKING

from ...util.certificates import trusted_certificates
from ...util.environment import read_variable
from ..hosts import is_loopback
from .catalog import Weights
from .partial import PartialDownload, SourceFailed
from .verify import Progress

if TYPE_CHECKING:
    import httpx

SOURCE = "model hub"
DECISION_SECONDS = 5.0
"""The time for the answer's headers, including the look-up of the host and redirects."""

READ_SECONDS = 30.0
"""The time without data after which a connection counts as broken."""

_REDIRECTS = 5

ATTEMPTS = 5
"""The maximum of successive attempts without a new byte."""


def from_hub(weights: Weights, partial: PartialDownload, progress: Progress) -> None:
    """Download the rest of the file from the model hub.

    Obeys `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE`.

    Raises:
        SourceFailed: when the hub lacks the file, does not answer in `DECISION_SECONDS`, or
            repeatedly breaks the connection.
        ChecksumMismatch: when the hub sends more bytes than the file has.
        OSError: when the disk is full or cannot be written to.
    """
    import httpx

    url = hub_url(weights)
    failures = 0
    before = have = partial.size()
    while have < weights.size:
        reason = "the connection broke off"
        try:
            _stream(url, have, weights, partial, progress)
        except httpx.HTTPError as error:
            reason = f"{reason} ({type(error).__name__})"
        except SourceFailed as error:
            reason = str(error)
        failures = 0 if partial.size() > have else failures + 1
        have = partial.size()
        # Without a first byte from the hub it is not worth waiting.
        if failures == ATTEMPTS or have == before:
            raise SourceFailed(reason)
        if failures:
            time.sleep(2.0 ** (failures - 1))
    partial.start(weights.size, progress)


def hub_url(weights: Weights) -> str:
    """Return the address of a file on the hub.

    Raises:
        SourceFailed: when the hub has no copy, or is switched off.
    """
    if not weights.repo:
        raise SourceFailed("has no copy of this file")
    from huggingface_hub import constants, hf_hub_url

    if constants.is_offline_mode():
        raise SourceFailed("switched off by HF_HUB_OFFLINE")
    endpoint = read_variable("HF_ENDPOINT").rstrip("/") or None
    return hf_hub_url(weights.repo, weights.file, revision=weights.revision, endpoint=endpoint)


def _stream(
    url: str, have: int, weights: Weights, partial: PartialDownload, progress: Progress
) -> None:
    """Write the bytes of one connection."""
    with closing(_open_response(url, have)) as response:
        offset = _resume_offset(response, have, weights)
        partial.start(offset, progress)
        for block in response.iter_raw():
            partial.write(block, SOURCE)
            progress(partial.position, weights.size, SOURCE)


def file_headers(weights: Weights) -> "httpx.Headers":
    """Return the headers in which the hub names a file's size, SHA-256 and commit.

    They are on the answer that redirects to another host, which is not followed.

    Raises:
        SourceFailed: when the hub lacks the file or does not answer in `DECISION_SECONDS`.
    """
    import httpx

    def ask() -> httpx.Response:
        url = httpx.URL(hub_url(weights))
        trusts = not is_loopback(str(url))
        timeout, verify = DECISION_SECONDS, trusted_certificates()
        with httpx.Client(timeout=timeout, trust_env=trusts, verify=verify) as client:
            for _ in range(_REDIRECTS):
                answer = client.head(url, headers=_headers())
                target = url.join(answer.headers.get("location", ""))
                if not answer.is_redirect or target.host != url.host:
                    return answer
                url = target
        raise SourceFailed("redirects without end")

    answer = _within_decision_time(ask)
    if answer.is_error:
        raise SourceFailed(f"answers {answer.status_code} {answer.reason_phrase}".strip())
    return answer.headers


def _headers() -> dict[str, str]:
    # The hub library's own headers would need one or two more requests (telemetry, renewal of a
    # token).
    headers = {"user-agent": "cope", "accept-encoding": "identity"}
    token = read_variable("HF_TOKEN")
    if token:
        headers["authorization"] = f"Bearer {token}"
    return headers


def _open_response(url: str, have: int) -> "httpx.Response":
    """Return the response as soon as its headers have arrived."""
    import httpx

    headers = _headers()
    if have:
        headers["range"] = f"bytes={have}-"

    def ask() -> httpx.Response:
        timeout = httpx.Timeout(READ_SECONDS, connect=DECISION_SECONDS)
        trusts = not is_loopback(url)  # a proxy cannot reach this machine
        client = httpx.Client(
            follow_redirects=True, timeout=timeout, trust_env=trusts, verify=trusted_certificates()
        )
        return client.send(client.build_request("GET", url, headers=headers), stream=True)

    return _within_decision_time(ask)


def _within_decision_time(ask: "Callable[[], httpx.Response]") -> "httpx.Response":
    """Return the answer to a request, or fail after `DECISION_SECONDS`.

    The look-up of a host's name can hang longer than any timeout of the web client, so a thread
    waits for it.
    """
    import httpx

    future: Future[httpx.Response] = Future()

    def run() -> None:
        try:
            future.set_result(ask())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="cope-hub", daemon=True).start()
    try:
        return future.result(timeout=DECISION_SECONDS)
    except TimeoutError:
        future.add_done_callback(_close)
        raise SourceFailed(f"no answer in {DECISION_SECONDS:.0f} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise SourceFailed(f"cannot be reached ({str(error) or type(error).__name__})") from error


def _close(future: "Future[httpx.Response]") -> None:
    """Close a response that arrived too late."""
    if future.exception() is None:
        future.result().close()


def _resume_offset(response: "httpx.Response", have: int, weights: Weights) -> int:
    """Return the offset of the response's bytes in the file; reject a response for another file."""
    if response.status_code not in (200, 206):
        raise SourceFailed(f"answers {response.status_code} {response.reason_phrase}".strip())
    if response.status_code == 206:
        content_range = response.headers.get("content-range", "").removeprefix("bytes ")
        span, _, total = content_range.partition("/")
        offset = span.partition("-")[0]
    else:
        offset, total = "0", response.headers.get("content-length", "")
    if total.isdecimal() and int(total) != weights.size:
        raise SourceFailed(f"has another file ({total} bytes, expected {weights.size})")
    if not offset.isdecimal() or int(offset) > have:
        raise SourceFailed("answers with another part of the file")
    return int(offset)

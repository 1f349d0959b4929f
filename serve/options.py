"""The settings of a server."""

from dataclasses import dataclass

from ..programs.domains.registry import DEFAULT_DOMAIN

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8321


@dataclass(frozen=True)
class ServeOptions:
    """Settings of a server that do not change the answers.

    Attributes:
        domain: the kind of questions that are asked.
        host: the address to which the server binds.
        port: the port.
        at_once: requests that are answered at once; None for what keeps the first tier busy.
        queue: requests that may wait for their turn; a further one is refused with status 429.
        origins: web origins whose pages may call the server; none by default.
        max_body: bytes that a request may have.
        max_prompt: characters that the conversation of a request may have.
        patience: seconds that a client may take to send a request.
        request_timeout: seconds that one request may take.
        keep_alive: seconds without an event after which a stream sends a comment, because proxies
            close streams that are silent.
        grace: seconds that running requests have to finish when the server stops.
        log_prompts: whether the log of requests holds the questions.
        workers: processes that answer. In each of them the limits are its share of the whole.
    """

    domain: str = DEFAULT_DOMAIN
    host: str = LOOPBACK
    port: int = DEFAULT_PORT
    at_once: int | None = None
    queue: int = 64
    origins: tuple[str, ...] = ()
    max_body: int = 1_000_000
    max_prompt: int = 200_000
    patience: float = 30.0
    request_timeout: float = 600.0
    keep_alive: float = 10.0
    grace: float = 30.0
    log_prompts: bool = False
    workers: int = 1

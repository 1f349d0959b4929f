"""Run a server until it is interrupted."""

import asyncio
import socket

import uvicorn

from ..errors import CopeError
from ..programs.resolve import Notify
from .access import Access
from .app import make_app
from .options import ServeOptions
from .service import Service


class _Server(uvicorn.Server):
    """A server that refuses new requests while it finishes those that run."""

    def handle_exit(self, sig: int, frame: object) -> None:
        app = self.config.app
        app.state.places.stopping = True  # type: ignore[union-attr]
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def run_server(
    service: Service, options: ServeOptions, access: Access | None, notify: Notify
) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish running requests, and cancel what takes too long.

    Args:
        service: answers the questions.
        options: address and limits.
        access: keys and budget; None lets every request in.
        notify: receives a line with the address.

    Raises:
        CopeError: when the address cannot be used.
    """
    listener = _listen(options.host, options.port)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        make_app(service, options, access),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=round(options.grace),
        server_header=False,
        h11_max_incomplete_event_size=64_000,
    )
    notify(f"serving {', '.join(service.model_names[:3])} ... at http://{host}:{port}/v1")
    asyncio.run(_Server(config).serve([listener]))


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CopeError(f"cannot serve at {host}:{port}: {error.strerror or error}") from None
    return listener

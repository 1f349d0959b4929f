"""The sockets on which a server listens."""

import socket
import sys

from ..errors import CopeError

_IS_BALANCED = sys.platform == "linux"
"""Whether connections are spread over sockets with one address; elsewhere the latest takes all."""


def listen(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    """Return a socket that is bound to an address; port 0 takes a free one.

    Args:
        host: the address.
        port: the port.
        shares_port: whether other sockets may have the same address.

    Raises:
        CopeError: when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Where the protocol is not named, asyncio leaves small writes to wait for the client (40 ms).
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise CopeError(f"cannot serve at {host}:{port}: {error.strerror or error}") from None
    return listener


def listen_for_workers(host: str, port: int, count: int) -> list[socket.socket]:
    """Return a socket with the same address for each of several processes.

    Linux spreads the connections over them. Where the system does not, it is one socket, and the
    processes take connections from it in turn.

    Raises:
        CopeError: when the address cannot be used.
    """
    if not _IS_BALANCED:
        return [listen(host, port)] * count
    if port:
        # Sockets that share a port may join those of another server: this one says that it runs.
        listen(host, port).close()
    listeners = [listen(host, port, shares_port=True)]
    while len(listeners) < count:
        bound = listeners[0].getsockname()[1]
        listeners.append(listen(host, bound, shares_port=True))
    return listeners

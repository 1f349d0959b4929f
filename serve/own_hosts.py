"""Refuse pages that call the server under a name of their own (DNS rebinding).

A page of another site can make its own host name point at this machine, and then call the server as
its own, without CORS. The header `Host` still has the page's name. Where every request needs a key
such a page is refused anyway, and the names under which others reach the server are not known.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import ApiError
from .options import ServeOptions

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def own_names(options: ServeOptions) -> list[str]:
    """Return the names of a server that only this machine reaches, and of the origins it serves.

    >>> own_names(ServeOptions(origins=("https://chat.example",)))
    ['127.0.0.1', 'localhost', '[::1]', 'chat.example']
    """
    names = [*LOCAL_NAMES]
    bound = f"[{options.host}]" if ":" in options.host else options.host
    if bound not in names:
        names.append(bound)
    return [*names, *(urlsplit(origin).netloc for origin in options.origins)]


class OwnHosts:
    """Refuses requests to a name that is not the server's, with status 421.

    Args:
        app: the application.
        names: the server's, without ports.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, set(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = Headers(scope=scope).get("host", "")
            if host not in self._names and _without_port(host) not in self._names:
                text = "the server has another name: without keys it answers this machine only"
                raise ApiError(421, f"{text}; --origin URL allows more", code="misdirected")
        await self._app(scope, receive, send)


def _without_port(host: str) -> str:
    """Return a host without its port.

    >>> _without_port("localhost:8321"), _without_port("[::1]:8321"), _without_port("[::1]")
    ('localhost', '[::1]', '[::1]')
    """
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host

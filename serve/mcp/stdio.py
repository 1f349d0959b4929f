"""The tools over stdin and stdout, for an assistant that starts `cope mcp`."""

from importlib.metadata import version

from ...errors import CopeError
from ..access import Access
from ..admission import Admission
from ..options import ServeOptions
from ..places import Places
from ..service import Service
from ..usage import LastTierCost
from .asker import Asker
from .endpoint import is_available


def check_package() -> None:
    """Raise `CopeError` when the package `mcp` is not installed."""
    if not is_available():
        raise CopeError("cope mcp needs the package mcp: pip install 'cope-dspy[mcp]'")


def run_stdio(service: Service, options: ServeOptions, access: Access) -> None:
    """Answer the client at the other end of stdin and stdout, until it closes them.

    While it runs, what libraries print on stdout goes to stderr.

    Args:
        service: answers the questions.
        options: limits of the server.
        access: the budget.
    """
    from .tools import make_mcp_server

    places = Places(options.at_once or service.program.concurrency(), options.queue)
    asker = Asker(service, options, Admission(access, places), LastTierCost())
    make_mcp_server(asker, version("cope-dspy")).run("stdio")

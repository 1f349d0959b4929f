"""Serve a cascade: one service, and an OpenAI-compatible interface to it.

The service turns a request into a stream of events of the cascade. Renderers write these events in
the formats of the interfaces. Nothing here imports the command line.
"""

from .access import Access, open_access
from .app import make_app
from .options import ServeOptions
from .record import RecordOptions, TrafficRecorder
from .run import run_server
from .service import Service
from .setup import ServerSetup
from .start import run_setup
from .tracing import traced_service

__all__ = [
    "Access",
    "RecordOptions",
    "ServeOptions",
    "ServerSetup",
    "Service",
    "TrafficRecorder",
    "make_app",
    "open_access",
    "run_server",
    "run_setup",
    "traced_service",
]

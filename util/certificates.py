"""The certificates that web clients trust, which are read once."""

import ssl
from functools import cache


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Return the trusted certificates for a client of httpx, whose other parts take less time."""
    import httpx

    return httpx.create_ssl_context()

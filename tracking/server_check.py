"""The check of `cope doctor` of a tracking server."""

import re

from ..models.hosts import is_loopback
from ..util.check import Check


def check_server_store(uri: str, timeout: float) -> Check:
    """Check that a tracking server answers.

    Args:
        uri: the address of the store, which is no file.
        timeout: seconds for the request.
    """
    import httpx

    name = "tracking store"
    public = re.sub(r"//[^/@]*@", "//", uri)  # without a user's name and password
    if not uri.startswith(("http://", "https://")):
        return Check(name, "ok", f"{public} (not looked into)")
    url = f"{uri.rstrip('/')}/health"
    try:
        httpx.get(url, timeout=timeout, trust_env=not is_loopback(uri)).raise_for_status()
    except httpx.HTTPStatusError as error:
        reason = f"status {error.response.status_code}"
    except httpx.HTTPError:
        reason = "no connection"
    else:
        return Check(name, "ok", f"{public} answers")
    found = f"{public} does not answer ({reason})"
    return Check(name, "note", found, "start that server, or unset MLFLOW_TRACKING_URI")

"""Check that the store of runs can be written or reached."""

import re
import tempfile

from ..errors import CopeError
from ..models.hosts import is_loopback
from ..util.check import CHECK_SECONDS, Check
from ..util.redact import redact_error
from .address import check_address, store_file
from .store import store_uri


def check_tracking_store() -> Check:
    """Check that the store of runs can be written or reached."""
    uri, name = store_uri(), "tracking store"
    try:
        check_address(uri)
    except CopeError as error:
        return Check(name, "note", redact_error(str(error)), "set another MLFLOW_TRACKING_URI")
    file = store_file(uri)
    if file is None:
        return check_server_store(uri, CHECK_SECONDS / 2)
    path = file.resolve()
    try:
        if not path.exists():
            with tempfile.TemporaryFile(dir=path.parent):
                found = f"{uri}, made by the first `cope eval` in {path.parent}"
                return Check(name, "ok", found)
        with path.open("r+b"):
            pass
    except OSError as error:
        advice = "make it writable, set MLFLOW_TRACKING_URI, or use `cope eval --no-track`"
        return Check(name, "note", f"{path} cannot be written ({error.strerror})", advice)
    return Check(name, "ok", f"{uri}, writable", "")


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

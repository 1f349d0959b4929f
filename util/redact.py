"""Remove known secrets from texts and data before they are written or shown.

Known are the values of environment variables with the names of keys, tokens and passwords, and
passwords in addresses, see `register_secret`.
"""

import base64
import json
import os
import re
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from ..errors import CopeError

_SECRET_NAME = re.compile(
    r"(KEY|SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIALS?)$|^(HTTPS?|ALL)_PROXY$|_URI$|_URL$", re.I
)
_MIN_CHARS = 8
_MIN_PASSWORD_CHARS = 4
_MIN_KEY_CHARS = 12  # of a secret that is no everyday word
_IN_ADDRESS = re.compile(r"(\w+://[^/\s:@'\"]*):[^/\s@'\"]+@")
_IN_HEADER = re.compile(
    r"(authorization\\?[\"']?\s*[:=]\s*\\?[\"']?\s*(?:bearer|basic)?\s*)[^\s\"'\\,;}]+", re.I
)

_registered: dict[str, str] = {}
Secrets = tuple[tuple[str, str], ...]
"""The known secrets, each with the text in its place."""


def register_secret(value: str, name: str) -> None:
    """Remove a value from all texts from now on; its place shows `[name]`."""
    if len(value.strip()) >= _MIN_PASSWORD_CHARS:
        _registered[value] = f"[{name}]"


def register_address(address: str) -> None:
    """Remove the password in an address, such as `http://user:password@host`, from all texts."""
    for secret in _address_secrets(address):
        register_secret(secret, "password")


def read_key(name: str) -> str | None:
    """Return a key from the environment; None when it is not set or empty.

    Raises:
        CopeError: for a key with control characters, which no HTTP header can hold.
    """
    value = os.environ.get(name)
    if not value:
        return None
    if not value.isprintable():
        raise CopeError(
            f"the key in ${name} has a control character, such as a line break at its end: "
            "set it again without"
        )
    return value


def redact(text: str) -> str:
    """Return a text without known secrets, in plain, stripped, URL-encoded or JSON-escaped form.

    >>> import os
    >>> os.environ["DEMO_API_KEY"] = "sk-0123456789"
    >>> redact("rejected: sk-0123456789")
    'rejected: $DEMO_API_KEY'
    >>> del os.environ["DEMO_API_KEY"]
    """
    return _replace(text, _known_secrets())


def _replace(text: str, secrets: Secrets) -> str:
    if not secrets:
        return text
    pattern, replacements = _pattern(secrets)
    return pattern.sub(lambda match: replacements[match[0]], text)


def redact_error(text: str) -> str:
    """Return an error message without known secrets, and without any password or credentials.

    >>> redact_error("cannot reach http://me:hunter2@host/v1")
    'cannot reach http://me:[password]@host/v1'
    """
    text = _IN_ADDRESS.sub(r"\1:[password]@", redact(text))
    return _IN_HEADER.sub(r"\1[secret]", text)


def redact_data(value: Any) -> Any:
    """Return plain data with every text redacted; the same object when no secret is known."""
    secrets = _known_secrets()
    return _walk(value, secrets) if secrets else value


def _walk(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, str):
        return _replace(value, secrets)
    if isinstance(value, list | tuple):
        return [_walk(item, secrets) for item in value]
    if isinstance(value, dict):
        clean = {}
        for name, item in value.items():
            if isinstance(name, str) and not _is_field(name, secrets):
                name = _replace(name, secrets)
            clean[name] = _walk(item, secrets)
        return clean
    return value


@cache
def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _is_field(name: str, secrets: Secrets) -> bool:
    """Return whether a key is the name of a field. It stays, even when it is a poor secret."""
    if not name.isidentifier():
        return False
    return not any(len(secret) >= _MIN_KEY_CHARS and secret in name for secret, _ in secrets)


def _known_secrets() -> Secrets:
    """Return the known secrets, each with the text in its place.

    Every call of a model asks, so they are found again only when something has changed.
    """
    global _found
    # What `os.environ` decodes at each look; comparing it takes a hundredth of the time.
    environment = getattr(os.environ, "_data", None) or dict(os.environ)
    if _found is None or _found[0] != environment or _found[1] != _registered:
        _found = dict(environment), dict(_registered), _find_secrets()
    return _found[2]


_found: tuple[dict[Any, Any], dict[str, str], Secrets] | None = None


def _find_secrets() -> Secrets:
    found = dict(_registered)
    for name in os.environ:  # names are checked once
        if not _is_secret_name(name):
            continue
        value = os.environ.get(name, "")
        for secret in _address_secrets(value):
            found[secret] = f"${name}"
        if "://" not in value and len(value.strip()) >= _MIN_CHARS and not os.path.isabs(value):
            found[value] = f"${name}"
    return tuple(found.items())


def _address_secrets(address: str) -> list[str]:
    """Return the password in an address, and its form in an `Authorization` header."""
    if "@" not in address or "://" not in address:
        return []
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    if not parts.password or len(parts.password) < _MIN_PASSWORD_CHARS:
        return []
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
    return [parts.password, unquote(parts.password), base64.b64encode(pair.encode()).decode()]


@cache
def _pattern(secrets: Secrets) -> tuple[re.Pattern[str], dict[str, str]]:
    replacements: dict[str, str] = {}
    for secret, replacement in secrets:
        for form in _forms(secret):
            replacements[form] = replacement
    longest_first = sorted(replacements, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))), replacements


def _forms(secret: str) -> set[str]:
    plain = {secret, secret.strip()}
    forms = set(plain)
    for text in plain:
        forms |= {quote(text, safe=""), quote(text), quote_plus(text)}
        forms |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return {form for form in forms if form}

"""Who calls the server: the key of a request, the host and the page that a browser says it is for."""

from __future__ import annotations

import contextlib
import ipaddress
import re

from fastapi import HTTPException
from starlette.requests import HTTPConnection

from pipeline.doors.messages import authorization
from pipeline.web.keys import ApiKey, KeyRing, Scope

HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
"""A Host header: a name or an address, and a port (RFC 9110, section 7.2)."""


def check_caller(connection: HTTPConnection, keys: KeyRing) -> None:
    """Raises 403 for what only a page of another site sends."""
    if not len(keys) and not _is_for_this_machine(connection):
        # A name that a page's owner let point here would make that page one of ours (DNS rebinding).
        raise HTTPException(403, "without keys the server answers to localhost and its addresses alone")
    if not _same_origin(connection):
        raise HTTPException(403, "pages of other origins may not connect")


def key_of(connection: HTTPConnection, keys: KeyRing, scope: Scope) -> ApiKey:
    """The caller's key. Raises 401, and what `check_caller` raises."""
    check_caller(connection, keys)
    scheme, token = authorization(connection.headers)
    key = keys.find(token if scheme == "bearer" else None, scope)
    if key is None:
        detail = f"this needs the header 'Authorization: Bearer KEY' with a key that may {scope}"
        raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
    return key


def _is_for_this_machine(connection: HTTPConnection) -> bool:
    host = HOST.fullmatch(connection.headers.get("host", ""))
    return host is not None and is_loopback(host["six"] or host["name"])


def _same_origin(connection: HTTPConnection) -> bool:
    """Browsers name the page that connects; other clients name none."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host", "")


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine, seen from itself."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower() == "localhost"

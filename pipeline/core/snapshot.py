"""A session's state as versioned bytes.

JSON with a tag on every dataclass and tuple, so that what comes back is equal to what went in. Only the
classes of the table are ever built: bytes from elsewhere cannot name others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

VERSION = 2

Classes = Mapping[str, type[Any]]


class SnapshotError(ValueError):
    """Bytes that are no snapshot of this version."""


def dump(state: object) -> bytes:
    """State, made of dataclasses, lists, tuples, and JSON's scalars, as bytes."""
    return json.dumps({"version": VERSION, "state": _encode(state)}, separators=(",", ":")).encode()


def load(data: bytes, classes: Classes) -> Any:
    """The state that `dump` was given. Raises `SnapshotError`."""
    try:
        document = json.loads(data)
        if document["version"] != VERSION:
            raise SnapshotError(f"snapshot version {document['version']}, expected {VERSION}")
        return _decode(document["state"], classes)
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SnapshotError(f"not a snapshot of version {VERSION}: {type(error).__name__}") from error


def _encode(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        members = {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
        return {"class": type(value).__name__, "fields": members}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item) for item in value]}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    return value


def _decode(value: Any, classes: Classes) -> Any:
    if isinstance(value, list):
        return [_decode(item, classes) for item in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return tuple(_decode(item, classes) for item in value["tuple"])
    members = {name: _decode(item, classes) for name, item in value["fields"].items()}
    return classes[value["class"]](**members)

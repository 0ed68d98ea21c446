"""The site's own fields of a note, out of a small part of JSON Schema.

An object whose properties are each an `enum` of strings, a "string", a "number" (or "integer") or a
"boolean", with a `description` each if need be. What else a schema may say is refused, since nothing would
keep to it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from models.errors import ConfigError
from models.ports import NoteField

MOST_FIELDS = 30
MOST_CHOICES = 200
LONGEST = 400

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
_TOP = frozenset(
    {"$schema", "$id", "title", "description", "type", "properties", "required", "additionalProperties"}
)
_INSIDE = frozenset({"type", "enum", "title", "description"})
_KINDS: dict[str, Any] = {"string": "text", "number": "number", "integer": "number", "boolean": "boolean"}


def read_fields(path: Path | None) -> tuple[NoteField, ...]:
    """The fields in a file, in its order; none without a file. Raises `ConfigError` in one line."""
    if path is None:
        return ()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the fields cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise ConfigError(f"{path}: expected a JSON Schema in UTF-8") from error
    return _fields(found, str(path))


def _fields(found: Any, source: str) -> tuple[NoteField, ...]:
    if (
        not isinstance(found, dict)
        or found.get("type") != "object"
        or not isinstance(found.get("properties"), dict)
    ):
        raise ConfigError(f'{source}: expected {{"type": "object", "properties": {{...}}}}')
    _refuse(set(found) - _TOP, source)
    rows = found["properties"]
    if not 1 <= len(rows) <= MOST_FIELDS:
        raise ConfigError(f"{source}: expected 1 to {MOST_FIELDS} properties, not {len(rows)}")
    return tuple(_field(name, row, f"{source}: properties.{name}") for name, row in rows.items())


def _field(name: str, row: Any, source: str) -> NoteField:
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{source}: expected a name of letters, digits and _, at most 40")
    if not isinstance(row, dict):
        raise ConfigError(f"{source}: expected an object")
    _refuse(set(row) - _INSIDE, source)
    description = row.get("description", "")
    if not isinstance(description, str) or len(description) > LONGEST:
        raise ConfigError(f"{source}: description: expected a text of at most {LONGEST} characters")
    if "enum" in row:
        return NoteField(name, "choice", description, _choices(row, source))
    kind = row.get("type")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ConfigError(f"{source}: type: expected one of {', '.join(_KINDS)}, or an enum of strings")
    return NoteField(name, _KINDS[kind], description)


def _choices(row: dict[str, Any], source: str) -> tuple[str, ...]:
    choices = row["enum"]
    fine = isinstance(choices, list) and all(
        isinstance(each, str) and 0 < len(each) <= LONGEST for each in choices
    )
    if (
        not fine
        or not 1 <= len(set(choices)) == len(choices) <= MOST_CHOICES
        or row.get("type", "string") != "string"
    ):
        raise ConfigError(f"{source}: enum: expected 1 to {MOST_CHOICES} different strings")
    return tuple(choices)


def _refuse(unknown: set[str], source: str) -> None:
    if unknown:
        raise ConfigError(f"{source}: {', '.join(sorted(unknown))}: not among what is understood here")

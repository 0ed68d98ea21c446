"""The JSON Schema of a note, as tight as a grammar can hold a model to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.ports import NoteField
from models.types import SECTIONS

MOST_STATEMENTS = 12
MOST_EVIDENCE = 5
LONGEST = 300
"""Characters of a statement or a value."""


def note_schema(fields: Sequence[NoteField], lines: int | None) -> dict[str, Any]:
    """Of a note that cites lines 1 to `lines`; None for any."""
    number: dict[str, Any] = {"type": "integer"}
    if lines is not None:
        number |= {"minimum": 1, "maximum": lines}
    statement = {
        "section": {"type": "string", "enum": list(SECTIONS)},
        "text": _text(),
        "evidence": {"type": "array", "items": number, "minItems": 1, "maxItems": MOST_EVIDENCE},
    }
    statements = {"type": "array", "items": _object(statement), "maxItems": MOST_STATEMENTS}
    properties: dict[str, Any] = {"statements": statements}
    if fields:
        properties["fields"] = _object({field.name: _field(field) for field in fields})
    return _object(properties)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text() -> dict[str, Any]:
    # A pattern with so many repetitions is more than xgrammar compiles; lengths it does.
    return {"type": "string", "minLength": 1, "maxLength": LONGEST}


def _field(field: NoteField) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "choice": {"type": "string", "enum": list(field.choices)},
        "text": _text(),
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
    }
    told = {"description": field.description} if field.description else {}
    return {"anyOf": [kinds[field.kind], {"type": "null"}]} | told

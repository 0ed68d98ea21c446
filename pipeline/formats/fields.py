"""Pydantic's complaints as one line: which file, which field, what was expected; never what was read."""

from __future__ import annotations

import json
import math
from typing import Any

from pydantic import ValidationError

from models.errors import InputError


def field_path(location: tuple[int | str, ...]) -> str:
    """A path as people write it: `utterances[3].words[0].end_s`."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return path.removeprefix(".") or "document"


def field_error(source: str, error: ValidationError) -> InputError:
    """The first complaint, and how many more there are."""
    complaints = error.errors(include_input=False, include_url=False, include_context=False)
    first = complaints[0]
    more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
    message = first["msg"].removeprefix("Value error, ")
    return InputError(f"{source}: {field_path(first['loc'])}: {message}{more}")


def load_json(text: str, source: str) -> Any:
    """Any JSON value. Raises `InputError` with the line of a syntax error."""
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except json.JSONDecodeError as error:
        raise InputError(f"{source}, line {error.lineno}: expected JSON") from error
    except (RecursionError, ValueError) as error:
        raise InputError(f"{source}: expected JSON with finite numbers and a reasonable depth") from error


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value

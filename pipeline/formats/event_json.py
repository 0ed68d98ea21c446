"""The events of a call as JSON values and back.

An event is an object with its class's name as "type" (`UtteranceFinal` is "utterance_final") and its fields
by name. A field that counts samples on the call's clock, `start_samples`, appears in seconds, `start_s`, at
every depth; the way there and back is exact. Tuples are lists. Readers ignore members that they do not know,
and a member that is missing has the field's default. No class is listed here: the union of events says all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from models.errors import InputError
from models.types import RATE_HZ
from pipeline.core.events import DurableEvent, Event
from pipeline.formats.fields import field_path

SAMPLES = "_samples"
SECONDS = "_s"

FAR_S = 1e9
"""No time of a call is as late as this."""
NO_TIME = "no time"
"""Stands for a number that is no time; no field of samples takes it."""


def type_name(event: type[Any]) -> str:
    """The "type" of an event's class: its name in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


EVENT_TYPES: Mapping[str, Any] = {type_name(event): event for event in get_args(Event)}
"""Every "type" that can be read, and its class."""

_DURABLE = frozenset(type_name(event) for event in get_args(DurableEvent))


def encode_event(event: Event) -> dict[str, Any]:
    """The event as a JSON object."""
    return {"type": type_name(type(event)), **_members(event)}


def decode_event(found: Mapping[str, Any]) -> Event:
    """The event that `encode_event` was given. Raises `InputError`, which never holds what was read."""
    name = found.get("type")
    event = EVENT_TYPES.get(name) if isinstance(name, str) else None
    if event is None:
        raise InputError(f"event: type: expected one of {', '.join(EVENT_TYPES)}")
    try:
        text = json.dumps(_inside(event, found))
        return cast(Event, _adapter(event).validate_json(text, strict=True))
    except ValidationError as error:
        raise _refusal(str(name), error) from error


def decode_durable(found: Mapping[str, Any]) -> DurableEvent:
    """A durable event. Raises `InputError`, also for an event that is not durable."""
    event = decode_event(found)
    if found["type"] not in _DURABLE:
        raise InputError(f"event: type: expected one of {', '.join(sorted(_DURABLE))}")
    return cast(DurableEvent, event)


def _refusal(name: str, error: ValidationError) -> InputError:
    """The first complaint, with the field's outside name."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    location = tuple(_outside(part) if isinstance(part, str) else part for part in first["loc"])
    return InputError(f"event {name}: {field_path(location)}: {first['msg']}")


def _outside(field: str) -> str:
    return field.removesuffix(SAMPLES) + SECONDS if field.endswith(SAMPLES) else field


def _members(value: Any) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {
        _outside(name): member / RATE_HZ if name.endswith(SAMPLES) and member is not None else _plain(member)
        for name, member in found.items()
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _members(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _inside(hint: Any, value: Any) -> Any:
    """JSON as the class of `hint` names it; what does not fit passes unchanged, to be refused by its type."""
    if is_dataclass(hint) and isinstance(value, Mapping):
        hints = _hints(cast(Any, hint))
        known = {name: value[_outside(name)] for name in hints if _outside(name) in value}
        return {name: _member(name, hints[name], member) for name, member in known.items()}
    if isinstance(value, list) and get_origin(hint) is tuple:
        items = [item for item in get_args(hint) if item is not Ellipsis]
        repeated = items * len(value) if len(items) == 1 else items + [Any] * len(value)
        return [_inside(item, member) for item, member in zip(repeated, value, strict=False)]
    if options := [option for option in get_args(hint) if option is not NoneType]:
        return _inside(options[0], value) if len(options) == 1 else value
    return value


def _member(name: str, hint: Any, value: Any) -> Any:
    if not name.endswith(SAMPLES):
        return _inside(hint, value)
    if isinstance(value, int | float):
        good = not isinstance(value, bool) and abs(value) < FAR_S
        return round(value * RATE_HZ) if good else NO_TIME
    return value


@cache
def _hints(event: Any) -> dict[str, Any]:
    return get_type_hints(event)


@cache
def _adapter(event: Any) -> TypeAdapter[Any]:
    return TypeAdapter(event)

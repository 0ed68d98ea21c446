"""Records as bytes and back, for the spool; and the value of a job's result, for its column."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

from models.errors import InputError
from models.types import Claim, Disagreement, MemberNote, Statement, Summary, Transcription, Turn, Usage, Word
from pipeline.core import snapshot
from pipeline.core.events import Failure
from pipeline.formats.event_json import decode_durable, encode_event
from pipeline.store.errors import StoreError
from pipeline.store.records import (
    CallRecord,
    EventRecord,
    JobResultRecord,
    LegRecord,
    Record,
    ResultValue,
    SnapshotRecord,
)

_RECORDS: Mapping[str, Any] = {
    record.__name__: record
    for record in (CallRecord, LegRecord, EventRecord, JobResultRecord, SnapshotRecord)
}
_VALUES: snapshot.Classes = {
    value.__name__: value
    for value in (
        Claim,
        Disagreement,
        Failure,
        MemberNote,
        Statement,
        Summary,
        Transcription,
        Turn,
        Usage,
        Word,
    )
}


def pack_value(value: ResultValue) -> bytes:
    """The value of a job's result as bytes."""
    return snapshot.dump(value)


def unpack_value(data: bytes) -> ResultValue:
    """The value that `pack_value` was given. Raises `StoreError`."""
    try:
        return cast(ResultValue, snapshot.load(data, _VALUES))
    except snapshot.SnapshotError as error:
        raise StoreError(f"a stored result cannot be read: {error}") from error


def pack(record: Record) -> bytes:
    """A record as bytes."""
    members = {field.name: _plain(getattr(record, field.name)) for field in fields(record)}
    if isinstance(record, EventRecord):
        members["event"] = encode_event(record.event)
    elif isinstance(record, JobResultRecord):
        members["value"] = pack_value(record.value).decode()
    return json.dumps([type(record).__name__, members], separators=(",", ":")).encode()


def unpack(data: bytes) -> Record:
    """The record that `pack` was given. Raises `StoreError`."""
    try:
        name, members = json.loads(data)
        if name not in _RECORDS:
            raise StoreError(f"a waiting record is of a kind that this version does not know: {name}")
        return cast(Record, _RECORDS[name](**{key: _member(key, value) for key, value in members.items()}))
    except InputError as error:
        raise StoreError(f"a waiting event cannot be read: {error}") from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StoreError(f"a waiting record cannot be read: {type(error).__name__}") from error


def call_of(data: bytes) -> str:
    """The call of a packed record. Raises `StoreError`."""
    try:
        return str(json.loads(data)[1]["call_id"])
    except (LookupError, TypeError, ValueError) as error:
        raise StoreError(f"a waiting record cannot be read: {type(error).__name__}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _member(name: str, value: Any) -> Any:
    match name:
        case "opened_at" | "at":
            return datetime.fromisoformat(value)
        case "roles":
            return tuple(value)
        case "event":
            return decode_durable(value)
        case "value":
            return unpack_value(value.encode())
        case "data":
            return b64decode(value)
    return value

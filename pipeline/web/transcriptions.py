"""`POST /v1/audio/transcriptions`: a recording as OpenAI's clients send it, read and answered in one request.

The engines are those of the live calls, which come first. Nothing of the recording or its text is stored: the
file lies in the system's folder for temporary files until it has been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message, Receive

from models.errors import InputError, WrapupError
from pipeline.app import Stopped
from pipeline.doors.openai_session import Fault, check_language
from pipeline.formats import openai_json, srt, vtt
from pipeline.formats.call_json import CallDocument, segments_of
from pipeline.service import Service
from pipeline.web.callers import key_of
from pipeline.web.keys import KeyRing

MAX_UPLOAD_BYTES = 25 * 1024 * 1024
"""What the vendor takes, and what its clients know."""

FORM_BYTES = 8 * 1024 * 1024
"""What a request may hold beside its file: clients may send samples of the speakers' voices."""

FIELD_BYTES = 2 * 1024 * 1024
MOST_FIELDS = 100
RETRY_S = 5
COPY_BYTES = 1024 * 1024

GRANULARITIES = ("word", "segment")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a recording is to be answered. `known`: names of its speakers, by first heard."""

    format: str
    granularities: tuple[str, ...]
    known: tuple[str, ...]
    stream: bool


class _Wrong(Exception):
    """A request that is not answered with text: status, and the vendor's body."""

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        type_ = "invalid_request_error" if status < 500 and status != 429 else "server_error"
        self.body = {"error": {"message": message, "type": type_, "param": param, "code": code}}
        self.headers: dict[str, str] = {}


class Transcriptions:
    """The route of one service."""

    def __init__(self, service: Service, keys: KeyRing) -> None:
        self._service = service
        self._keys = keys

    async def post(self, request: Request) -> Response:
        """Read the recording of a request; errors have the vendor's shape."""
        try:
            self._let_in(request)
            async with _form(request) as form:
                asked = _asked(form)
                document = await self._read(_file(form))
            return _answer(document, asked)
        except _Wrong as wrong:
            return JSONResponse(wrong.body, wrong.status, wrong.headers)

    def _let_in(self, request: Request) -> None:
        try:
            key_of(request, self._keys, "send")
        except HTTPException as error:
            wrong = _Wrong(error.status_code, error.detail, code="invalid_api_key")
            wrong.headers = dict(error.headers or {})
            raise wrong from error
        refusal = self._service.switchboard.refusal()
        if refusal is not None:
            raise _busy(refusal.reason, refusal.retry_s)

    async def _read(self, upload: UploadFile) -> CallDocument:
        path = await asyncio.to_thread(_kept, upload)
        reading = self._service.transcribe(path, str(uuid4()))
        if reading is None:
            path.unlink()
            raise _busy("many recordings wait to be read", RETRY_S)
        # Whoever gives up the request, the file goes when nobody reads it any more.
        reading.add_done_callback(lambda _: path.unlink())
        try:
            return await asyncio.wrap_future(reading)
        except InputError as error:
            raise _Wrong(400, f"file: {str(error).removeprefix(f'{path}: ')}", "file") from error
        except (Stopped, CancelledError) as error:
            raise _Wrong(503, "the server is going down") from error
        except WrapupError as error:
            raise _Wrong(500, "the engines cannot read recordings now") from error


def _busy(reason: str, retry_s: int) -> _Wrong:
    wrong = _Wrong(429, reason, code="rate_limit_exceeded")
    wrong.headers = {"Retry-After": str(retry_s)}
    return wrong


def _kept(upload: UploadFile) -> Path:
    """The file, for the decoder, which wants a path."""
    with tempfile.NamedTemporaryFile(prefix="wrapup-", delete=False) as file:
        while block := upload.file.read(COPY_BYTES):
            file.write(block)
    return Path(file.name)


@contextlib.asynccontextmanager
async def _form(request: Request) -> Any:
    limited = Request(request.scope, _limited(request.receive))
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise _Wrong(400, "expected multipart/form-data with a field 'file'")
    try:
        form = await limited.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES)
    except (MultiPartException, StarletteHTTPException) as error:
        raise _Wrong(400, "expected multipart/form-data with one file and short fields") from error
    try:
        yield form
    finally:
        await form.close()


def _limited(receive: Receive) -> Receive:
    left = MAX_UPLOAD_BYTES + FORM_BYTES

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large()
        return message

    return counted


def _too_large() -> _Wrong:
    return _Wrong(413, f"file: expected up to {MAX_UPLOAD_BYTES} bytes", "file", "file_too_large")


def _file(form: FormData) -> UploadFile:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise _Wrong(400, "file: expected a recording", "file")
    if (upload.size or 0) > MAX_UPLOAD_BYTES:
        raise _too_large()
    return upload


def _asked(form: FormData) -> Asked:
    try:
        check_language(_one(form, "language"), "language")
    except Fault as fault:
        raise _Wrong(400, f"language: {fault.message}", "language", fault.code) from fault
    format_ = _one(form, "response_format") or "json"
    if format_ not in ANSWERS:
        raise _Wrong(400, f"response_format: expected one of {', '.join(ANSWERS)}", "response_format")
    granularities = _all(form, "timestamp_granularities")
    if not set(granularities) <= set(GRANULARITIES):
        expected = f"timestamp_granularities: expected {' or '.join(GRANULARITIES)}"
        raise _Wrong(400, expected, "timestamp_granularities")
    known = _all(form, "known_speaker_names")
    return Asked(format_, granularities, known, (_one(form, "stream") or "").lower() in ("true", "1"))


def _one(form: FormData, name: str) -> str | None:
    value = form.get(name)
    return value if isinstance(value, str) and value else None


def _all(form: FormData, name: str) -> tuple[str, ...]:
    """A list's values; clients write its name with brackets, or without."""
    values = [*form.getlist(name), *form.getlist(f"{name}[]")]
    return tuple(value for value in values if isinstance(value, str) and value)


def _answer(doc: CallDocument, asked: Asked) -> Response:
    if asked.stream:
        known = asked.known if asked.format == "diarized_json" else None
        return StreamingResponse(
            openai_json.stream(doc, known),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )
    return ANSWERS[asked.format](doc, asked)


ANSWERS: Mapping[str, Callable[[CallDocument, Asked], Response]] = MappingProxyType(
    {
        "json": lambda doc, _: JSONResponse(openai_json.plain(doc)),
        "text": lambda doc, _: PlainTextResponse(openai_json.text_of(doc) + "\n"),
        "srt": lambda doc, _: PlainTextResponse(srt.write(segments_of(doc))),
        "vtt": lambda doc, _: PlainTextResponse(vtt.write(segments_of(doc)), media_type="text/vtt"),
        "verbose_json": lambda doc, asked: JSONResponse(openai_json.verbose(doc, asked.granularities)),
        "diarized_json": lambda doc, asked: JSONResponse(openai_json.diarized(doc, asked.known)),
    }
)
"""Format -> the answer."""

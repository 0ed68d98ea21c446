"""`POST /v1/audio/transcriptions`: a recording as OpenAI's clients send it, read and answered in one request.

The engines are those of the live calls, which come first. Nothing of the recording or its text is stored: the
file lies in the system's folder for temporary files without a name, so that it is gone with whoever reads it,
also where the server is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
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
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from models.errors import InputError, WrapupError
from pipeline.call import Stopped
from pipeline.doors.openai_session import Fault, check_language
from pipeline.formats import openai_json, srt, vtt
from pipeline.formats.call_json import CallDocument, segments_of
from pipeline.web.callers import key_of
from pipeline.web.keys import KeyRing
from pipeline.web.served import Served

log = logging.getLogger(__name__)

MAX_UPLOAD_BYTES = 25 * 1024 * 1024
"""What the vendor takes, and what its clients know."""

FORM_BYTES = 8 * 1024 * 1024
"""What a request may hold beside its file: clients may send samples of the speakers' voices."""

FIELD_BYTES = 2 * 1024 * 1024
MOST_FIELDS = 100
RETRY_S = 5
LOOK_S = 1.0
"""How soon a client that went away is noticed."""

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
        type_ = "invalid_request_error" if status < 500 else "server_error"
        self.body = {"error": {"message": message, "type": type_, "param": param, "code": code}}
        self.headers: dict[str, str] = {}

    def response(self) -> Response:
        """The answer."""
        return JSONResponse(self.body, self.status, self.headers)


class Transcriptions:
    """The route of one service."""

    def __init__(self, service: Served, keys: KeyRing) -> None:
        self._service = service
        self._keys = keys

    async def post(self, request: Request) -> Response:
        """Read the recording of a request; errors have the vendor's shape."""
        try:
            self._let_in(request)
            async with _form(request) as form:
                asked = _asked(form)
                document = await self._read(_file(form), request)
            return _answer(document, asked)
        except ClientDisconnect:
            # Nobody reads this.
            return Response(status_code=499)
        except OSError as error:
            log.error("a posted recording cannot be kept: %s", error.strerror or type(error).__name__)
            return _unable("the server cannot keep the recording now").response()
        except _Wrong as wrong:
            return wrong.response()

    def _let_in(self, request: Request) -> None:
        try:
            key_of(request, self._keys, "send")
        except HTTPException as error:
            code = "invalid_api_key" if error.status_code == 401 else None
            wrong = _Wrong(error.status_code, error.detail, code=code)
            wrong.headers = dict(error.headers or {})
            raise wrong from error
        refusal = self._service.switchboard.refusal()
        if refusal is not None:
            raise _unable(refusal.reason, "rate_limit_exceeded", refusal.retry_s)

    async def _read(self, upload: UploadFile, request: Request) -> CallDocument:
        unwanted = threading.Event()
        descriptor = await _kept(upload)
        path = Path(f"/proc/self/fd/{descriptor}")
        reading = self._service.transcribe(path, str(uuid4()), unwanted.is_set)
        if reading is None:
            os.close(descriptor)
            raise _unable("many recordings wait to be read", "rate_limit_exceeded")
        # Whoever gives up the request, the file goes when nobody reads it any more.
        reading.add_done_callback(lambda _: os.close(descriptor))
        try:
            return await _result(reading, request)
        except InputError as error:
            raise _Wrong(400, f"file: {str(error).removeprefix(f'{path}: ')}", "file") from error
        except Stopped as error:
            raise _unable("the server is going down") from error
        except WrapupError as error:
            raise _Wrong(500, "the engines cannot read recordings now") from error
        finally:
            unwanted.set()


def _unable(reason: str, code: str | None = None, retry_s: int = RETRY_S) -> _Wrong:
    wrong = _Wrong(503, reason, code=code)
    wrong.headers = {"Retry-After": str(retry_s)}
    return wrong


async def _result(reading: Future[CallDocument], request: Request) -> CallDocument:
    """What was read. Raises `ClientDisconnect` when nobody waits for it, and what the reading raises."""
    waiting = asyncio.wrap_future(reading)
    try:
        while not (await asyncio.wait({waiting}, timeout=LOOK_S))[0]:
            if await request.is_disconnected():
                raise ClientDisconnect
        if waiting.cancelled():
            raise Stopped
        return waiting.result()
    finally:
        waiting.cancel()


async def _kept(upload: UploadFile) -> int:
    """A descriptor of the file for the decoder, which wants a path; outlasts the form. Raises `OSError`."""
    keeping = asyncio.create_task(asyncio.to_thread(_descriptor, upload))
    try:
        return await asyncio.shield(keeping)
    except asyncio.CancelledError:
        # The thread goes on, and the form must not close the file under it.
        os.close(await keeping)
        raise


def _descriptor(upload: UploadFile) -> int:
    """The form's file, which has no name, is written out."""
    number = upload.file.fileno()
    upload.file.flush()
    return os.dup(number)


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

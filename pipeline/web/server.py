"""The HTTP and WebSocket shell: addresses, keys, health."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.websockets import WebSocketDisconnect

from models.errors import WrapupError
from pipeline.doors.messages import Gate
from pipeline.live.feed import Envelope, FollowerTooSlow, HistoryTooSlow, Hub, HubClosed
from pipeline.store.errors import StoreError
from pipeline.web.bodies import one_line
from pipeline.web.callers import key_of
from pipeline.web.entrances import Entrance
from pipeline.web.gates import gates
from pipeline.web.keys import ApiKey, KeyRing
from pipeline.web.notes import NoteRoutes
from pipeline.web.paths import CallId
from pipeline.web.reviews import ReviewRoutes
from pipeline.web.served import Served
from pipeline.web.sockets import SocketShell
from pipeline.web.transcriptions import Transcriptions

log = logging.getLogger(__name__)

TICK_S = 0.1
SSE_QUIET_S = 15.0
"""A comment goes to a follower who heard nothing for this long, so that proxies keep the connection."""
LAST_WORDS_S = 10.0
"""After the drain, how long ended calls may take for their notes."""
LAST_ID = 2**63 - 1
"""What a database counts to."""


After = Annotated[int, Query(ge=0, le=LAST_ID)]


class Server:
    """The routes of one service."""

    def __init__(self, service: Served, keys: KeyRing) -> None:
        self.service = service
        self._keys = keys
        self._hub: Hub | None = None
        self.app = FastAPI(title="Wrapup", docs_url=None, redoc_url=None, lifespan=self._life)
        self.app.add_api_route("/healthz", self._health, methods=["GET"])
        self.app.add_api_route("/readyz", self._ready, methods=["GET"])
        self.app.add_api_route("/metrics", self._metrics, methods=["GET"])
        self.app.add_api_route("/v1/events", self._sse_all, methods=["GET"])
        self.app.add_api_route("/v1/calls/{call_id}/events", self._sse_one, methods=["GET"])
        self.app.add_api_websocket_route("/v1/events", self._socket_all)
        self.app.add_api_websocket_route("/v1/calls/{call_id}/events", self._socket_one)
        if service.takes_files:
            posted = Transcriptions(service, keys).post
            self.app.add_api_route("/v1/audio/transcriptions", posted, methods=["POST"])
        NoteRoutes(service, keys, self._open_hub).add_to(self.app)
        ReviewRoutes(service, keys, self._open_hub).add_to(self.app)
        self.app.add_exception_handler(RequestValidationError, one_line)
        for gate in gates(service.config):
            self.app.add_api_websocket_route(gate.path, partial(self._enter, gate))

    def _open_hub(self) -> Hub:
        assert self._hub is not None
        return self._hub

    @contextlib.asynccontextmanager
    async def _life(self, _: FastAPI) -> AsyncIterator[None]:
        self._hub = Hub(self.service.archive)
        self.service.publish_to(self._hub.publish)
        restored = await asyncio.to_thread(self.service.restore)
        if restored:
            log.warning("%d calls of a server that died go on", restored)
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            self._hub.close()
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    async def _tick(self) -> None:
        while True:
            self.service.switchboard.tick(time.monotonic())
            await asyncio.sleep(TICK_S)

    async def drain(self, drain_s: float) -> None:
        """Give up files, take no more calls, let those in progress end, then end the rest and who follows."""
        # A recording can be sent again as it is, a call cannot.
        self.service.stop_files()
        board = self.service.switchboard
        board.drain()
        await self._until_empty(drain_s)
        board.end_all("shutdown")
        await self._until_empty(LAST_WORDS_S)
        if self._hub is not None:
            self._hub.close()

    async def _until_empty(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                # One that begins meanwhile is waited for too.
                while len(self.service.switchboard):  # noqa: ASYNC110 - calls are closed by other threads
                    await asyncio.sleep(TICK_S)

    async def _health(self) -> Response:
        return PlainTextResponse("alive\n")

    async def _ready(self) -> Response:
        """Whether a new call would be taken."""
        refusal = self.service.switchboard.refusal()
        if refusal is None:
            return PlainTextResponse("ready\n")
        return _busy(refusal.reason, refusal.retry_s)

    async def _metrics(self, request: Request) -> Response:
        key_of(request, self._keys, "metrics")
        return Response(self.service.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _sse_all(self, request: Request, after: After | None = None) -> Response:
        return await self._sse(request, None, after)

    async def _sse_one(self, request: Request, call_id: CallId, after: After | None = None) -> Response:
        return await self._sse(request, call_id, after)

    async def _sse(self, request: Request, call_id: str | None, after: int | None) -> Response:
        key = key_of(request, self._keys, "read")
        await self._show(key, call_id)
        start = _last_event_id(request) if after is None else after
        return StreamingResponse(
            _as_sse(self._follow(call_id, start, key)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _socket_all(self, socket: WebSocket, after: After = 0) -> None:
        await self._send_feed(socket, None, after)

    async def _socket_one(self, socket: WebSocket, call_id: CallId, after: After = 0) -> None:
        await self._send_feed(socket, call_id, after)

    async def _send_feed(self, socket: WebSocket, call_id: str | None, after: int) -> None:
        key = await self._let_in(socket, call_id)
        if key is None:
            return
        await socket.accept()
        sending = asyncio.create_task(self._send_all(socket, self._follow(call_id, after, key)))
        watching = asyncio.create_task(_until_gone(socket))
        done, rest = await asyncio.wait({sending, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for task in done:
            with contextlib.suppress(WebSocketDisconnect):
                task.result()

    async def _send_all(self, socket: WebSocket, envelopes: AsyncIterator[Envelope]) -> None:
        code, reason = 1000, "the call is closed"
        try:
            async for envelope in envelopes:
                await socket.send_text(envelope.as_json())
        except FollowerTooSlow:
            code, reason = 1013, "too many events wait: connect again after the last id"
        except HubClosed:
            code, reason = 1012, "the server is going down: connect again after the last id"
        except WrapupError:
            code, reason = 1011, "the store cannot be read now: connect again after the last id"
        await socket.close(code, reason)

    def _follow(self, call_id: str | None, after: int, key: ApiKey) -> AsyncIterator[Envelope]:
        assert self._hub is not None
        return self._hub.follow(call_id, after, lambda one: key.covers(one.site))

    async def _enter(self, gate: Gate, socket: WebSocket) -> None:
        assert self._hub is not None
        service, hub = self.service, self._hub
        shell = SocketShell(
            service.switchboard,
            service.metrics,
            service.limits,
            service.config.server.socket_limits(),
            time.monotonic,
            hub.listen,
        )
        await Entrance(gate, shell, self._keys, service.config.doors.public_url).let_in(socket)

    async def _show(self, key: ApiKey, call_id: str | None) -> None:
        """Raises 404 for a call that the key is not for. One that is not there yet may be waited for."""
        if not key.sites or call_id is None:
            return
        assert self._hub is not None
        try:
            hidden = await self._hub.ask(partial(self._is_hidden, key, call_id))
        except (StoreError, HistoryTooSlow, HubClosed) as error:
            raise HTTPException(503, "the store cannot be read now", {"Retry-After": "5"}) from error
        if hidden:
            raise HTTPException(404, "no such call")

    def _is_hidden(self, key: ApiKey, call_id: str) -> bool:
        archive = self.service.archive
        return archive.knows(call_id) and not key.covers(archive.site_of(call_id))

    async def _let_in(self, socket: WebSocket, call_id: str | None) -> ApiKey | None:
        try:
            key = key_of(socket, self._keys, "read")
            await self._show(key, call_id)
            return key
        except HTTPException as error:
            answer = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
            await _deny(socket, answer)
            return None


def _last_event_id(request: Request) -> int:
    """What a browser got last; 0 for what no event has for an id."""
    said = request.headers.get("last-event-id", "")
    number = int(said) if re.fullmatch(r"[0-9]{1,19}", said) else 0
    return number if number <= LAST_ID else 0


def _busy(reason: str, retry_s: int) -> Response:
    return JSONResponse({"detail": reason}, 503, {"Retry-After": str(retry_s)})


async def _deny(socket: WebSocket, answer: Response) -> None:
    await socket.send_denial_response(answer)


async def _until_gone(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _as_sse(envelopes: AsyncIterator[Envelope]) -> AsyncIterator[str]:
    following = aiter(envelopes)
    coming: asyncio.Task[Envelope] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(following))
            done, _ = await asyncio.wait({coming}, timeout=SSE_QUIET_S)
            if not done:
                yield ": still here\n\n"
                continue
            try:
                envelope = coming.result()
            except (StopAsyncIteration, FollowerTooSlow, HubClosed, WrapupError):
                return
            coming = None
            number = "" if envelope.id is None else f"id: {envelope.id}\n"
            yield f"{number}data: {envelope.as_json()}\n\n"
    finally:
        if coming is not None:
            coming.cancel()

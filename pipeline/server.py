"""The HTTP and WebSocket shell: addresses, keys, health, and a stop that lets calls end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import re
import signal
import time
from collections.abc import AsyncIterator, Callable
from types import FrameType
from typing import Annotated

import uvicorn
from fastapi import FastAPI, HTTPException, Path, Request, Response, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocketDisconnect

from models.errors import ConfigError, WrapupError
from pipeline.doors.own import OwnDoor
from pipeline.feed import Envelope, FollowerTooSlow, Hub
from pipeline.gulps import GulpingSocket
from pipeline.keys import ApiKey, KeyRing, Scope
from pipeline.sections import ServerSection
from pipeline.service import Service
from pipeline.sockets import Connection, SocketShell
from pipeline.store.errors import StoreError

log = logging.getLogger(__name__)

TICK_S = 0.1
SSE_QUIET_S = 15.0
"""A comment goes to a follower who heard nothing for this long, so that proxies keep the connection."""
LAST_WORDS_S = 10.0
"""After the drain, how long ended calls may take for their notes."""
CALL_ID = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,149}$"

CallId = Annotated[str, Path(pattern=CALL_ID)]


class Server:
    """The routes of one service."""

    def __init__(self, service: Service, keys: KeyRing) -> None:
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
        self.app.add_api_websocket_route("/v1/calls/{call_id}/audio", self._audio)

    @contextlib.asynccontextmanager
    async def _life(self, _: FastAPI) -> AsyncIterator[None]:
        self._hub = Hub(self.service.journal)
        self.service.journal.publish_to(self._hub.publish)
        restored = await asyncio.to_thread(self.service.restore)
        if restored:
            log.warning("%d calls of a server that died go on", restored)
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticking

    async def _tick(self) -> None:
        while True:
            self.service.switchboard.tick(time.monotonic())
            await asyncio.sleep(TICK_S)

    async def drain(self, drain_s: float) -> None:
        """Take no more calls, let those in progress end, end what is left."""
        board = self.service.switchboard
        board.drain()
        await self._until_empty(drain_s)
        board.end_all("shutdown")
        await self._until_empty(LAST_WORDS_S)

    async def _until_empty(self, seconds: float) -> None:
        calls = [asyncio.wrap_future(call.done) for call in self.service.switchboard.calls()]
        if calls:
            await asyncio.wait(calls, timeout=seconds)

    async def _health(self) -> Response:
        return PlainTextResponse("alive\n")

    async def _ready(self) -> Response:
        """Whether a new call would be taken."""
        refusal = self.service.switchboard.refusal()
        if refusal is None:
            return PlainTextResponse("ready\n")
        return _busy(refusal.reason, refusal.retry_s)

    async def _metrics(self, request: Request) -> Response:
        self._key(request, "metrics")
        return Response(self.service.metrics.page(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def _sse_all(self, request: Request, after: int | None = None) -> Response:
        return self._sse(request, None, after)

    async def _sse_one(self, request: Request, call_id: CallId, after: int | None = None) -> Response:
        return self._sse(request, call_id, after)

    def _sse(self, request: Request, call_id: str | None, after: int | None) -> Response:
        key = self._key(request, "read")
        self._show(key, call_id)
        last = request.headers.get("last-event-id", "")
        start = after if after is not None else int(last) if last.isdigit() else 0
        return StreamingResponse(
            _as_sse(self._follow(call_id, start, key)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _socket_all(self, socket: WebSocket, after: int = 0) -> None:
        await self._send_feed(socket, None, after)

    async def _socket_one(self, socket: WebSocket, call_id: CallId, after: int = 0) -> None:
        await self._send_feed(socket, call_id, after)

    async def _send_feed(self, socket: WebSocket, call_id: str | None, after: int) -> None:
        key = await self._let_in(socket, "read", call_id)
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
        except WrapupError:
            code, reason = 1011, "the store cannot be read now: connect again after the last id"
        await socket.close(code, reason)

    def _follow(self, call_id: str | None, after: int, key: ApiKey) -> AsyncIterator[Envelope]:
        assert self._hub is not None
        site_of = self.service.journal.site_of
        return self._hub.follow(call_id, after, lambda one: not key.sites or key.covers(site_of(one)))

    async def _audio(self, socket: WebSocket, call_id: str) -> None:
        key = await self._let_in(socket, "send")
        if key is None:
            return
        if re.match(CALL_ID, call_id) is None:
            await _deny(socket, JSONResponse({"detail": f"a call id looks like {CALL_ID}"}, 400))
            return
        refusal = self.service.switchboard.refusal(call_id)
        if refusal is not None:
            self.service.switchboard.count_refusal("load")
            await _deny(socket, _busy(refusal.reason, refusal.retry_s))
            return
        await socket.accept()
        shell = SocketShell(
            self.service.switchboard,
            self.service.metrics,
            self.service.limits,
            self.service.config.server.socket_limits(),
            time.monotonic,
        )
        await Connection(socket, OwnDoor(call_id), shell).serve()

    def _key(self, connection: HTTPConnection, scope: Scope) -> ApiKey:
        """The caller's key. Raises 401 or, from another site's page, 403."""
        if not _same_origin(connection):
            raise HTTPException(403, "pages of other origins may not connect")
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        key = self._keys.find(token.strip() if scheme.lower() == "bearer" else None, scope)
        if key is None:
            detail = f"this needs the header 'Authorization: Bearer KEY' with a key that may {scope}"
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
        return key

    def _show(self, key: ApiKey, call_id: str | None) -> None:
        """Raises 404 for a call that the key is not for. One that is not there yet may be waited for."""
        if not key.sites or call_id is None:
            return
        journal = self.service.journal
        try:
            hidden = journal.knows(call_id) and not key.covers(journal.site_of(call_id))
        except StoreError as error:
            raise HTTPException(503, "the store cannot be read now", {"Retry-After": "5"}) from error
        if hidden:
            raise HTTPException(404, "no such call")

    async def _let_in(self, socket: WebSocket, scope: Scope, call_id: str | None = None) -> ApiKey | None:
        try:
            key = self._key(socket, scope)
            self._show(key, call_id)
            return key
        except HTTPException as error:
            answer = JSONResponse({"detail": error.detail}, error.status_code, error.headers)
            await _deny(socket, answer)
            return None


class DrainingServer(uvicorn.Server):
    """uvicorn's server, with a first signal that drains and a second one that stops at once."""

    def __init__(self, config: uvicorn.Config, server: Server, drain_s: float) -> None:
        super().__init__(config)
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        self._wrapup = server
        self._drain_s = drain_s
        self._draining: asyncio.Task[None] | None = None
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self.announce: Callable[[int], None] = _quietly

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """As uvicorn's; from here on signals drain."""
        self._own_loop = asyncio.get_running_loop()
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self.announce(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        if self._own_loop is None or self._draining is not None or sig not in (signal.SIGTERM, signal.SIGINT):
            super().handle_exit(sig, frame)
            return
        self.stop()

    def stop(self) -> None:
        """Drain, then exit; from any thread."""
        if self._own_loop is not None:
            self._own_loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        if self._draining is None:
            log.info("stopping: calls in progress may go on for %.0f s", self._drain_s)
            self._draining = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        await self._wrapup.drain(self._drain_s)
        self.should_exit = True


def _is_news(record: logging.LogRecord) -> bool:
    """uvicorn logs an error for each socket that is answered with a refusal instead of a handshake."""
    return "without completing handshake" not in record.msg


def _quietly(_: int) -> None:
    """Nobody wants to know the port."""


def uvicorn_config(app: FastAPI, section: ServerSection) -> uvicorn.Config:
    """How uvicorn serves: no compression on sockets, bounded messages, no access log."""
    return uvicorn.Config(
        app,
        host=section.host,
        port=section.port,
        ssl_certfile=section.tls_cert,
        ssl_keyfile=section.tls_key,
        ws=GulpingSocket,
        ws_max_size=section.max_message_bytes,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        server_header=False,
    )


def check_reach(section: ServerSection, keys: KeyRing) -> None:
    """Without keys nobody but this machine is served; TLS needs both its files. Raises `ConfigError`."""
    if (section.tls_cert is None) != (section.tls_key is None):
        raise ConfigError("server.tls_cert and server.tls_key go together: one of them is missing")
    for file in (section.tls_cert, section.tls_key):
        if file is not None and not file.is_file():
            raise ConfigError(f"{file}: no such file; server.tls_cert and server.tls_key name PEM files")
    if len(keys) or _is_loopback(section.host):
        return
    raise ConfigError(
        f"server.host {section.host} can be reached by others: make a key first with "
        "`wrapup keys add NAME`, or listen on 127.0.0.1"
    )


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _same_origin(connection: HTTPConnection) -> bool:
    """Browsers name the page that connects; other clients name none."""
    origin = connection.headers.get("origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("host", "")


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
            except (StopAsyncIteration, FollowerTooSlow, WrapupError):
                return
            coming = None
            number = "" if envelope.id is None else f"id: {envelope.id}\n"
            yield f"{number}data: {envelope.as_json()}\n\n"
    finally:
        if coming is not None:
            coming.cancel()

"""The shell of a door's WebSocket: moves messages between a client, its door's codec and its call.

Reads as fast as the client sends. A client that is ahead of real time is slowed down by not being read while
too much of its audio waits; one that is far ahead is a flood, and is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial

from starlette.websockets import WebSocket, WebSocketDisconnect

from pipeline.core.events import CallClosed, EndCode
from pipeline.doors.messages import (
    NO_HELLO,
    Alive,
    Answer,
    Away,
    Back,
    Chunk,
    Closing,
    Control,
    Door,
    DoorOutput,
    Ended,
    Flush,
    Reply,
    Started,
    Updated,
    Welcome,
)
from pipeline.limits import BURST_S, Bucket, Limits, SocketLimits
from pipeline.live.feed import Envelope, FollowerTooSlow, HubClosed
from pipeline.live.metrics import Metrics
from pipeline.live.port import Call
from pipeline.live.streams import POLICY, TRY_AGAIN, Stream, StreamRefused
from pipeline.live.switchboard import Joined, Switchboard
from pipeline.load import Clock
from pipeline.web.keys import ApiKey

OTHER_SITE = "this key may not send for that site"

FRAMES_PER_S = 100
"""Audio may come in messages of 10 ms, as fast as it may come at all; all else counts as messages."""

LAST_EVENTS_S = 5.0
"""How long the events before a call's end may take to its client, once it is over."""

FAREWELL_S = 5.0
"""How long a client that is to close its socket has for that."""

NORMAL = 1000

REASON_BYTES = 123
"""What fits in a closing frame (RFC 6455, section 5.5)."""


@dataclass(frozen=True, slots=True)
class SocketShell:
    """What all sockets share. `listen` gives what comes of a call from now on."""

    switchboard: Switchboard
    metrics: Metrics
    limits: Limits
    socket_limits: SocketLimits
    clock: Clock
    listen: Callable[[str], AsyncIterator[Envelope]]


class _Refused(Exception):
    """The door said no; the client is to close."""


class Connection:
    """One client, and the key that it came with."""

    def __init__(self, socket: WebSocket, door: Door, shell: SocketShell, key: ApiKey) -> None:
        self._key = key
        self._socket = socket
        self._door = door
        self._shell = shell
        self._loop = asyncio.get_running_loop()
        self._call: Call | None = None
        self._stream: Stream | None = None
        self._ends_with_socket = False
        self._patience = asyncio.timeout(None)
        self._reading = False
        self._telling: asyncio.Task[None] | None = None
        self._welcomed = asyncio.Event()
        self._told_to_leave = False
        self._outbox: deque[Answer] = deque()
        self._sending = asyncio.Lock()
        self._farewell: Callable[[], list[Answer]] = partial(door.refuse, POLICY, NO_HELLO)
        self._began_s = shell.clock()
        self._ahead_s = 0.0
        self._heard_s = self._began_s
        self._can_wait = False
        limits = shell.socket_limits
        self._messages = Bucket(limits.messages_per_s, BURST_S * limits.messages_per_s, self._began_s)
        self._audio = Bucket(limits.factor, limits.ahead_s, self._began_s)

    async def serve(self, greeting: Sequence[Answer] = ()) -> None:
        """From the accepted socket to its end. The call goes on without it where it was cut off."""
        try:
            await self._answer(greeting)
            with contextlib.suppress(_Refused):
                await self._read()
                await self._last_events()
                await self._answer(self._farewell())
            await self._see_off()
        except WebSocketDisconnect:
            pass
        finally:
            self._part(hung_up=False)
            if self._telling is not None:
                self._telling.cancel()
                await asyncio.gather(self._telling, return_exceptions=True)

    async def _read(self) -> None:
        """Messages until the client is gone, which raises `WebSocketDisconnect`, or there is a farewell.

        A client that hung up has nothing more to say, but is there to hear that its call is closed.
        """
        try:
            async with asyncio.timeout(self._shell.socket_limits.hello_s) as self._patience:
                self._reading = True
                while True:
                    await self._take(await self._receive())
        except TimeoutError:
            pass
        finally:
            self._reading = False

    async def _receive(self) -> str | bytes:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        data: bytes | None = message.get("bytes")
        return message.get("text") or "" if data is None else data

    async def _last_events(self) -> None:
        """A call that ends tells its door everything before the farewell."""
        call = self._call
        if self._telling is not None and call is not None and call.is_over and self._told_to_leave:
            await asyncio.wait({self._telling}, timeout=LAST_EVENTS_S)

    async def _see_off(self) -> None:
        """The client is to close the socket: what it still says is answered until then, and nothing else."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while True:
                    outputs = self._door.receive(await self._receive())
                    await self._answer([output for output in outputs if isinstance(output, Reply | Closing)])
        await self._answer([Closing(NORMAL, "")])

    async def _take(self, message: str | bytes) -> None:
        if not self._messages.take(1, self._shell.clock()):
            rate = self._shell.socket_limits.messages_per_s
            await self._refuse(POLICY, f"more than {rate:.0f} messages a second")
        outputs = self._door.receive(message)
        await self._answer([output for output in outputs if isinstance(output, Reply | Closing)])
        for output in outputs:
            await self._do(output)

    async def _do(self, output: DoorOutput) -> None:
        if isinstance(output, Started):
            await self._join(output)
        elif isinstance(output, Alive) and self._call is None:
            self._patience.reschedule(self._loop.time() + self._shell.limits.idle_s)
        elif isinstance(output, Reply | Closing) or self._call is None or self._stream is None:
            return
        elif isinstance(output, Chunk):
            await self._hear(self._call, self._stream, output)
        else:
            self._control(self._call, self._stream, output)

    def _control(self, call: Call, stream: Stream, output: Control) -> None:
        match output:
            case Away(reason):
                call.away(stream, reason)
            case Back():
                call.back(stream)
            case Updated(associate, queue):
                call.open_leg(associate, queue)
            case Flush():
                call.flush(stream)
            case Alive():
                call.alive(stream)
            case Ended(flush, within_s):
                # A farewell that is due already, since the call ended by itself, stays.
                if within_s is not None and self._reading:
                    self._farewell = partial(self._door.closed, "hangup")
                    self._patience.reschedule(self._loop.time() + within_s)
                self._part(hung_up=True, flush=flush)

    async def _join(self, started: Started) -> None:
        self._patience.reschedule(None)
        if self._door.listens:
            # It listens before the call begins, so that it misses nothing of it.
            self._telling = asyncio.create_task(self._tell(started.info.call_id))
        try:
            call, stream, welcome = await self._let_in(started)
        except StreamRefused as refused:
            self._shell.switchboard.count_refusal("load" if refused.load else "policy")
            await self._refuse(refused.code, refused.reason)
        else:
            self._call, self._stream = call, stream
            self._ends_with_socket = started.ends_with_socket
            await self._answer(self._door.welcome(welcome))
            self._welcomed.set()
            call.done.add_done_callback(self._closed)

    async def _let_in(self, started: Started) -> tuple[Call, Stream, Welcome]:
        """The stream's place in its call. Raises `StreamRefused`."""
        try:
            call, joined = await asyncio.to_thread(self._find, started)
            return call, *await asyncio.wrap_future(joined)
        except StreamRefused as refused:
            if refused.code != POLICY or not started.may_return:
                raise
        # The call may have ended in between: the stream's is the next one then.
        call, joined = await asyncio.to_thread(self._find, started)
        return call, *await asyncio.wrap_future(joined)

    async def _tell(self, call_id: str) -> None:
        """Events of the call, in the door's words. A client that is too slow for them has to go."""
        try:
            async for envelope in self._shell.listen(call_id):
                await self._welcomed.wait()
                if not isinstance(envelope.event, CallClosed):
                    await self._answer(self._door.event(envelope.event))
        except FollowerTooSlow:
            self._leave_with(partial(self._door.refuse, TRY_AGAIN, "too many texts wait for this client"))
        except (WebSocketDisconnect, RuntimeError, HubClosed):
            pass

    def _find(self, started: Started) -> tuple[Call, Joined]:
        """The call of a stream. Blocks while the store is asked. Raises `StreamRefused`."""
        info = started.info
        info = replace(info, site=self._key.site_for(info.site))
        sites = [
            call.info.site for call in self._shell.switchboard.calls() if call.info.call_id == info.call_id
        ]
        if not all(self._key.covers(site) for site in (info.site, *sites)):
            raise StreamRefused(POLICY, OTHER_SITE)
        call, joined = self._shell.switchboard.join(replace(started, info=info), self._hang_up)
        if not self._key.covers(call.info.site):
            # Another client began the call in between.
            if not joined.cancel():
                call.leave(joined.result()[0], hung_up=False)
            raise StreamRefused(POLICY, OTHER_SITE)
        return call, joined

    async def _hear(self, call: Call, stream: Stream, chunk: Chunk) -> None:
        length_s = chunk.samples.shape[1] / stream.rate_hz
        # Channels that come in turn, in chunks of their own, are no more time than those that come together.
        seconds = length_s * len(chunk.channels) / len(stream.carries)
        now_s = self._shell.clock()
        if not self._audio.take(seconds, now_s):
            factor = self._shell.socket_limits.factor
            await self._refuse(POLICY, f"audio came more than {factor:.0f} times as fast as it plays")
        self._messages.give(FRAMES_PER_S * length_s)
        self._count_ahead(seconds, now_s, len(stream.carries) / len(call.info.roles))
        if call.waiting_s > self._shell.limits.waiting_s:
            if not self._can_wait:
                self._shell.metrics.dropped_s.inc(seconds)
                call.lose(stream, chunk)
                return
            await asyncio.wrap_future(call.room())
        self._shell.metrics.audio_s.inc(length_s * len(chunk.channels))
        call.hear(stream, chunk)

    def _count_ahead(self, seconds: float, now_s: float, share: float) -> None:
        """A client in real time cannot wait, and is never far ahead of the clock; one that plays a recording
        soon is, also after a silence, and as one of several streams, which has a `share` of the call."""
        self._ahead_s = max(0.0, self._ahead_s - (now_s - self._heard_s)) + seconds
        self._heard_s = now_s
        self._can_wait = self._can_wait or self._ahead_s > share * self._shell.limits.burst_s

    async def _refuse(self, code: int, reason: str) -> None:
        await self._answer(self._door.refuse(code, reason))
        raise _Refused

    async def _answer(self, answers: Sequence[Answer]) -> None:
        """Send; a `Closing` ends the connection by raising `WebSocketDisconnect`.

        Nothing is awaited between the door's answer and its place in the outbox: what is sent from the events
        and what answers the client keep the order in which the door gave them.
        """
        self._outbox.extend(answers)
        async with self._sending:
            while self._outbox:
                # It leaves the outbox once it is sent: who sends may be cancelled while the socket is full.
                await self._send(self._outbox[0])
                self._outbox.popleft()

    async def _send(self, answer: Answer) -> None:
        if isinstance(answer, Closing):
            with contextlib.suppress(RuntimeError):
                await self._socket.close(
                    answer.code, answer.reason.encode()[:REASON_BYTES].decode(errors="ignore")
                )
            raise WebSocketDisconnect(answer.code)
        if isinstance(answer.message, bytes):
            await self._socket.send_bytes(answer.message)
        else:
            await self._socket.send_text(answer.message)

    def _part(self, hung_up: bool, flush: bool = False) -> None:
        """Leave the call, once."""
        stream, self._stream = self._stream, None
        if stream is not None and self._call is not None:
            self._call.leave(stream, hung_up or self._ends_with_socket, flush)

    def _hang_up(self, code: int, reason: str) -> None:
        """From any thread: the call does not go on with this client."""
        self._say(partial(self._door.refuse, code, reason))

    def _closed(self, done: Future[EndCode]) -> None:
        """From any thread: the call is closed."""
        self._say(partial(self._door.closed, done.result()))

    def _say(self, farewell: Callable[[], list[Answer]]) -> None:
        # A loop that is closed has no clients left.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._leave_with, farewell)

    def _leave_with(self, farewell: Callable[[], list[Answer]]) -> None:
        """Stop reading; the first farewell is the one that is said."""
        if self._reading:
            self._reading, self._farewell, self._told_to_leave = False, farewell, True
            self._patience.reschedule(self._loop.time())

"""A call at a gateway: what its streams send goes to the audio topic, and a worker elsewhere hears it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from uuid import uuid4

from models.types import RATE_HZ
from pipeline.core.events import EndCode
from pipeline.doors.messages import (
    NO_AUDIO,
    Alive,
    Away,
    Back,
    CallInfo,
    Chunk,
    Control,
    Flush,
    Started,
    Updated,
    Welcome,
)
from pipeline.kafka.outbox import Outbox, StreamWriter
from pipeline.limits import Limits
from pipeline.live.absences import Reason
from pipeline.live.call import SILENT_S
from pipeline.live.port import HangUp
from pipeline.live.streams import POLICY, TRY_AGAIN, Stream, StreamRefused
from pipeline.load import Clock

FORGOTTEN_S = 120.0
"""A call that nobody is on, and of whose end nothing is heard, is no more this gateway's after so long."""

RESTARTS = 1012
"""Close code of a server that goes down and comes back (IANA's registry of WebSocket close codes)."""

GOODBYES: dict[EndCode, str] = {"idle": NO_AUDIO, "too_long": "the call is longer than is allowed"}
"""What a client is told when its call ends without its doing."""


@dataclass(slots=True)
class _Sent:
    """A stream of this gateway, and up to where on the call's clock each channel of it was sent."""

    stream: Stream
    writer: StreamWriter
    next: dict[int, int] = field(default_factory=dict)


class GatewayCall:
    """See `Call`. It is over when the worker's event says so."""

    def __init__(
        self, info: CallInfo, outbox: Outbox, limits: Limits, clock: Clock, wanted_from: int = 0
    ) -> None:
        """`wanted_from`: the sample up to which the worker has its audio, where the call is not new."""
        self.info = info
        self.done: Future[EndCode] = Future()
        # Who waits for the end may give up waiting, and must not take the end along.
        self.done.set_running_or_notify_cancel()
        self.due_s = clock() + FORGOTTEN_S
        self._outbox = outbox
        self._limits = limits
        self._clock = clock
        self._sent: dict[Stream, _Sent] = {}
        self._wanted_from = [wanted_from] * len(info.roles)
        self._lock = threading.RLock()

    @property
    def is_over(self) -> bool:
        """See `Call`."""
        return self.done.done()

    @property
    def waiting_s(self) -> float:
        """See `Call`: audio that Kafka does not have yet."""
        return self._outbox.waiting_s(self.info.call_id)

    def room(self) -> Future[None]:
        """See `Call`."""
        return self._outbox.room(self.info.call_id)

    def resume(self) -> None:
        """See `Call`: the workers do."""

    def open_leg(self, associate: str | None, queue: str | None) -> None:
        """See `Call`; who the call begins with is told by its first stream."""
        with self._lock:
            for sent in list(self._sent.values())[:1]:
                sent.writer.say(Updated(associate, queue))

    def join(self, started: Started, hang_up: HangUp) -> Future[tuple[Stream, Welcome]]:
        """See `Call`."""
        answer: Future[tuple[Stream, Welcome]] = Future()
        try:
            with self._lock:
                answer.set_result(self._let_in(started, hang_up))
        except StreamRefused as refused:
            answer.set_exception(refused)
        return answer

    def hear(self, stream: Stream, chunk: Chunk) -> None:
        """See `Call`."""
        with self._lock:
            sent = self._sent.get(stream)
            if sent is None:
                return
            if self._ahead_s(sent, chunk) > self._limits.hole_s:
                stream.hang_up(1007, "a position far beyond the audio before it")
                self._part(sent, hung_up=False)
                return
            stream.arrived_s = self._clock()
            sent.writer.hear(chunk)
            self._count(sent, chunk)

    def lose(self, stream: Stream, chunk: Chunk) -> None:
        """See `Call`."""
        with self._lock:
            sent = self._sent.get(stream)
            if sent is not None:
                stream.arrived_s = self._clock()
                sent.writer.lose(chunk)
                self._count(sent, chunk)

    def away(self, stream: Stream, reason: Reason) -> None:
        """See `Call`."""
        self._say(stream, Away(reason))

    def back(self, stream: Stream) -> None:
        """See `Call`."""
        self._say(stream, Back())

    def flush(self, stream: Stream) -> None:
        """See `Call`."""
        self._say(stream, Flush())

    def alive(self, stream: Stream) -> None:
        """See `Call`."""
        stream.arrived_s = self._clock()
        self._say(stream, Alive())

    def leave(self, stream: Stream, hung_up: bool, flush: bool = False) -> None:
        """See `Call`."""
        with self._lock:
            sent = self._sent.get(stream)
            if sent is not None:
                self._part(sent, hung_up, flush)

    def tick(self) -> None:
        """See `Call`."""
        with self._lock:
            if not self._sent and not self.done.done() and self._clock() >= self.due_s:
                self.done.set_result("disconnected")

    def end(self, code: EndCode) -> None:
        """See `Call`: this gateway gives it up, and its clients go on at another."""
        with self._lock:
            for sent in list(self._sent.values()):
                sent.stream.hang_up(RESTARTS, "the gateway is going down: connect again")
                self._part(sent, hung_up=False)
            if not self.done.done():
                self.done.set_result(code)

    def closed(self, code: EndCode) -> None:
        """The worker has closed it."""
        with self._lock:
            if self.done.done():
                return
            for sent in self._sent.values():
                if code in GOODBYES:
                    sent.stream.hang_up(POLICY, GOODBYES[code])
            self._sent.clear()
            self.done.set_result(code)

    def _let_in(self, started: Started, hang_up: HangUp) -> tuple[Stream, Welcome]:
        if self.done.done():
            raise StreamRefused(POLICY, "the call is over")
        if started.info.roles != self.info.roles:
            raise StreamRefused(POLICY, f"the call has the channels {', '.join(self.info.roles)}")
        self._make_way(started.carries)
        stream = Stream(
            started.carries,
            hang_up,
            started.rate_hz,
            self._clock(),
            started.placed,
            started.stands_still,
            started.may_return,
        )
        writer = self._outbox.write_stream(f"{self.info.call_id}/{uuid4()}", started)
        self._sent[stream] = _Sent(stream, writer)
        self.due_s = float("inf")
        start = min(self._wanted_from[channel] for channel in started.carries)
        return stream, Welcome(self.info.call_id, (start,) * len(started.carries))

    def _make_way(self, carries: tuple[int, ...]) -> None:
        """As on one server: a stream takes over from those that have its channels and fell silent."""
        others = [one for one in self._sent.values() if set(one.stream.carries) & set(carries)]
        for sent in others:
            if self._clock() < sent.stream.arrived_s + SILENT_S:
                channel = min(set(sent.stream.carries) & set(carries))
                raise StreamRefused(TRY_AGAIN, f"channel {channel} of the call is carried by another stream")
        for sent in others:
            sent.stream.hang_up(POLICY, "another connection took over")
            self._part(sent, hung_up=False)

    def _say(self, stream: Stream, control: Control) -> None:
        with self._lock:
            sent = self._sent.get(stream)
            if sent is not None:
                sent.writer.say(control)

    def _part(self, sent: _Sent, hung_up: bool, flush: bool = False) -> None:
        del self._sent[sent.stream]
        sent.writer.end(hung_up, flush)
        if not self._sent:
            self.due_s = self._clock() + FORGOTTEN_S

    def _ahead_s(self, sent: _Sent, chunk: Chunk) -> float:
        if chunk.at is None:
            return 0.0
        behind = min(sent.next.get(channel, chunk.at) for channel in chunk.channels)
        return (chunk.at - behind) / sent.stream.rate_hz

    def _count(self, sent: _Sent, chunk: Chunk) -> None:
        """What was sent need not come again after a lost connection."""
        for channel in chunk.channels:
            at = sent.next.get(channel, 0) if chunk.at is None else chunk.at
            end = at + chunk.samples.shape[1]
            sent.next[channel] = max(end, sent.next.get(channel, 0))
            if chunk.at is not None:
                place = end * RATE_HZ // sent.stream.rate_hz
                self._wanted_from[channel] = max(self._wanted_from[channel], place)

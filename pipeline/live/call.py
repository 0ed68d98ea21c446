"""A live call: streams join and leave it, audio comes when it comes, and it always ends.

Any thread may give it something. See `Mailbox` for who works it off, `StreamClock` for what is heard when.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from models.types import RATE_HZ
from pipeline.core.events import (
    CallClosed,
    EndCode,
    EphemeralEvent,
    Event,
    Failure,
    Result,
)
from pipeline.core.session import Session, is_stored
from pipeline.doors.messages import NO_AUDIO, CallInfo, Chunk, Started, Welcome
from pipeline.limits import Limits
from pipeline.live.absences import Reason
from pipeline.live.mailbox import Audio, Mailbox
from pipeline.live.state import LiveState
from pipeline.live.streams import TRY_AGAIN, Stream, StreamClock, StreamRefused
from pipeline.load import Clock
from pipeline.shell import CallEngines, CallShell, Desks, Surroundings, Value

log = logging.getLogger(__name__)

LAST_STREAMS_S = 5.0
"""When one stream of a call has hung up, the others have this long to do the same."""

SILENT_S = 2.0
"""A stream without audio for this long gives its channels to a new one that asks for them."""


class Recorder(Protocol):
    """Where a call's facts go: they are stored before anybody hears of them."""

    def event(self, call_id: str, event: Event) -> None:
        """An event, durable or ephemeral."""
        ...

    def result(self, call_id: str, result: Result) -> None:
        """A job's result, before the events that come of it."""
        ...

    def snapshot(self, call_id: str, data: bytes) -> None:
        """What the call remembers after the events so far; see `pipeline.live.state.restored`."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What all live calls share."""

    workers: Desks
    pool: Executor
    recorder: Recorder
    limits: Limits
    clock: Clock
    late: Callable[[float], None]
    again_samples: int = 0
    """See `Surroundings`."""


class LiveCall:
    """One call. Methods without an underscore may be called from any thread."""

    def __init__(
        self,
        info: CallInfo,
        session: Session,
        engines: CallEngines,
        ground: Ground,
        known: Mapping[str, Value] | None = None,
        alone: EndCode = "disconnected",
        state: LiveState | None = None,
    ) -> None:
        """`known` and `state`: results and state of an interrupted call; `alone`: the end code when no stream
        comes for it."""
        self.info = info
        self._alone = alone
        self.done: Future[EndCode] = Future()
        # Who waits for the end may give up waiting, and must not take the end along.
        self.done.set_running_or_notify_cancel()
        self.due_s = ground.clock() + ground.limits.resume_s
        self._ground = ground
        self._mailbox = Mailbox(ground.pool, self._settle, self._fail)
        around = Surroundings(
            engines=engines,
            workers=ground.workers,
            deliver=self.take,
            emit=self._emit,
            clock=ground.clock,
            known=known or {},
            late=ground.late,
            again_samples=ground.again_samples,
        )
        self._state = state or LiveState.new(len(info.roles))
        self._shell = CallShell(session, len(info.roles), around, self._state.ears)
        self._streams: list[Stream] = []
        self._media = StreamClock(self._shell, self._state.absences, ground.clock)
        self._snapshot_due = False
        self._failed = False
        self._began_s = self._last_audio_s = ground.clock()
        self._alone_since_s: float | None = ground.clock()
        self._hung_up_s: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended; its last events may still be to come."""
        return not self._shell.session.open

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that wait to be heard."""
        return self._mailbox.waiting_s

    def room(self) -> Future[None]:
        """Done when the audio that waits now has been taken up."""
        return self._mailbox.room()

    def resume(self) -> None:
        """Go on after a restart: ask again for what the session waits for."""
        self._mailbox.post(self._resume)

    def open_leg(self, associate: str | None, queue: str | None) -> None:
        """The call is with this associate from here on."""
        self._mailbox.post(partial(self._transfer, associate, queue))

    def join(self, started: Started, hang_up: Callable[[int, str], None]) -> Future[tuple[Stream, Welcome]]:
        """A stream begins; the future fails with `StreamRefused` where it cannot."""
        answer: Future[tuple[Stream, Welcome]] = Future()
        self._mailbox.post(partial(self._join, started, hang_up, answer))
        return answer

    def hear(self, stream: Stream, chunk: Chunk) -> None:
        """Audio of a stream."""
        stream.arrived_s = self._ground.clock()
        seconds = chunk.samples.shape[1] / stream.rate_hz
        # Channels that come in turn, in chunks of their own, are no more time than those that come together.
        share = len(chunk.channels) / len(stream.carries)
        self._mailbox.post(Audio(self._hear, stream, [chunk]), share * seconds)

    def lose(self, stream: Stream, chunk: Chunk) -> None:
        """Audio of a stream that there is no room for: silence takes its place."""
        stream.arrived_s = self._ground.clock()
        silence = np.broadcast_to(np.zeros(1, np.float32), chunk.samples.shape)
        lost = Chunk(chunk.channels, silence, chunk.at)
        self._mailbox.post(partial(self._hear, stream, lost, lost=True))

    def away(self, stream: Stream, reason: Reason) -> None:
        """Nothing is to be heard of a stream's channels from here on; in a pause, of none of the call."""
        self._mailbox.post(partial(self._leave_for, stream, reason))

    def back(self, stream: Stream) -> None:
        """The conversation goes on."""
        self._mailbox.post(partial(self._come_back, stream))

    def flush(self, stream: Stream) -> None:
        """What a stream's channels said so far is to be final."""
        self._mailbox.post(partial(self._flush, stream))

    def alive(self, stream: Stream) -> None:
        """A stream without audio is not over."""
        self._mailbox.post(partial(self._stay, stream))

    def leave(self, stream: Stream, hung_up: bool, flush: bool = False) -> None:
        """A stream is over: hung up, or cut off without a word. `flush`: see `Ended`."""
        self._mailbox.post(partial(self._leave, stream, hung_up, flush))

    def take(self, result: Result) -> None:
        """A job's result."""
        self._mailbox.post(partial(self._take, result))

    def tick(self) -> None:
        """Time passed; to be called once `due_s` is reached."""
        self._mailbox.post(self._tick)

    def end(self, code: EndCode) -> None:
        """End the call whoever is still on it."""
        self._mailbox.post(partial(self._end, code))

    def _resume(self) -> None:
        self._shell.resume()
        if not self._shell.session.open:
            # After hang-up nobody sends anything again.
            self._shell.forgo()

    def _fail(self, error: Exception) -> None:
        """A fault of our own: the call ends with what was heard, or, at a second fault, at once."""
        log.error("call %s failed: %s", self.info.call_id, type(error).__name__)
        first, self._failed = not self._failed, True
        end = partial(self._end, "failed")
        # What breaks at the end, as an ear's last window may, is left out the second time.
        if self.done.done() or (first and (self._tried(end) or self._tried(end))):
            return
        if not self._shell.session.closed:
            closed = CallClosed("closed", "failed", self._shell.heard(), "und")
            self._tried(partial(self._emit, closed))
        self._finish("failed")

    def _tried(self, item: Callable[[], None]) -> bool:
        try:
            item()
        except Exception as error:  # noqa: BLE001 - as in a mailbox
            log.error("call %s failed to end: %s", self.info.call_id, type(error).__name__)
            return False
        return True

    def _settle(self) -> None:
        """After each round: a snapshot where something lasting came out, the end where it came, the next
        wake-up."""
        if self.done.done():
            return
        session = self._shell.session
        if session.closed:
            self._finish(session.end_code)
            return
        if self._snapshot_due:
            self._snapshot_due = False
            self._keep_snapshot()
        now_s = self._ground.clock()
        limits = self._ground.limits
        dues = [self._began_s + limits.longest_s]
        dues.append(now_s + 1.0 if self._media.on_hold() else self._last_audio_s + limits.idle_s)
        if session.wake_at_s is not None:
            dues.append(session.wake_at_s)
        if self._alone_since_s is not None:
            dues.append(self._alone_since_s + limits.resume_s)
        if self._hung_up_s is not None:
            dues.append(self._hung_up_s + LAST_STREAMS_S)
        self.due_s = min(dues)

    def _keep_snapshot(self) -> None:
        self._ground.recorder.snapshot(self.info.call_id, self._dumped())

    def _dumped(self) -> bytes:
        self._state.ears = self._shell.ear_states()
        return self._state.dump(self._shell.session)

    def _finish(self, code: EndCode) -> None:
        """All is out; nobody is told anything any more."""
        self.due_s = float("inf")
        self._streams.clear()
        self._shell.close()
        self.done.set_result(code)

    def _join(
        self,
        started: Started,
        hang_up: Callable[[int, str], None],
        answer: Future[tuple[Stream, Welcome]],
    ) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(self._let_in(started, hang_up))
        except StreamRefused as refused:
            answer.set_exception(refused)
        except Exception:
            answer.set_exception(StreamRefused(1011, "the call failed"))
            raise

    def _let_in(self, started: Started, hang_up: Callable[[int, str], None]) -> tuple[Stream, Welcome]:
        if self.done.done() or not self._shell.session.open:
            raise StreamRefused(1008, "the call is over")
        if started.info.roles != self.info.roles:
            raise StreamRefused(1008, f"the call has the channels {', '.join(self.info.roles)}")
        self._make_way(started.carries)
        if self._state.associate and started.info.associate not in (None, self._state.associate):
            self._transfer(started.info.associate, started.info.queue)
        stream = Stream(
            started.carries,
            hang_up,
            started.rate_hz,
            self._ground.clock(),
            started.placed,
            started.stands_still,
            started.may_return,
        )
        start = self._media.begin(stream)
        self._streams.append(stream)
        self._alone, self._alone_since_s, self._hung_up_s = "disconnected", None, None
        self._last_audio_s = self._ground.clock()
        return stream, Welcome(self.info.call_id, (start,) * len(stream.carries))

    def _make_way(self, carries: tuple[int, ...]) -> None:
        """A stream takes over from those that have its channels and fell silent: a connection that broke is
        not noticed on this side at once."""
        others = [stream for stream in self._streams if set(stream.carries) & set(carries)]
        for stream in others:
            if not self._gives_way(stream):
                channel = min(set(stream.carries) & set(carries))
                raise StreamRefused(TRY_AGAIN, f"channel {channel} of the call is carried by another stream")
        for stream in others:
            stream.hang_up(1008, "another connection took over")
            self._leave(stream, hung_up=False)

    def _gives_way(self, stream: Stream) -> bool:
        """Whether a new stream may take a stream's channels."""
        return self._ground.clock() >= stream.arrived_s + SILENT_S

    def _transfer(self, associate: str | None, queue: str | None) -> None:
        if self._shell.session.open and self._state.begin_leg(associate, queue):
            self._shell.transfer(associate, queue)

    def _hear(self, stream: Stream, chunk: Chunk, lost: bool = False) -> None:
        if stream not in self._streams or not self._shell.session.open:
            return
        if self._media.ahead_s(stream, chunk) > self._ground.limits.hole_s:
            stream.hang_up(1007, "a position far beyond the audio before it")
            self._leave(stream, hung_up=False)
            return
        if self._media.hear(stream, chunk, lost):
            self._last_audio_s = max(self._last_audio_s, stream.arrived_s)
        self._end_if_too_long()

    def _end_if_too_long(self) -> None:
        longest_s = self._ground.limits.longest_s
        if self._shell.heard() > longest_s * RATE_HZ or self._ground.clock() >= self._began_s + longest_s:
            self._end("too_long")

    def _leave_for(self, stream: Stream, reason: Reason) -> None:
        if stream in self._streams and self._shell.session.open:
            self._media.leave_for(stream, reason)
            self._snapshot_due = True

    def _come_back(self, stream: Stream) -> None:
        if stream in self._streams and self._shell.session.open:
            self._last_audio_s = self._ground.clock()
            self._media.come_back(stream)
            self._snapshot_due = True

    def _flush(self, stream: Stream) -> None:
        if stream in self._streams and self._shell.session.open:
            self._shell.flush(stream.carries)

    def _stay(self, stream: Stream) -> None:
        if stream in self._streams:
            stream.arrived_s = self._last_audio_s = self._ground.clock()

    def _leave(self, stream: Stream, hung_up: bool, flush: bool = False) -> None:
        if stream not in self._streams:
            return
        self._streams.remove(stream)
        if not self._shell.session.open:
            return
        self._media.end(stream, hung_up)
        self._snapshot_due = self._snapshot_due or hung_up
        if hung_up and not self._streams:
            self._end("hangup")
        elif hung_up and not stream.may_return:
            self._hung_up_s = self._ground.clock()
        elif not self._streams:
            self._alone_since_s = self._ground.clock()
        if flush:
            # At the end all channels are final anyway.
            self._shell.flush(stream.carries if self._shell.session.open else ())

    def _take(self, result: Result) -> None:
        if not self.done.done() and not self._shell.session.closed:
            if is_stored(result.job_id) and not self._asked_again(result):
                self._ground.recorder.result(self.info.call_id, result)
            self._shell.take(result)

    def _asked_again(self, result: Result) -> bool:
        """An early reading that failed is no fact: its final asks anew, under the same id."""
        return isinstance(result.value, Failure) and self._shell.is_early(result.job_id)

    def _tick(self) -> None:
        if self.done.done():
            return
        now_s = self._ground.clock()
        limits = self._ground.limits
        if self._shell.session.wake_at_s is not None and self._shell.session.wake_at_s <= now_s:
            self._shell.advance()
        self._media.fill()
        self._end_if_too_long()
        if self._alone_since_s is not None and now_s >= self._alone_since_s + limits.resume_s:
            self._end(self._alone)
        elif self._hung_up_s is not None and now_s >= self._hung_up_s + LAST_STREAMS_S:
            self._end("hangup")
        elif not self._media.on_hold() and now_s >= self._last_audio_s + limits.idle_s:
            self._end("idle")

    def _end(self, code: EndCode) -> None:
        if not self._shell.session.open:
            return
        self._media.close()
        streams, self._streams = self._streams, []
        self._alone_since_s = self._hung_up_s = None
        self._shell.end(code)
        # Whose door tells texts is told the last of them before it is told why the call is over.
        for stream in streams:
            if code == "idle":
                stream.hang_up(1008, NO_AUDIO)
            elif code == "too_long":
                stream.hang_up(1008, "the call is longer than is allowed")
        self._snapshot_due = True

    def _emit(self, event: Event) -> None:
        self._ground.recorder.event(self.info.call_id, event)
        self._snapshot_due = self._snapshot_due or not isinstance(event, EphemeralEvent)

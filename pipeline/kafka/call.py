"""A call that is read from the audio topic: its streams are records there, and its facts go to a book.

After a crash another worker makes the call again from its last stored snapshot, and reads the records that
this one still needs once more. Audio finds its place by its number of samples, so that it is heard once;
words of clients are taken by the number of their record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import numpy as np

from models.types import RATE_HZ
from pipeline.core.events import EndCode, Failure, Result
from pipeline.core.session import Session
from pipeline.doors.messages import Away, Back, CallInfo, Chunk, Control, Ended, Flush, Started, Updated
from pipeline.kafka.records import Answered, Begun, CutOff, Heard, Lost, Said, StreamRecord
from pipeline.kafka.rereading import Rereading
from pipeline.live.call import Ground, LiveCall, Recorder
from pipeline.live.state import LiveState, StreamPlace
from pipeline.live.streams import Stream, StreamRefused
from pipeline.shell import CallEngines, Value, wanted_again
from pipeline.store.errors import StoreError
from pipeline.store.packing import unpack_value

LOST_BLOCK_S = 10
"""Audio that was lost is heard as silence in pieces of this length, which bounds memory."""

AGAIN_SAMPLES = RATE_HZ // 4
"""So much of what was heard before a snapshot is read once more behind it: the window that an ear had not
finished, and what the resampler's filter still sees."""


class Book(Recorder, Protocol):
    """Where the facts of the calls of one partition go."""

    def snapshot_from(self, call_id: str, data: bytes, needs: int, wanted_from: int) -> None:
        """A snapshot: `needs` is the offset of the first record that a call restored from it has to read,
        `wanted_from` the sample up to which records have all audio that it wants."""
        ...


SAVED_S = 10.0
"""So often a snapshot is kept of a call in which nothing happens: it must not hold the topic back."""

Refuse = Callable[[StreamRecord, str], None]


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a call that another worker had: results of its jobs, and its state."""

    known: Mapping[str, Value]
    state: LiveState | None


NEW = Before({}, None)


class LoggedCall(LiveCall):
    """One call of a partition. Methods without an underscore may be called from any thread."""

    def __init__(
        self,
        info: CallInfo,
        session: Session,
        engines: CallEngines,
        ground: Ground,
        book: Book,
        start: int,
        before: Before = NEW,
    ) -> None:
        """`start`: the offset from which its records are read."""
        alone: EndCode = "disconnected" if before is NEW else "interrupted"
        ground = replace(ground, again_samples=AGAIN_SAMPLES)
        super().__init__(info, session, engines, ground, before.known, alone, before.state)
        self._book = book
        self._read = start - 1
        self._again = Rereading(self._shell, self._state.absences)
        self._audio: deque[_Audio] = deque()
        self._nudged = False
        self._saving: list[Future[None]] = []
        self._heard_s = [ground.clock()] * len(info.roles)
        self._saved_s = ground.clock()
        self._by_name: dict[str, tuple[StreamPlace, Stream]] = {}
        if before is not NEW:
            self.resume()

    def read(self, offset: int, record: StreamRecord, refuse: Refuse) -> None:
        """The next record of the call; `refuse` is told of a stream that cannot be of it."""
        self._mailbox.post(partial(self._take_record, offset, record, refuse), _seconds(record))

    def read_all(self) -> None:
        """All records that lay there for a restored call were read: what it still misses never comes."""
        self._mailbox.post(self._shell.forgo)

    def nudge(self, caught_up: bool) -> None:
        """Time passed: see `tick`. Unless the worker has `caught_up`, records of the call may lie unread, and
        that it hears nothing says nothing."""
        if not self._nudged:
            self._nudged = True
            self._mailbox.post(partial(self._pass_time, caught_up))

    def save(self) -> Future[None]:
        """A snapshot of all that was read so far; done when it is on its way to the store."""
        saved: Future[None] = Future()
        self._mailbox.post(partial(self._save, saved))
        return saved

    def let_go(self) -> None:
        """Another worker has the call: it ends here, and nobody is told."""
        self._mailbox.post(self._let_go)

    def _take_record(self, offset: int, record: StreamRecord, refuse: Refuse) -> None:
        self._read = offset
        if isinstance(record.content, Answered):
            self._take_answer(record.content)
            return
        place = self._place_of(record.stream)
        if isinstance(record.content, Begun):
            if place is None:
                self._begin(record, record.content.started, refuse)
            return
        if place is None:
            # What is left of a stream that was refused.
            return
        if isinstance(record.content, Heard | Lost):
            self._take_audio(offset, record.number, place, record.content)
        elif record.number >= place.next:
            self._take_word(place, record.content)
        place.next = max(place.next, record.number + 1)
        self._snapshot_due = self._snapshot_due or self._ground.clock() >= self._saved_s + SAVED_S

    def _take_answer(self, answer: Answered) -> None:
        """A note that another worker wrote; one that comes twice changes nothing."""
        try:
            value = unpack_value(answer.value)
        except StoreError:
            value = Failure("unreadable")
        self._take(Result(answer.job_id, value))

    def _begin(self, record: StreamRecord, started: Started, refuse: Refuse) -> None:
        if not self._shell.session.open:
            return
        if not self._state.legs:
            # Of a call that died before its first snapshot nobody else remembers who began it.
            self._transfer(started.info.associate, started.info.queue)
        placed = replace(started, placed=True, stands_still=True)
        try:
            stream, welcome = self._let_in(placed, _nobody)
        except StreamRefused as refused:
            refuse(record, refused.reason)
            return
        for channel in started.carries:
            # What was read again is of streams before this one.
            self._again.forget(channel)
        start = 0 if started.placed else welcome.from_samples[0]
        base = -(-start * started.rate_hz // RATE_HZ)
        place = StreamPlace(
            record.stream,
            started.carries,
            started.rate_hz,
            base,
            record.number + 1,
            started.may_return,
        )
        self._state.streams.append(place)
        self._by_name[place.name] = place, stream
        self._snapshot_due = True

    def _resume(self) -> None:
        """Ask for what the session waits for; streams go on with their next record."""
        self._shell.resume()
        for place in self._state.streams:
            self._media.remember_left(place.carries, place.hung_up)
            if place.over or not self._shell.session.open:
                continue
            stream = Stream(
                place.carries,
                _nobody,
                place.rate_hz,
                self._ground.clock(),
                placed=True,
                stands_still=True,
                may_return=place.may_return,
            )
            self._media.go_on(stream)
            self._streams.append(stream)
            self._by_name[place.name] = place, stream
            self._alone_since_s = None

    def _take_audio(self, offset: int, number: int, place: StreamPlace, content: Heard | Lost) -> None:
        count = content.count if isinstance(content, Lost) else content.samples.shape[1]
        end = (place.base + content.at + count) * RATE_HZ // place.rate_hz
        self._audio.append(_Audio(offset, content.channels, end))
        for channel in content.channels:
            self._heard_s[channel] = self._ground.clock()
        if content.rate_hz != place.rate_hz:
            return
        if number < place.next:
            for chunk in _chunks(content, place.base):
                for channel, samples in zip(chunk.channels, chunk.samples, strict=True):
                    self._again.hear(channel, content.rate_hz, chunk.at or 0, samples)
            return
        stream = self._stream_of(place)
        if stream is None:
            return
        stream.arrived_s = self._ground.clock()
        for chunk in _chunks(content, place.base):
            self._hear(stream, chunk, lost=isinstance(content, Lost))

    def _take_word(self, place: StreamPlace, content: Said | CutOff) -> None:
        stream = self._stream_of(place)
        if stream is None:
            return
        self._snapshot_due = True
        if isinstance(content, CutOff):
            place.over = True
            self._leave(stream, hung_up=False)
            return
        self._obey(place, stream, content.control)

    def _obey(self, place: StreamPlace, stream: Stream, control: Control) -> None:
        match control:
            case Away(reason):
                self._leave_for(stream, reason)
            case Back():
                self._come_back(stream)
            case Updated(associate, queue):
                self._transfer(associate, queue)
            case Flush():
                self._flush(stream)
            case Ended(flush, _):
                place.over = place.hung_up = True
                self._leave(stream, hung_up=True, flush=flush)
            case _:
                self._stay(stream)

    def _gives_way(self, stream: Stream) -> bool:
        """The newest stream has its channels: a gateway that died never says that its streams are over."""
        for place, other in self._by_name.values():
            place.over = place.over or other is stream
        return True

    def _keep_snapshot(self) -> None:
        session = self._shell.session
        self._saved_s = self._ground.clock()
        channels = range(len(self.info.roles))
        needed = [self._needed(one) for one in channels]
        while self._audio and all(self._audio[0].end <= needed[one] for one in self._audio[0].channels):
            self._audio.popleft()
        needs = self._audio[0].offset if self._audio else self._read + 1
        wanted_from = min(session.heard(one) for one in channels)
        self._book.snapshot_from(self.info.call_id, self._dumped(), needs, wanted_from)
        saving, self._saving = self._saving, []
        for saved in saving:
            saved.set_result(None)

    def _needed(self, channel: int) -> int:
        """The first sample of a channel that its records must still have. One of which nothing came for long,
        and nothing waits to be read, does not hold the topic back: what it would need is silence."""
        session = self._shell.session
        heard = session.heard(channel)
        if self._ground.clock() < self._heard_s[channel] + SAVED_S:
            return wanted_again(session, channel, AGAIN_SAMPLES)
        waits = session.needed_from(channel)
        return heard if waits >= heard - RATE_HZ else waits

    def _save(self, saved: Future[None]) -> None:
        if self.done.done() or self._shell.session.closed:
            saved.set_result(None)
            return
        self._saving.append(saved)
        self._snapshot_due = True

    def _let_go(self) -> None:
        if not self.done.done():
            self._finish("interrupted")

    def _pass_time(self, caught_up: bool) -> None:
        self._nudged = False
        if not caught_up:
            self._forgive()
        self._tick()

    def _forgive(self) -> None:
        now_s = self._ground.clock()
        self._last_audio_s = now_s
        self._alone_since_s = None if self._alone_since_s is None else now_s
        self._hung_up_s = None if self._hung_up_s is None else now_s

    def _place_of(self, name: str) -> StreamPlace | None:
        return next((place for place in self._state.streams if place.name == name), None)

    def _stream_of(self, place: StreamPlace) -> Stream | None:
        """The stream of a place, for what is new of it; None once it is over.

        What was read again of its channels is right before that, and what its filter still holds comes out.
        """
        found = self._by_name.get(place.name)
        if found is None or place.over:
            return None
        stream = found[1]
        for channel, track in stream.tracks.items():
            stream.tracks[channel] = self._again.take_track(channel, place.rate_hz) or track
        return stream


@dataclass(frozen=True, slots=True)
class _Audio:
    """A record with audio: its offset, and where it ends on the call's clock."""

    offset: int
    channels: tuple[int, ...]
    end: int


def _nobody(_: int, __: str) -> None:
    """The client is elsewhere: it hears that its call is over from the events."""


def _chunks(content: Heard | Lost, base: int) -> Iterator[Chunk]:
    if isinstance(content, Heard):
        yield Chunk(content.channels, content.samples, base + content.at)
        return
    block = LOST_BLOCK_S * content.rate_hz
    for done in range(0, content.count, block):
        count = min(block, content.count - done)
        silence = np.broadcast_to(np.zeros(1, np.float32), (len(content.channels), count))
        yield Chunk(content.channels, silence, base + content.at + done)


def _seconds(record: StreamRecord) -> float:
    content = record.content
    return content.samples.shape[1] / content.rate_hz if isinstance(content, Heard) else 0.0

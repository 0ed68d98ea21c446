"""The calls of one partition of the audio topic, as its worker has them: records in, in order; no thread of
its own. Calls that the store says are open go on here, each with its first record, or end without one."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from models.errors import WrapupError
from pipeline.core.events import CallClosed
from pipeline.doors.messages import Started
from pipeline.kafka.call import LoggedCall
from pipeline.kafka.ledger import PartitionBook
from pipeline.kafka.records import Begun, Headers, RecordError, StreamRecord
from pipeline.live.restoring import UNUSABLE
from pipeline.load import Clock
from pipeline.store.errors import StoreError

log = logging.getLogger(__name__)

REMEMBERED = 20_000
"""Calls that are remembered to be over."""

LATE = "a stream of which the beginning is not here"


@dataclass(frozen=True, slots=True)
class Message:
    """A record as it lies on the topic."""

    offset: int
    key: bytes | None
    headers: Headers
    value: bytes | None


class Calls(Protocol):
    """How calls come to be, and what is known of those that were. Each method raises `WrapupError`."""

    resume_s: float
    """How long a call waits for a client whose connection was lost."""

    @property
    def full(self) -> bool:
        """Whether more jobs wait for engines than are done soon."""
        ...

    def decode(self, message: Message) -> StreamRecord:
        """Raises `RecordError`."""
        ...

    def is_over(self, call_id: str) -> bool | None:
        """Whether a call is closed already; None where there never was one."""
        ...

    def begin(self, started: Started, book: PartitionBook, offset: int) -> LoggedCall:
        """A new call, whose beginning is stored."""
        ...

    def go_on(self, call_id: str, book: PartitionBook, offset: int) -> LoggedCall:
        """A call that the store has. Raises one of `UNUSABLE` where what it has of it cannot be read."""
        ...


Bury = Callable[[Message, str], None]
"""What cannot be read is kept elsewhere with the reason."""


class Partition:
    """One thread calls its methods, but for `lose`."""

    def __init__(
        self, book: PartitionBook, calls: Calls, bury: Bury, open_calls: Iterable[str], clock: Clock
    ) -> None:
        """`open_calls`: those of the store that are not closed. The book begins at the next offset."""
        self.book = book
        self._calls = calls
        self._bury = bury
        self._clock = clock
        self._next = book.committable()
        self._start = self._next
        self._here: dict[str, LoggedCall] = {}
        # In order of beginning. Nobody holds more of them in memory than have something to say.
        self._waiting: OrderedDict[str, None] = OrderedDict.fromkeys(open_calls)
        self._over: OrderedDict[str, None] = OrderedDict()
        self._restored: list[LoggedCall] = []
        for call_id in self._waiting:
            book.needs_from(call_id, self._start)

    def __len__(self) -> int:
        """Calls in progress, those that wait for their first record among them."""
        return len(self._here) + len(self._waiting)

    @property
    def waiting_s(self) -> float:
        """Seconds of audio that were read and wait to be heard."""
        return sum(call.waiting_s for call in list(self._here.values()))

    @property
    def next_offset(self) -> int:
        """The offset that is to be read next."""
        return self._next

    def take(self, message: Message) -> None:
        """The next record; one that was read already changes nothing. Raises `WrapupError` while the store or
        Kafka is away: then it is to be given again."""
        if message.offset < self._next or self.book.lost:
            return
        why = self._tried(message)
        if why is not None:
            self._bury(message, why)
        self._next = message.offset + 1
        self.book.taken(message.offset)

    def tick(self, caught_up: bool) -> None:
        """Time passed; `caught_up`: there is nothing on the topic that was not read."""
        now_s = self._clock()
        if caught_up:
            self._read_all()
        for call in list(self._here.values()):
            if call.due_s <= now_s:
                call.nudge(caught_up)

    def end_one(self) -> bool:
        """A call of which nothing came goes on, so that it ends; whether there was one."""
        if not self._waiting:
            return False
        self._find(next(iter(self._waiting)), self._next)
        return True

    def save(self) -> list[Future[None]]:
        """Have all calls kept as they are now; each is done when it has handed that to the ledger."""
        return [call.save() for call in list(self._here.values())]

    def lose(self) -> None:
        """Another worker has the partition: no call says anything more. From any thread."""
        self.book.lost = True
        for call in list(self._here.values()):
            call.let_go()

    def _tried(self, message: Message) -> str | None:
        """Hand a record to its call; why it cannot be, where it can never be. A record that breaks a worker
        would break the next one too."""
        try:
            self._read(message, self._calls.decode(message))
        except RecordError as error:
            return str(error)
        except WrapupError as error:
            if error.retryable:
                raise
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it lies in the way of all others
            return f"a fault of our own: {type(error).__name__}"
        return None

    def _read(self, message: Message, record: StreamRecord) -> None:
        call = self._call_of(message, record)
        if call is not None:
            call.read(message.offset, record, lambda _, why: self._refused(message, why))

    def _refused(self, message: Message, why: str) -> None:
        """On a thread of the call, which must not suffer from Kafka's being away."""
        try:
            self._bury(message, why)
        except WrapupError as error:
            log.warning("a stream was refused, and is buried nowhere: %s (%s)", why, error)

    def _call_of(self, message: Message, record: StreamRecord) -> LoggedCall | None:
        """The call of a record; None where it has none."""
        call_id = record.call_id
        call = self._here.get(call_id) or self._find(call_id, message.offset)
        if call is not None or call_id in self._over:
            return call
        if self._calls.is_over(call_id) is not None:
            self._remember(call_id)
            return None
        if not isinstance(record.content, Begun):
            self._bury(message, LATE)
            return None
        return self._put(self._begin(record.content.started, message.offset), call_id)

    def _begin(self, started: Started, offset: int) -> LoggedCall:
        call_id = started.info.call_id
        self.book.needs_from(call_id, offset)
        try:
            return self._calls.begin(started, self.book, offset)
        except Exception:
            self.book.give_up(call_id)
            raise

    def _find(self, call_id: str, offset: int) -> LoggedCall | None:
        """A call that was in progress elsewhere; None for another, and for one that cannot go on."""
        if call_id not in self._waiting:
            return None
        try:
            call = self._calls.go_on(call_id, self.book, offset)
        except UNUSABLE as error:
            if isinstance(error, StoreError) and error.retryable:
                raise
            log.error("call %s cannot go on and is closed: %s", call_id, type(error).__name__)
            self.book.event(call_id, CallClosed("closed", "failed", 0, "und"))
            del self._waiting[call_id]
            self._remember(call_id)
            return None
        del self._waiting[call_id]
        self._restored.append(call)
        return self._put(call, call_id)

    def _put(self, call: LoggedCall, call_id: str) -> LoggedCall:
        self._here[call_id] = call
        call.done.add_done_callback(lambda _: self._ended(call_id))
        return call

    def _ended(self, call_id: str) -> None:
        if not self.book.lost:
            self._remember(call_id)
        self._here.pop(call_id, None)

    def _read_all(self) -> None:
        restored, self._restored = self._restored, []
        for call in restored:
            call.read_all()

    def _remember(self, call_id: str) -> None:
        self._over[call_id] = None
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

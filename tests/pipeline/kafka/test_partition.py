"""Records of one partition, each to its call: what lies in the way is set aside, what may pass is tried."""

from __future__ import annotations

import pytest

from pipeline.doors.messages import CallInfo, Started
from pipeline.kafka.call import LoggedCall
from pipeline.kafka.ledger import Ledger, PartitionBook
from pipeline.kafka.partition import LATE, Message, Partition
from pipeline.kafka.records import Begun, CutOff, RecordError, StreamRecord
from pipeline.store.errors import StoreAwayError, StoreError
from tests.pipeline.clock import VirtualClock

BEGUN = Begun(Started(CallInfo("call", ("agent",)), (0,), 8_000))


class Desk:
    """Calls that can only begin to go wrong: `raises` is what happens to each record."""

    resume_s = 15.0
    full = False

    def __init__(self) -> None:
        self.raises: Exception | None = None
        self.over: bool | None = None
        self.record = StreamRecord("call", "call/1", 0, CutOff())

    def decode(self, message: Message) -> StreamRecord:
        if self.raises is not None:
            raise self.raises
        return self.record

    def is_over(self, call_id: str) -> bool | None:
        return self.over

    def begin(self, started: Started, book: PartitionBook, offset: int) -> LoggedCall:
        raise StoreError("no such column")

    def go_on(self, call_id: str, book: PartitionBook, offset: int) -> LoggedCall:
        raise ValueError("not a snapshot")


class Rig:
    """A partition from offset 10 on, and what it buried."""

    def __init__(self, *open_calls: str) -> None:
        self.calls = Desk()
        self.buried: list[tuple[int, str]] = []
        self.ledger = Ledger(None, None)  # type: ignore[arg-type]
        self.book = PartitionBook(self.ledger, 0, 1, 10)
        self.partition = Partition(self.book, self.calls, self._bury, open_calls, VirtualClock())

    def _bury(self, message: Message, why: str) -> None:
        self.buried.append((message.offset, why))

    def take(self, offset: int) -> None:
        self.partition.take(Message(offset, b"call", [], b""))


@pytest.mark.parametrize(
    ("raised", "why"),
    [
        (RecordError("no schema"), "no schema"),
        (StoreError("the database takes no such value"), "the database takes no such value"),
        (ZeroDivisionError("secret"), "a fault of our own: ZeroDivisionError"),
    ],
)
def test_a_record_that_can_never_be_read_is_buried_and_the_next_is_read(raised: Exception, why: str) -> None:
    rig = Rig()
    rig.calls.raises = raised
    rig.take(10)
    assert rig.buried == [(10, why)]
    assert (rig.partition.next_offset, rig.book.committable()) == (11, 11)


def test_what_may_pass_is_raised_and_the_record_can_be_given_again() -> None:
    rig = Rig()
    rig.calls.raises = StoreAwayError("away")
    with pytest.raises(StoreAwayError):
        rig.take(10)
    assert rig.partition.next_offset == 10
    rig.calls.raises = None
    rig.take(10)
    rig.take(10)
    assert rig.buried == [(10, LATE)]


def test_of_a_call_that_is_over_nothing_is_read_and_nothing_is_said() -> None:
    rig = Rig()
    rig.calls.over = True
    for offset in (10, 11):
        rig.take(offset)
    assert rig.buried == []
    assert rig.book.committable() == 12


def test_a_call_that_cannot_begin_holds_nothing_back() -> None:
    rig = Rig()
    rig.calls.record = StreamRecord("call", "call/1", 0, BEGUN)
    rig.take(10)
    assert rig.buried == [(10, "no such column")]
    assert rig.book.committable() == 11


def test_a_call_of_which_nothing_can_be_read_is_closed_and_an_open_one_holds_its_place() -> None:
    rig = Rig("call", "other")
    rig.take(10)
    assert rig.ledger.waiting == 1
    assert len(rig.partition) == 1
    assert rig.book.committable() == 10


def test_who_lost_the_partition_reads_nothing() -> None:
    rig = Rig()
    rig.partition.lose()
    rig.take(10)
    assert rig.partition.next_offset == 10

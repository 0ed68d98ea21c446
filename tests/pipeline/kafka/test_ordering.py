"""Events of many workers come by partition, and are told by their numbers."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.events import CallClosed, Partial
from pipeline.kafka.ordering import InOrder
from pipeline.kafka.told import decode_envelope, encode_envelope
from pipeline.live.feed import Envelope

AT = datetime(2026, 3, 2, tzinfo=UTC)
CLOSED = CallClosed("closed", "hangup", 16_000, "en")


def event(number: int | None) -> Envelope:
    return Envelope(number, "call", AT, CLOSED, "leeds")


@given(st.permutations(range(6, 16)), st.integers(0, 20))
def test_whatever_comes_first_all_are_told_in_order_and_once(order: list[int], last: int) -> None:
    ordering, told = InOrder(5), []
    for number in [*order, *order[:3], min(last, 5)]:
        told += [one.id for one in ordering.take(event(number))]
    assert told == list(range(6, 16))
    assert not ordering.misses


def test_what_never_comes_is_filled_from_the_store() -> None:
    ordering = InOrder(0)
    assert ordering.take(event(3)) == []
    assert ordering.take(event(5)) == []
    assert ordering.misses
    # Number 2 was of a call that is forgotten.
    assert [one.id for one in ordering.fill([event(1), event(3)])] == [1, 3]
    assert [one.id for one in ordering.take(event(4))] == [4, 5]
    assert ordering.fill([event(4), event(5)]) == []
    assert not ordering.misses


def test_partials_wait_for_nothing() -> None:
    ordering = InOrder(0)
    ordering.take(event(2))
    assert ordering.take(event(None)) == [event(None)]


def test_an_event_is_read_as_it_was_written() -> None:
    partial = Envelope(None, "call", AT, Partial(0, 1_600, 3_200, "so", "far"), None)
    for envelope in (event(7), partial):
        key, headers, value = encode_envelope(envelope)
        assert key == b"call"
        assert decode_envelope(headers, value) == envelope
    assert dict(encode_envelope(event(7))[1])["id"] == b"call/closed"

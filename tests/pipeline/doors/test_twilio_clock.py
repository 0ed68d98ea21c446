"""Where audio of media streams is on the call's clock: jitter, holes, repeats, and messages out of order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.types import RATE_HZ
from pipeline.doors.media_clock import WAIT_MESSAGES, Placed, Stamp, TrackClock
from pipeline.doors.messages import Ended
from tests.pipeline.doors.twilio_messages import (
    EPOCH_MS,
    STOP,
    chunks,
    l16,
    media,
    places,
    streaming,
)

FRAME = 160


def frame(number: int) -> np.ndarray:
    return np.full(FRAME, number / 1_000, np.float32)


def heard(placed: list[Placed]) -> list[tuple[int, float]]:
    """Place in frames, and the number that each frame says."""
    return [(one.at // FRAME, round(float(one.samples[0]) * 1_000)) for one in placed]


def clock(ordered: bool = True, at: int = 0) -> TrackClock:
    one = TrackClock(8_000, ordered)
    one.begin(at)
    return one


def test_tracks_have_clocks_of_their_own() -> None:
    door = streaming()
    for number in range(3):
        assert places(door.receive(media(number))) == [(number * FRAME, FRAME)]
    assert places(door.receive(media(0, track="outbound"))) == [(0, FRAME)]
    assert places(door.receive(media(1, track="outbound"))) == [(FRAME, FRAME)]


def test_one_count_for_both_tracks_is_as_good_as_two() -> None:
    door = streaming()
    for number in range(4):
        for behind, track in enumerate(("inbound", "outbound")):
            message = media(number, track=track, chunk=2 * number + behind + 1)
            assert places(door.receive(message)) == [(number * FRAME, FRAME)]


@pytest.mark.parametrize("jitter", [19, 20, 40])
def test_timestamps_that_jitter_open_no_holes_and_cost_no_audio(jitter: int) -> None:
    door = streaming()
    rng = np.random.default_rng(jitter)
    for number in range(200):
        ms = max(0, number * 20 + int(rng.integers(-jitter, jitter + 1)))
        assert places(door.receive(media(number, timestamp=ms))) == [(number * FRAME, FRAME)]


def test_up_to_40_ms_are_no_hole_and_more_is_one() -> None:
    door = streaming()
    door.receive(media(0))
    assert places(door.receive(media(1, timestamp=20 + 40))) == [(FRAME, FRAME)]
    assert places(door.receive(media(2, timestamp=40 + 41))) == [(81 * 8, FRAME)]


def test_lost_messages_become_holes_and_no_word_is_off_by_more_than_40_ms() -> None:
    door = streaming()
    rng = np.random.default_rng(3)
    until, lost = 0, 0
    for number in range(2_000):
        if rng.random() < 0.1:
            lost += 1
            continue
        ((at, size),) = places(door.receive(media(number)))
        assert at is not None
        assert at >= until
        assert abs(at - number * FRAME) <= 40 * 8
        until = at + size
    assert lost > 150


def test_a_track_that_begins_later_begins_where_it_says() -> None:
    assert places(streaming().receive(media(250, track="outbound"))) == [(5 * 8_000, FRAME)]


def test_timestamps_of_ordered_vendors_that_start_again_cost_no_audio() -> None:
    door = streaming()
    for number in range(50):
        door.receive(media(number))
    for number in range(50, 60):
        message = media(number, timestamp=(number - 50) * 20)
        assert places(door.receive(message)) == [(number * FRAME, FRAME)]


@pytest.mark.parametrize("vendor", ["twilio", "telnyx", "plivo"])
def test_a_message_that_comes_twice_is_heard_once(vendor: str) -> None:
    door = streaming(vendor)
    for number in range(40):
        assert len(chunks(door.receive(media(number, vendor=vendor)))) == 1
        assert door.receive(media(number, vendor=vendor)) == []
        assert door.receive(media(max(0, number - 5), vendor=vendor)) == []


def test_messages_without_numbers_are_heard_one_behind_the_other() -> None:
    door = streaming()
    for number in range(3):
        message = media(number, timestamp=None, chunk=None).replace("sequenceNumber", "other")
        assert places(door.receive(message)) == [(number * FRAME, FRAME)]


def test_unix_times_count_from_the_first_of_them() -> None:
    door = streaming("plivo", mediaFormat=l16())
    assert places(door.receive(media(0, bytes(640), vendor="plivo"))) == [(0, 320)]
    message = media(0, bytes(640), "outbound", "plivo", timestamp=str(EPOCH_MS - 7))
    assert places(door.receive(message)) == [(0, 320)]
    assert places(door.receive(media(50, bytes(640), vendor="plivo"))) == [(16_000, 320)]


@pytest.mark.parametrize("vendor", ["twilio", "telnyx", "plivo"])
def test_a_stream_that_joins_later_begins_where_the_call_is(vendor: str) -> None:
    door = streaming(vendor, from_samples=3 * RATE_HZ + 1, tracks=["outbound"])
    begin = 3 * 8_000 + 1
    assert places(door.receive(media(0, bytes(320), "outbound", vendor)))[0][0] == begin
    assert places(door.receive(media(100, bytes(320), "outbound", vendor)) + door.receive(STOP)[:-1])[0][
        0
    ] == (begin + 100 * FRAME)


def test_what_was_overtaken_is_put_where_it_belongs() -> None:
    one = clock(ordered=False)
    order = [1, 0, 3, 4, 2, 5, 8, 7, 6, 9]
    out = [piece for n in order for piece in one.hear(Stamp(n + 1, n + 1, n * 20), frame(n))]
    assert heard(out) == [(n, n) for n in range(10)]
    assert one.flush() == []


def test_nothing_is_kept_back_while_messages_come_in_order() -> None:
    shared, own, bare = clock(ordered=False), clock(ordered=False), clock(ordered=False)
    for n in range(30):
        assert heard(shared.hear(Stamp(2 * n, 2 * n, n * 20), frame(n))) == [(n, n)]
        assert heard(bare.hear(Stamp(None, None, n * 20), frame(n))) == [(n, n)]
        # With numbers that follow one another, times may be off by more than half a frame.
        assert heard(own.hear(Stamp(n, n, n * 20 + 15 * (n % 2)), frame(n))) == [(n, n)]


def test_a_lost_message_is_waited_for_and_then_a_hole() -> None:
    one = clock(ordered=False)
    out = one.hear(Stamp(0, 0, 0), frame(0))
    came = []
    for n in range(4, 20):
        pieces = one.hear(Stamp(n, n, n * 20), frame(n))
        came.append(len(pieces))
        out += pieces
    assert came == [0] * 10 + [11] + [1] * 5
    assert heard(out) == [(0, 0), *((n, n) for n in range(4, 20))]
    assert one.hear(Stamp(2, 2, 40), frame(2)) == []


def test_what_is_kept_back_is_bounded_by_number() -> None:
    one = clock(ordered=False)
    kept = [one.hear(Stamp(n, n, 1_000 + n), np.full(8, 0.5, np.float32)) for n in range(WAIT_MESSAGES + 1)]
    assert [len(pieces) for pieces in kept] == [0] * WAIT_MESSAGES + [WAIT_MESSAGES + 1]
    assert kept[-1][0].at == 8_000


def test_what_is_kept_back_is_bounded_by_its_length() -> None:
    one = clock(ordered=False)
    kept = [one.hear(Stamp(n, n, 1_000 + n * 30), np.full(240, 0.5, np.float32)) for n in range(8)]
    assert [len(pieces) for pieces in kept] == [0] * 6 + [7, 1]


def test_the_stop_gives_what_was_kept_back() -> None:
    door = streaming("telnyx")
    assert len(door.receive(media(0, vendor="telnyx"))) == 1
    assert door.receive(media(5, vendor="telnyx")) == []
    assert door.receive(media(4, vendor="telnyx")) == []
    assert door.receive(media(3, track="outbound", vendor="telnyx")) == []
    *audio, end = door.receive(STOP)
    assert end == Ended()
    assert places(audio) == [(4 * FRAME, FRAME), (5 * FRAME, FRAME), (3 * FRAME, FRAME)]


@given(st.permutations(range(9)), st.booleans())
def test_any_order_within_the_bound_is_the_same_audio(order: list[int], numbered: bool) -> None:
    one = clock(ordered=False, at=77)
    out = []
    for n in order:
        out += one.hear(Stamp(n, n if numbered else None, n * 20), frame(n))
    out += one.flush()
    assert [(piece.at - 77, round(float(piece.samples[0]) * 1_000)) for piece in out] == [
        (n * FRAME, n) for n in range(9)
    ]


stamps = st.builds(
    Stamp,
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 2_000) | st.integers(0, 2**53),
)


@given(
    st.booleans(), st.sampled_from([8_000, 16_000, 24_000]), st.lists(st.tuples(stamps, st.integers(1, 700)))
)
def test_whatever_comes_is_in_order_and_never_twice(
    ordered: bool, rate_hz: int, messages: list[tuple[Stamp, int]]
) -> None:
    one = TrackClock(rate_hz, ordered)
    one.begin(500)
    out, sent = [], 0
    for stamp, size in messages:
        out += one.hear(stamp, np.zeros(size, np.float32))
        sent += size
        assert len(one._waiting) <= WAIT_MESSAGES
        kept = sum(len(waiting.samples) for waiting in one._waiting)
        assert kept <= WAIT_MESSAGES * 700
    out += one.flush()
    until = 500
    for piece in out:
        assert piece.at >= until
        until = piece.at + len(piece.samples)
    assert sum(len(piece.samples) for piece in out) <= sent

"""Channels on the call's clock: repeated, lost and late audio."""

from __future__ import annotations

import numpy as np
import pytest

from models.types import RATE_HZ, Samples
from pipeline.live.tracks import Track


def tone(count: int) -> Samples:
    return np.sin(np.arange(count) / 5).astype(np.float32)


def joined(track: Track, chunks: list[tuple[int | None, Samples]]) -> tuple[Samples, int]:
    """All that came out, and how many samples of it stand for lost audio."""
    pieces = [piece for at, samples in chunks for piece in track.push(samples, at)]
    lost = sum(len(piece.samples) for piece in pieces if piece.lost)
    return np.concatenate([*(piece.samples for piece in pieces), track.end().samples]), lost


def test_repeated_and_overlapping_chunks_are_heard_once() -> None:
    audio = tone(800)
    once, _ = joined(Track(8_000, 0), [(0, audio)])
    cut = [
        (0, audio[:160]),
        (0, audio[:160]),
        (100, audio[100:320]),
        (160, audio[160:320]),
        (320, audio[320:]),
    ]
    twice, lost = joined(Track(8_000, 0), [*cut, (80, audio[80:90])])
    assert np.array_equal(once, twice)
    assert lost == 0


def test_a_hole_is_silence_of_its_length() -> None:
    audio = tone(16_000)
    whole = np.concatenate([audio[:4_000], np.zeros(8_000, np.float32), audio[12_000:]])
    expected, _ = joined(Track(8_000, 0), [(None, whole)])
    out, lost = joined(Track(8_000, 0), [(0, audio[:4_000]), (12_000, audio[12_000:])])
    assert np.array_equal(out, expected)
    assert abs(lost - 16_000) <= 40


def test_a_long_hole_comes_in_pieces() -> None:
    pieces = list(Track(8_000, 0).push(tone(10), 8_000 * 3_600))
    assert len(pieces) == 361
    assert max(len(piece.samples) for piece in pieces) <= 10 * RATE_HZ


def test_a_stream_may_begin_in_the_middle_of_its_call() -> None:
    track = Track(8_000, 32_001)
    assert track.ahead(16_001) == 0
    assert track.ahead(16_101) == 100
    assert [piece.lost for piece in track.push(tone(200), 16_000)] == [False]
    assert track.ahead(None) == 0


def test_a_stream_that_began_before_its_channel_is_heard_from_there_on() -> None:
    audio = tone(1_000)
    expected, _ = joined(Track(8_000, 0), [(None, audio[250:])])
    for size in (1, 100, 160, 251, 1_000):
        cut = [(None, audio[at : at + size]) for at in range(0, 1_000, size)]
        out, lost = joined(Track(8_000, 700, 200), cut)
        assert np.array_equal(out, expected)
        assert lost == 0


def test_placed_audio_needs_no_such_beginning() -> None:
    audio = tone(1_000)
    expected, _ = joined(Track(8_000, 0), [(None, audio[250:])])
    out, _ = joined(Track(8_000, 700, 200), [(100, audio)])
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("size", [7, 320, 100_000])
def test_nothing_of_a_muted_stretch_is_left(rate_hz: int, size: int) -> None:
    """Exactly what the same audio with silence in its place gives; positions and repeats change nothing."""
    audio = tone(2 * rate_hz)
    start, end = RATE_HZ // 2 + 1, RATE_HZ + 3
    silenced = audio.copy()
    silenced[start * rate_hz // RATE_HZ : -(-end * rate_hz // RATE_HZ)] = 0.0
    expected, _ = joined(Track(rate_hz, 0), [(None, silenced)])
    track = Track(rate_hz, 0)
    pieces = []
    for at in range(0, len(audio), size):
        place = None if at == 0 else at
        pieces += track.push(audio[at : at + size], place, [(start, end), (5 * RATE_HZ, 6 * RATE_HZ)])
        pieces += track.push(audio[at : at + size], at, [(start, end)])
    heard = np.concatenate([*(piece.samples for piece in pieces), track.end().samples])
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_the_place_of_what_comes_next() -> None:
    track = Track(8_000, RATE_HZ)
    assert track.place(None) == track.place(0) == RATE_HZ
    assert track.place(12_000) == 24_000
    list(track.push(tone(400), None))
    assert track.place(None) == track.place(8_100) == RATE_HZ + 800

"""Words are laid over the sound of a clip."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.asr.word_times import FRAME_SAMPLES, spread
from models.types import RATE_HZ, Samples


def bursts(*spans_s: tuple[float, float], duration_s: float = 4.0) -> Samples:
    rng = np.random.default_rng(0)
    clip = rng.normal(0, 1e-4, round(duration_s * RATE_HZ)).astype(np.float32)
    for start_s, end_s in spans_s:
        at = slice(round(start_s * RATE_HZ), round(end_s * RATE_HZ))
        clip[at] = rng.uniform(-0.3, 0.3, at.stop - at.start)
    return clip


@given(
    lengths=st.lists(st.integers(1, 30), max_size=40),
    samples=st.integers(0, 3 * RATE_HZ),
    seed=st.integers(0, 99),
    level=st.sampled_from([0.0, 1e-6, 0.1, 1.0]),
)
def test_words_lie_in_the_clip_in_order(lengths: list[int], samples: int, seed: int, level: float) -> None:
    clip = (np.random.default_rng(seed).normal(0, 1, samples) * level).astype(np.float32)
    times = spread(clip, lengths)
    assert len(times) == len(lengths)
    bounds = [edge for span in times for edge in span]
    assert bounds == sorted(bounds)
    assert all(0 <= edge <= samples for edge in bounds)


def test_one_word_spans_the_sound_and_not_the_silence() -> None:
    ((start, end),) = spread(bursts((1.0, 2.0)), [5])
    assert abs(start - RATE_HZ) <= FRAME_SAMPLES
    assert abs(end - 2 * RATE_HZ) <= FRAME_SAMPLES


def test_equal_words_share_two_bursts() -> None:
    first, second = spread(bursts((0.5, 1.0), (3.0, 3.5)), [4, 4])
    assert first[1] <= 1.1 * RATE_HZ
    assert second[0] >= 2.9 * RATE_HZ


def test_longer_words_take_longer() -> None:
    short, long = spread(bursts((0.5, 3.5)), [2, 10])
    assert 2.5 < (long[1] - long[0]) / (short[1] - short[0]) < 3.5


def test_nothing_to_lay_and_nowhere_to_lay_it() -> None:
    assert spread(bursts((0, 1)), []) == []
    assert spread(np.zeros(0, np.float32), [3, 3]) == [(0, 0), (0, 0)]

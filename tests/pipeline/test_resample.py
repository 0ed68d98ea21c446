"""The resampler beside scipy's own over the whole input, for any cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from models.types import RATE_HZ, Samples
from pipeline.resample import Resampler

RATES = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]


def noise(count: int) -> Samples:
    return np.random.default_rng(1).uniform(-1, 1, count).astype(np.float32)


def in_pieces(samples: Samples, rate_hz: int, size: int) -> Samples:
    resampler = Resampler(rate_hz)
    parts = [resampler.push(samples[at : at + size]) for at in range(0, len(samples), size)]
    return np.concatenate([*parts, resampler.end()])


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_whole_is_what_scipy_gives(rate_hz: int) -> None:
    samples = noise(rate_hz // 2 + 3)
    out = in_pieces(samples, rate_hz, len(samples))
    expected = resample_poly(samples, RATE_HZ, rate_hz)
    assert out.dtype == np.float32
    assert len(out) == len(expected) == -(-len(samples) * RATE_HZ // rate_hz)
    np.testing.assert_allclose(out, expected, atol=2e-5)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("size", [1, 7, 160, 320, 512])
def test_no_bit_depends_on_the_cut(rate_hz: int, size: int) -> None:
    samples = noise(3_001)
    assert np.array_equal(in_pieces(samples, rate_hz, size), in_pieces(samples, rate_hz, len(samples)))


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000])
def test_little_is_held_back(rate_hz: int) -> None:
    resampler = Resampler(rate_hz)
    given = sum(len(resampler.push(noise(rate_hz // 50))) for _ in range(50))
    assert RATE_HZ - given <= RATE_HZ * 0.002


def test_after_the_end() -> None:
    resampler = Resampler(8_000)
    resampler.push(noise(100))
    assert len(resampler.end()) > 0
    assert len(resampler.end()) == 0
    with pytest.raises(RuntimeError):
        resampler.push(noise(1))

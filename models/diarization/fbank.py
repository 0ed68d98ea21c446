"""Log mel filter banks as the speaker network was trained on them.

The recipe is Kaldi's `compute-fbank-feats` with a Hamming window, no dither and 80 bands from 20 Hz to half
the rate; frames of 25 ms every 10 ms, none beyond the end of the audio.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from models.types import RATE_HZ, Samples

FRAME_SAMPLES = 400
STEP_SAMPLES = 160
BANDS = 80

_FFT_SIZE = 512
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = 0.97
_INT16_SCALE = 32768.0


def filter_banks(samples: Samples) -> NDArray[np.float32]:
    """Features of shape (frames, BANDS) for samples of shape (n,), n >= FRAME_SAMPLES."""
    frames = sliding_window_view(samples, FRAME_SAMPLES)[::STEP_SAMPLES] * np.float32(_INT16_SCALE)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    emphasized = (frames - np.float32(_PRE_EMPHASIS) * before) * _window()
    power = np.abs(np.fft.rfft(emphasized, _FFT_SIZE)[:, : _FFT_SIZE // 2]) ** 2
    energy = power.astype(np.float32) @ _bands()
    return np.asarray(np.log(np.maximum(energy, np.finfo(np.float32).eps)), dtype=np.float32)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    return np.hamming(FRAME_SAMPLES).astype(np.float32)


@lru_cache(maxsize=1)
def _bands() -> NDArray[np.float32]:
    """Triangles that are evenly spaced in mel(f) = 1127 ln(1 + f / 700); shape (_FFT_SIZE / 2, BANDS)."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(RATE_HZ / 2), BANDS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    bins = _mel(np.arange(_FFT_SIZE // 2) * RATE_HZ / _FFT_SIZE)[:, None]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(1127 * np.log1p(np.asarray(hz) / 700), dtype=np.float64)

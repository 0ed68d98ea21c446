"""Where the words of a clip lie, for engines that do not say.

Words are laid one after the other over the parts of the clip that carry sound, each with a share by its
length in characters. That is an estimate: callers mark it as such.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.types import Samples

FRAME_SAMPLES = 160
"""Loudness is taken over 10 ms."""

ACTIVE_DB = 30.0
"""A frame carries sound when it is at most this far below the loudest frames (their 95th percentile)."""

OVER_FLOOR_DB = 6.0
"""... and at least this far above the quiet of the clip (its 10th percentile)."""

LETTERS_A_WORD = 2.0
"""Added to the length of each word: short words take longer than their letters say."""


def spread(clip: Samples, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Start and end of each word in samples, within the clip; starts do not decrease, words do not overlap.

    `clip` has shape (n,), `lengths` holds the characters of each word.
    """
    if not lengths or not len(clip):
        return [(0, 0)] * len(lengths)
    shares = np.cumsum([0.0, *(length + LETTERS_A_WORD for length in lengths)])
    active = np.flatnonzero(_carries_sound(clip))
    places = shares / shares[-1] * len(active)
    first = np.minimum(np.floor(places[:-1]).astype(np.int64), len(active) - 1)
    last = np.clip(np.ceil(places[1:]).astype(np.int64) - 1, first, len(active) - 1)
    starts = _at(active, first, places[:-1] - first, len(clip))
    ends = _at(active, last, places[1:] - last, len(clip))
    return [(start, max(start, end)) for start, end in zip(starts, ends, strict=True)]


def _at(
    active: NDArray[np.int64], frame: NDArray[np.int64], part: NDArray[np.float64], limit: int
) -> list[int]:
    samples = (active[frame] + np.clip(part, 0.0, 1.0)) * FRAME_SAMPLES
    return [min(int(sample), limit) for sample in samples]


def _carries_sound(clip: Samples) -> NDArray[np.bool_]:
    frames = -(-len(clip) // FRAME_SAMPLES)
    padded = np.zeros(frames * FRAME_SAMPLES, dtype=np.float32)
    padded[: len(clip)] = clip
    power = np.square(padded.reshape(frames, FRAME_SAMPLES)).mean(axis=1)
    decibels = 10.0 * np.log10(power + 1e-12)
    loud, quiet = np.percentile(decibels, [95, 10])
    found: NDArray[np.bool_] = decibels >= max(loud - ACTIVE_DB, min(quiet + OVER_FLOOR_DB, loud))
    return found

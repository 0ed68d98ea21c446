"""G.711: mu-law and A-law bytes as samples and back, by table (ITU-T G.711, tables 1a and 2a)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.types import Samples

Law = Literal["mulaw", "alaw"]

_FULL_SCALE = 32_768.0


def decode(data: bytes, law: Law) -> Samples:
    """One sample a byte, shape (len(data),), float32 in [-1, 1)."""
    return _TABLES[law][np.frombuffer(data, np.uint8)]


def encode(samples: Samples, law: Law) -> bytes:
    """One byte a sample, shape (n,): the code of the nearest value."""
    levels, codes = _LEVELS[law]
    return codes[np.searchsorted((levels[:-1] + levels[1:]) / 2, samples)].tobytes()


def _mulaw_table() -> NDArray[np.float32]:
    code = ~np.arange(256, dtype=np.uint8)
    exponent = (code >> 4) & 0x07
    mantissa = (code & 0x0F).astype(np.int32)
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return (np.where(code & 0x80, -magnitude, magnitude) / _FULL_SCALE).astype(np.float32)


def _alaw_table() -> NDArray[np.float32]:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent = ((code >> 4) & 0x07).astype(np.int32)
    mantissa = (code & 0x0F).astype(np.int32)
    linear = (mantissa << 4) + 8
    magnitude = np.where(exponent > 0, (linear + 0x100) << np.maximum(exponent - 1, 0), linear)
    return (np.where(code & 0x80, magnitude, -magnitude) / _FULL_SCALE).astype(np.float32)


_TABLES = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}


def _sorted(table: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The values of a table, rising, and their codes; of mu-law's two zeros 0xFF, its silence."""
    levels, last = np.unique(table[::-1], return_index=True)
    return levels, (255 - last).astype(np.uint8)


_LEVELS = {law: _sorted(table) for law, table in _TABLES.items()}

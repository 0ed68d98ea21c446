"""G.711: mu-law and A-law bytes as samples, by table (ITU-T G.711, tables 1a and 2a)."""

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
    """The code of the nearest value for each sample, shape (n,), in [-1, 1]; louder ones get the loudest."""
    codes, bounds = _INVERSES[law]
    return codes[np.searchsorted(bounds, samples)].tobytes()


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


def _inverse(table: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Codes by rising value, and the bounds half way between their values. Of two zeros the last code's."""
    # np.unique gives the first place of each value: from behind, that is the highest code.
    values, places = np.unique(table[::-1], return_index=True)
    codes = (255 - places).astype(np.uint8)
    return codes, ((values[:-1] + values[1:]) / 2).astype(np.float32)


_INVERSES = {law: _inverse(table) for law, table in _TABLES.items()}

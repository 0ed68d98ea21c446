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
    """The nearest code of each sample, shape (n,); what is beyond full scale is the loudest there is."""
    borders, codes = _CODES[law]
    return codes[np.searchsorted(borders, samples)].tobytes()


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


_TABLES: dict[Law, NDArray[np.float32]] = {"mulaw": _mulaw_table(), "alaw": _alaw_table()}


def _codes(law: Law) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Codes by rising value, and where one ends and the next begins. Of two zeros it is the positive one."""
    values, last = np.unique(_TABLES[law][::-1], return_index=True)
    return (values[1:] + values[:-1]) / 2, (255 - last).astype(np.uint8)


_CODES = {law: _codes(law) for law in _TABLES}

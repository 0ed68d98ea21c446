"""What a client of Wrapup's own door sends."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from models.types import Samples
from pipeline.doors.own import POSITION_BYTES, OwnDoor

HELLO: dict[str, Any] = {
    "type": "hello",
    "rate_hz": 8_000,
    "encoding": "mulaw",
    "channels": ["agent", "customer"],
}


def hello(**fields: Any) -> str:
    """The hello, with other or more fields."""
    return json.dumps({**HELLO, **fields})


def control(kind: str, **fields: Any) -> str:
    """A control."""
    return json.dumps({"type": kind, **fields})


def greeted(**fields: Any) -> OwnDoor:
    """A door that has heard the hello."""
    door = OwnDoor("call-1")
    door.receive(hello(**fields))
    return door


def position(at: int) -> bytes:
    """The eight bytes before placed audio."""
    return at.to_bytes(POSITION_BYTES, "big")


def l16(block: Samples) -> bytes:
    """Samples of shape (channels, n) as interleaved 16-bit little endian."""
    return np.round(block.T * 32_768.0).clip(-32_768, 32_767).astype("<i2").tobytes()

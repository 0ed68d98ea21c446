"""What Deepgram's clients send, and what they are told."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from models.types import RATE_HZ, Word
from pipeline.core.events import Partial, UtteranceFinal
from pipeline.doors.deepgram import DeepgramDoor, DeepgramGate
from pipeline.doors.messages import Answer, Closing, DoorOutput, Opened, Reply, Started, Upgrade
from pipeline.doors.metadata import DoorSettings

RAW = [("encoding", "linear16"), ("sample_rate", "16000")]
STEREO = [*RAW, ("channels", "2"), ("multichannel", "true")]
AT_S = 1_772_443_921.25
REQUEST = "00000000-0000-4000-8000-000000000001"
SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Pairs = Sequence[tuple[str, str]]


def gate(settings: DoorSettings | None = None) -> DeepgramGate:
    """A gate whose requests all have one name."""
    return DeepgramGate(settings, lambda: REQUEST)


def upgrade(query: Pairs = RAW, site: str | None = None, **headers: str) -> Upgrade:
    """An opening request; names of headers with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Upgrade(f"wss://calls.example.org/v1/listen?{urlencode(query)}", named, AT_S, site)


def opened(query: Pairs = RAW, settings: DoorSettings | None = None, site: str | None = None) -> DeepgramDoor:
    """A connection that was let in."""
    found = gate(settings).open(upgrade(query, site))
    assert isinstance(found, Opened)
    assert isinstance(found.door, DeepgramDoor)
    return found.door


def begun(query: Pairs = RAW) -> DeepgramDoor:
    """A door that has begun its stream."""
    door = opened(query)
    assert isinstance(door.receive(control("KeepAlive"))[0], Started)
    return door


def control(kind: str, **fields: Any) -> str:
    """A control."""
    return json.dumps({"type": kind, **fields})


def said(outputs: Sequence[DoorOutput] | Sequence[Answer]) -> list[dict[str, Any]]:
    """The messages among these."""
    return [json.loads(output.message) for output in outputs if isinstance(output, Reply)]


def closing(outputs: Sequence[DoorOutput] | Sequence[Answer]) -> Closing:
    """The last of these, which closes."""
    assert isinstance(outputs[-1], Closing)
    return outputs[-1]


def samples(seconds: float) -> int:
    """So many samples of the call's clock."""
    return round(seconds * RATE_HZ)


def word(text: str, start_s: float, end_s: float, confidence: float | None = 0.5) -> Word:
    """A word at these seconds."""
    return Word(text, samples(start_s), samples(end_s), confidence)


def final(*words: Word, channel: int = 0, speaker: str = "S1", start_s: float = 1.0) -> UtteranceFinal:
    """An utterance of two seconds."""
    start = samples(start_s)
    return UtteranceFinal(f"u{start}", channel, speaker, start, start + samples(2.0), words, "en", ())


def partial(text: str, start_s: float = 1.0, end_s: float = 2.0, channel: int = 0) -> Partial:
    """Text of speech that goes on."""
    return Partial(channel, samples(start_s), samples(end_s), "", text)


def wav_head(
    tag: int = 1, channels: int = 1, rate_hz: int = 16_000, bits: int = 16, before: bytes = b""
) -> bytes:
    """All of a WAV file that comes before its audio."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate_hz, rate_hz * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + before
    return b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunks + b"data" + struct.pack("<I", 0)


def l16(block: Any) -> bytes:
    """Samples of shape (channels, n) as interleaved 16-bit little endian."""
    scaled = np.round(np.asarray(block, np.float32).T * 32_768.0)
    return scaled.clip(-32_768, 32_767).astype("<i2").tobytes()

"""The head of a WAV stream, as it comes in pieces (RIFF, as in RFC 2361 and Microsoft's `WAVEFORMATEX`)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["linear16", "mulaw", "alaw"]

BYTES_A_SAMPLE: dict[Encoding, int] = {"linear16": 2, "mulaw": 1, "alaw": 1}

LOWEST_HZ = 8_000
HIGHEST_HZ = 96_000
MAX_CHANNELS = 2

HEAD_BYTES = 65_536
"""What may come before the audio: names and dates of a file, at most."""

_SUPPORTED = "expected a WAV stream of 16-bit PCM, mu-law or A-law"
_EXTENSIBLE = 0xFFFE
_KINDS: dict[tuple[int, int], Encoding] = {(1, 16): "linear16", (6, 8): "alaw", (7, 8): "mulaw"}
"""Format tag and bits of a sample."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How samples lie in bytes: interleaved channels; `linear16` is signed and little endian."""

    encoding: Encoding
    rate_hz: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return BYTES_A_SAMPLE[self.encoding] * self.channels


class WavHead:
    """Takes bytes until the audio begins; what its chunk says of its length is not looked at."""

    def __init__(self) -> None:
        self._head = b""

    def push(self, data: bytes) -> tuple[AudioFormat, bytes] | None:
        """The format and the first bytes of the audio, or None while the head goes on.

        Raises ValueError, in words for the client, for what is no such stream. Not to be called after that,
        nor after the format is known.
        """
        self._head += data
        head = self._head
        if head[:4] != b"RIFF"[: len(head)] or head[8:12] != b"WAVE"[: max(len(head) - 8, 0)]:
            raise ValueError(_SUPPORTED)
        found: AudioFormat | None = None
        at = 12
        while len(head) >= at + 8:
            name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
            begin, at = at + 8, at + 8 + size + size % 2
            if name == b"data":
                if found is None:
                    raise ValueError(_SUPPORTED)
                return found, head[begin:]
            if at > HEAD_BYTES:
                raise ValueError(f"expected the audio within the first {HEAD_BYTES} bytes")
            if name == b"fmt " and len(head) >= begin + size:
                found = _format(head[begin : begin + size])
        return None


def _format(chunk: bytes) -> AudioFormat:
    if len(chunk) < 16:
        raise ValueError(_SUPPORTED)
    tag, channels, rate_hz, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        # The first two bytes of the subformat are the tag that it stands for.
        tag = int.from_bytes(chunk[24:26], "little")
    encoding = _KINDS.get((tag, bits))
    if encoding is None:
        raise ValueError(_SUPPORTED)
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"expected 1 or {MAX_CHANNELS} channels")
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise ValueError(f"expected a sample rate of {LOWEST_HZ} to {HIGHEST_HZ}")
    return AudioFormat(encoding, rate_hz, channels)

"""Audio of a record: G.711 where that is all there was to it, else FLAC of 16 bits."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

import av
import numpy as np
from numpy.typing import NDArray

from models.types import Samples
from pipeline.doors import g711

Encoding = Literal["mulaw", "alaw", "flac"]

LAWS: Mapping[str, g711.Law] = {law: law for law in get_args(g711.Law)}

LONGEST_S = 10.0
"""Of one record; chunks are of 0.2 to 1 s."""

_FULL_SCALE = 32_768.0
_LAYOUTS = {1: "mono", 2: "stereo"}
_LENGTH = struct.Struct(">I")


class SoundError(ValueError):
    """Bytes that are no audio of the length and rate that they should have."""


def pack(samples: Samples, rate_hz: int) -> tuple[Encoding, bytes]:
    """Audio, shape (channels, n) with one or two channels, float32 in [-1, 1], as bytes.

    What came in as G.711 or in 16 bits comes out of `unpack` as it was.
    """
    for law in LAWS.values():
        coded = g711.encode(samples.reshape(-1), law)
        if np.array_equal(g711.decode(coded, law), samples.reshape(-1)):
            return law, coded
    return "flac", _flac(np.clip(np.rint(samples * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1), rate_hz)


def unpack(data: bytes, encoding: str, channels: int, rate_hz: int) -> Samples:
    """The audio, shape (channels, n). Raises `SoundError`."""
    law = LAWS.get(encoding)
    if law is not None:
        if len(data) % channels:
            raise SoundError("channels of different lengths")
        samples = g711.decode(data, law).reshape(channels, -1)
    elif encoding == "flac":
        samples = _of_flac(data, channels)
    else:
        raise SoundError("expected the encoding mulaw, alaw or flac")
    if samples.shape[1] > LONGEST_S * rate_hz:
        raise SoundError(f"more than {LONGEST_S:.0f} s of audio in a record")
    return samples


def _flac(values: NDArray[np.float32], rate_hz: int) -> bytes:
    """FLAC's STREAMINFO and frames, each after its length."""
    channels = len(values)
    codec = av.CodecContext.create("flac", "w")
    codec.sample_rate, codec.layout, codec.format = rate_hz, _LAYOUTS[channels], "s16"
    codec.open()
    packets = []
    for begin in range(0, values.shape[1], codec.frame_size):
        piece = values[:, begin : begin + codec.frame_size].T.astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(piece).reshape(1, -1), format="s16", layout=_LAYOUTS[channels]
        )
        frame.sample_rate, frame.pts = rate_hz, begin
        packets += codec.encode(frame)
    packets += codec.encode(None)
    parts = [bytes(codec.extradata or b""), *(bytes(packet) for packet in packets)]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts if part)


def _of_flac(data: bytes, channels: int) -> Samples:
    information, *packets = list(_parts(data)) or [b""]
    codec = av.CodecContext.create("flac", "r")
    codec.extradata = information
    try:
        frames = [frame for packet in packets for frame in codec.decode(av.Packet(packet))]
        frames += codec.decode(None)
    except (av.FFmpegError, ValueError) as error:
        raise SoundError("no FLAC") from error
    if any(len(frame.layout.channels) != channels or frame.format.name != "s16" for frame in frames):
        raise SoundError(f"FLAC of other than {channels} channels of 16 bits")
    pieces = [frame.to_ndarray().reshape(-1, channels) for frame in frames]
    whole = np.concatenate(pieces) if pieces else np.zeros((0, channels), np.int16)
    return np.ascontiguousarray(whole.T).astype(np.float32) / np.float32(_FULL_SCALE)


def _parts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        if at + _LENGTH.size > len(data):
            raise SoundError("cut off")
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if not length or at + length > len(data):
            raise SoundError("cut off")
        yield data[at : at + length]
        at += length

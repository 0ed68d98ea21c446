"""G.711 by table, against another decoder."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.doors.g711 import Law, decode, encode


@pytest.mark.parametrize(("law", "tag"), [("mulaw", 7), ("alaw", 6)])
def test_all_codes_agree_with_ffmpeg(tmp_path: Path, law: Law, tag: int) -> None:
    codes = bytes(range(256))
    header = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + 256, b"WAVE", b"fmt ", 16, tag, 1, 8_000, 8_000, 1, 8
    )
    path = tmp_path / "codes.wav"
    path.write_bytes(header + b"data" + struct.pack("<I", 256) + codes)
    with av.open(str(path)) as container:
        expected = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    assert (decode(codes, law) * 32_768).astype(int).tolist() == expected.tolist()


def test_no_bytes_are_no_samples() -> None:
    assert decode(b"", "mulaw").shape == (0,)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_what_was_encoded_is_decoded_to_the_same(law: Law) -> None:
    samples = decode(bytes(range(256)), law)
    assert np.array_equal(decode(encode(samples, law), law), samples)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_the_nearest_code_is_taken(law: Law) -> None:
    samples = np.linspace(-1.2, 1.2, 5_001, dtype=np.float32)
    table = decode(bytes(range(256)), law)
    nearest = np.abs(samples[:, None] - table[None, :]).min(axis=1)
    assert np.allclose(np.abs(samples - decode(encode(samples, law), law)), nearest, atol=1e-7)


def test_silence_is_the_code_that_lines_carry() -> None:
    assert encode(np.zeros(3, np.float32), "mulaw") == b"\xff\xff\xff"
    assert encode(np.zeros(0, np.float32), "mulaw") == b""

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
def test_encoding_takes_the_nearest_value(law: Law) -> None:
    values = decode(bytes(range(256)), law)
    samples = np.linspace(-1.2, 1.2, 20_001, dtype=np.float32)
    chosen = decode(encode(samples, law), law)
    nearest = np.abs(samples[:, None] - values[None, :]).min(axis=1)
    assert np.allclose(np.abs(samples - chosen), nearest, atol=1e-6)


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_what_was_decoded_is_encoded_again(law: Law) -> None:
    values = decode(bytes(range(256)), law)
    assert np.array_equal(decode(encode(values, law), law), values)


def test_silence_is_the_code_that_telephones_send_for_it() -> None:
    assert encode(np.zeros(2, np.float32), "mulaw") == b"\xff\xff"
    assert encode(np.zeros(0, np.float32), "alaw") == b""

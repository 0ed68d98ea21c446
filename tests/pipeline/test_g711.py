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
def test_what_was_decoded_is_encoded_to_the_same_bytes(law: Law) -> None:
    codes = bytes(range(256))
    # Mu-law has two zeros.
    expected = codes.replace(b"\x7f", b"\xff") if law == "mulaw" else codes
    assert encode(decode(codes, law), law) == expected


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_any_sample_gets_the_code_that_is_nearest(law: Law) -> None:
    samples = np.linspace(-1.1, 1.1, 9_001, dtype=np.float32)
    every = decode(bytes(range(256)), law)
    nearest = np.abs(samples[:, None] - every[None, :]).min(axis=1)
    assert np.array_equal(np.abs(decode(encode(samples, law), law) - samples), nearest)


def test_no_samples_are_no_bytes() -> None:
    assert encode(np.zeros(0, np.float32), "alaw") == b""

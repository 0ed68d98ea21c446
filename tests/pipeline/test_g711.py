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
def test_each_code_is_the_nearest_to_its_own_value(law: Law) -> None:
    codes = bytes(range(256))
    again = encode(decode(codes, law), law)
    assert decode(again, law).tolist() == decode(codes, law).tolist()
    # Of the two zeros of mu-law the one that is silence on the line.
    assert sum(one != other for one, other in zip(codes, again, strict=True)) == (law == "mulaw")
    assert encode(np.zeros(2, np.float32), "mulaw") == b"\xff\xff"


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
def test_no_code_is_nearer_than_the_one_taken(law: Law) -> None:
    samples = np.random.default_rng(5).uniform(-1.1, 1.1, 2_000).astype(np.float32)
    levels = decode(bytes(range(256)), law)
    error = np.abs(decode(encode(samples, law), law) - samples)
    assert np.allclose(error, np.abs(levels[None, :] - samples[:, None]).min(axis=1), atol=1e-6)
    assert encode(np.zeros(0, np.float32), law) == b""

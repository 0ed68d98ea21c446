"""G.711 by table, against another decoder."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.doors.g711 import Law, decode


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

"""The head of a WAV stream, however it is cut."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.doors.wav import HEAD_BYTES, AudioFormat, Encoding, WavHead
from tests.pipeline.doors.deepgram_messages import wav_head

LIST = b"LIST" + struct.pack("<I", 5) + b"INFO?\0"
"""A chunk of odd length, and the byte that makes it even."""


@pytest.mark.parametrize(("tag", "bits", "encoding"), [(1, 16, "linear16"), (7, 8, "mulaw"), (6, 8, "alaw")])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_the_format_is_known_once_the_audio_begins(
    tag: int, bits: int, encoding: Encoding, channels: int, size: int
) -> None:
    head = wav_head(tag, channels, 8_000, bits, before=LIST)
    data = head + b"audio"
    parser = WavHead()
    found = None
    at = 0
    while found is None:
        found = parser.push(data[at : at + size])
        at += size
    audio, rest = found
    assert audio == AudioFormat(encoding, 8_000, channels)
    assert rest + data[at:] == b"audio"


def test_an_extensible_format_says_which_it_is_further_on() -> None:
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 16_000, 64_000, 4, 16, 22, 16, 3, 1) + b"\0" * 14
    head = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data\0\0\0\0"
    assert WavHead().push(head) == (AudioFormat("linear16", 16_000, 2), b"")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ID3\x04", "16-bit PCM"),
        (b"OggS", "16-bit PCM"),
        (b"\0", "16-bit PCM"),
        (b"RIFF\0\0\0\0AVI ", "16-bit PCM"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "16-bit PCM"),
        (b"RIFF\0\0\0\0WAVEfmt \4\0\0\0\0\0\0\0", "16-bit PCM"),
        (wav_head(bits=24), "16-bit PCM"),
        (wav_head(tag=3, bits=32), "16-bit PCM"),
        (wav_head(channels=3), "1 or 2 channels"),
        (wav_head(channels=0), "1 or 2 channels"),
        (wav_head(rate_hz=4_000), "a sample rate of 8000 to 96000"),
        (b"RIFF\0\0\0\0WAVEJUNK\xff\xff\xff\x7f", f"within the first {HEAD_BYTES} bytes"),
    ],
)
def test_what_is_no_such_stream(data: bytes, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        WavHead().push(data)


@given(st.binary(max_size=200) | st.builds(lambda rest: b"RIFF\0\0\0\0WAVE" + rest, st.binary(max_size=200)))
def test_any_bytes(data: bytes) -> None:
    try:
        found = WavHead().push(data)
    except ValueError:
        return
    assert found is None or data.endswith(found[1])

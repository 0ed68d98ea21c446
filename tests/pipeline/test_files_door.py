"""Audio files of every kind become blocks at one rate; bad ones become one clear line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.types import RATE_HZ, Samples
from pipeline.doors.files import Truncated, blocks, find_audio, probe
from tests.pipeline.audio_files import tone, write_audio


def decoded(path: Path) -> Samples:
    return np.concatenate(list(blocks(probe(path))), axis=1)


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz", "tolerance_s"),
    [
        ("a.wav", "pcm_s16le", 8_000, 0.0),
        ("a.wav", "pcm_mulaw", 8_000, 0.0),
        ("a.wav", "pcm_alaw", 8_000, 0.0),
        ("a.wav", "pcm_f32le", 44_100, 0.001),
        ("a.flac", "flac", 48_000, 0.001),
        ("a.mp3", "mp3", 44_100, 0.1),
        ("a.m4a", "aac", 44_100, 0.1),
        ("a.ogg", "libopus", 48_000, 0.1),
        ("a.opus", "libopus", 16_000, 0.1),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_kind_of_file(
    tmp_path: Path, name: str, codec: str, rate_hz: int, tolerance_s: float, channels: int
) -> None:
    tones = [tone(2.0, rate_hz, hz) for hz in (440.0, 700.0)[:channels]]
    audio = decoded(write_audio(tmp_path / name, tones, rate_hz, codec))
    assert audio.dtype == np.float32
    assert audio.shape[0] == channels
    assert audio.shape[1] / RATE_HZ == pytest.approx(2.0, abs=tolerance_s + 1 / RATE_HZ)
    middle = audio[:, RATE_HZ // 2 : RATE_HZ]
    peaks = np.argmax(np.abs(np.fft.rfft(middle, axis=1)), axis=1) * 2
    assert peaks.tolist() == [440, 700][:channels]


def test_two_channels_with_one_signal_are_one_channel(tmp_path: Path) -> None:
    same = tone(1.0, 16_000)
    assert probe(write_audio(tmp_path / "dual.wav", [same, same], 16_000)).channels == 1
    other = same.copy()
    other[-100:] = 0.0
    assert probe(write_audio(tmp_path / "stereo.wav", [same, other], 16_000)).channels == 2


def test_text_that_is_named_wav(tmp_path: Path) -> None:
    path = tmp_path / "note.wav"
    path.write_text("this is no audio\n" * 50)
    with pytest.raises(InputError, match=r"note\.wav: not an audio file"):
        probe(path)


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(InputError, match=r"empty\.wav: the file is empty"):
        probe(path)


def test_six_channels(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "surround.wav", [tone(0.2, 96_000)] * 6, 96_000)
    with pytest.raises(InputError, match=r"surround\.wav: 6 channels"):
        probe(path)


@pytest.fixture
def nobody() -> Iterator[None]:
    """Without root's right to read everything."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65_534)
    yield
    os.seteuid(was)


def test_a_file_without_permission(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = write_audio(tmp_path / "locked.wav", [tone(0.2, 8_000)], 8_000)
    path.chmod(0)
    request.getfixturevalue("nobody")
    with pytest.raises(InputError, match=r"locked\.wav: cannot be read \(Permission denied\)"):
        probe(path)


@pytest.mark.parametrize(("name", "codec"), [("cut.wav", "pcm_s16le"), ("cut.flac", "flac")])
def test_a_file_that_was_cut_off_gives_what_it_has(tmp_path: Path, name: str, codec: str) -> None:
    path = write_audio(tmp_path / name, [tone(4.0, 16_000)], 16_000, codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    heard = 0
    with pytest.raises(Truncated):
        for block in blocks(probe(path)):
            heard += block.shape[1]
    assert 1.0 < heard / RATE_HZ < 3.0


def test_a_header_without_audio(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "header.wav", [tone(1.0, 16_000)], 16_000)
    path.write_bytes(path.read_bytes()[:78])
    with pytest.raises(InputError, match=r"header\.wav: "):
        decoded(path)


def test_a_play_list_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.wav\n")
    with pytest.raises(InputError, match="not an audio file"):
        probe(path)


def test_folders_are_searched_and_named_files_taken_as_they_are(tmp_path: Path) -> None:
    inner = tmp_path / "b"
    inner.mkdir()
    first = write_audio(tmp_path / "1.wav", [tone(0.1, 8_000)], 8_000)
    second = inner / "2.OGG"
    second.touch()
    odd = tmp_path / "call.raw"
    odd.touch()
    assert find_audio([tmp_path, odd, first]) == [first, second, odd]


def test_a_folder_without_audio(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="no audio files in this folder"):
        find_audio([tmp_path])


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        find_audio([tmp_path / "nowhere"])

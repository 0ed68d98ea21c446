"""The buffer that jobs cut from, and the ear."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import registry
from models.errors import EngineError
from models.ports import VAD_WINDOW_SAMPLES, VoiceActivityStream
from models.types import RATE_HZ, Samples
from pipeline.audio import ChannelBuffer, Ear, EarState
from pipeline.doors.files import blocks, probe
from tests.conftest import ROOT


class CountingVoice:
    """Scores a window by its loudness and the number of windows heard: order and state show."""

    version = "counting"

    def __init__(self) -> None:
        self.windows = 0

    def open(self) -> VoiceActivityStream:
        return self

    def score(self, windows: Samples) -> NDArray[np.float32]:
        numbers = self.windows + np.arange(len(windows))
        self.windows += len(windows)
        return (np.abs(windows).max(axis=1) + numbers).astype(np.float32)


@given(sizes=st.lists(st.integers(0, 50), min_size=1, max_size=20), data=st.data())
def test_a_cut_is_what_was_appended(sizes: list[int], data: st.DataObject) -> None:
    audio = np.arange(sum(sizes), dtype=np.float32)
    buffer = ChannelBuffer()
    at = 0
    for size in sizes:
        buffer.append(audio[at : at + size])
        at += size
    start = data.draw(st.integers(0, len(audio)))
    end = data.draw(st.integers(start, len(audio)))
    buffer.drop_before(start)
    assert len(buffer) <= len(audio)
    if end > start:
        assert buffer.cut(start, end).tolist() == audio[start:end].tolist()


def test_dropped_audio_cannot_be_cut() -> None:
    buffer = ChannelBuffer()
    for _ in range(3):
        buffer.append(np.zeros(10, np.float32))
    buffer.drop_before(15)
    assert len(buffer) == 20
    with pytest.raises(LookupError):
        buffer.cut(5, 12)
    with pytest.raises(LookupError):
        buffer.cut(20, 31)


@pytest.mark.parametrize("size", [1, 7, 160, 320, 512, 100_000])
def test_scores_do_not_depend_on_the_cut(size: int) -> None:
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 0.1, 20_000).astype(np.float32)
    audio[6_000:9_000] = 0.0
    whole = Ear(0, CountingVoice())
    expected = whole.push(audio).scores + whole.end().scores
    ear = Ear(0, CountingVoice())
    scores: tuple[float, ...] = ()
    heard = 0
    for at in range(0, len(audio), size):
        piece = ear.push(audio[at : at + size])
        scores += piece.scores
        heard += piece.samples
    assert scores + ear.end().scores == expected
    assert heard == len(audio)
    assert len(expected) == -(-len(audio) // VAD_WINDOW_SAMPLES)


def test_silence_never_reaches_the_engine() -> None:
    voice = CountingVoice()
    heard = Ear(1, voice).push(np.full(16_000, 1e-4, np.float32))
    assert voice.windows == 0
    assert set(heard.scores) == {0.0}


def test_the_engine_hears_a_little_after_the_last_loud_window() -> None:
    voice = CountingVoice()
    audio = np.zeros(512 * 40, np.float32)
    audio[: 512 * 2] = 0.5
    Ear(0, voice).push(audio)
    assert voice.windows == 2 + 15


def test_an_ear_goes_on_bit_by_bit_where_another_one_was() -> None:
    engine = registry.engine("voice", "silero")
    spoken = next(blocks(probe(ROOT / "sample_calls" / "12-hang-up.flac")))[0][: 9 * RATE_HZ]
    cut = 5 * RATE_HZ + 333
    whole, first = Ear(0, engine), Ear(0, engine)
    scores = whole.push(spoken).scores
    before = first.push(spoken[:cut]).scores
    again = Ear(0, engine, cut, spoken[cut - VAD_WINDOW_SAMPLES : cut], first.state())
    assert before + again.push(spoken[cut:]).scores == scores


def test_the_state_of_another_engine_is_refused() -> None:
    with pytest.raises(EngineError, match="no state"):
        Ear(0, registry.engine("voice", "silero"), 512, np.zeros(512, np.float32), EarState(0, "AAAA"))

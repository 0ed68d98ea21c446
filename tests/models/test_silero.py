"""Voice activity: independent of grouping, equal to the package's own."""

from __future__ import annotations

import numpy as np
import pytest

from models import registry
from models.errors import ConfigError, EngineError
from models.ports import VAD_WINDOW_SAMPLES, VoiceActivity
from models.types import RATE_HZ, Samples
from pipeline.doors.files import blocks, probe
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def engine() -> VoiceActivity:
    found: VoiceActivity = registry.engine("voice", "silero")
    return found


@pytest.fixture(scope="module")
def windows() -> Samples:
    """Ten seconds of a sample call's agent."""
    call = np.concatenate(list(blocks(probe(ROOT / "sample_calls" / "01-overdraft-refund.flac"))), axis=1)
    count = 10 * RATE_HZ // VAD_WINDOW_SAMPLES
    return call[0, : count * VAD_WINDOW_SAMPLES].reshape(count, VAD_WINDOW_SAMPLES)


@pytest.mark.parametrize("size", [1, 3, 31, 64])
def test_grouping_changes_no_bit(engine: VoiceActivity, windows: Samples, size: int) -> None:
    stream = engine.open()
    grouped = [stream.score(windows[at : at + size]) for at in range(0, len(windows), size)]
    assert np.array_equal(np.concatenate(grouped), engine.open().score(windows))


def test_scores_are_those_of_the_package(engine: VoiceActivity, windows: Samples) -> None:
    from faster_whisper.vad import get_vad_model

    expected = get_vad_model()(windows.reshape(-1).copy()).reshape(-1)
    assert np.allclose(engine.open().score(windows), expected, atol=1e-4, rtol=0)


def test_speech_is_heard_and_noise_is_not(engine: VoiceActivity, windows: Samples) -> None:
    assert engine.open().score(windows).max() > 0.9
    noise = np.random.default_rng(0).normal(0, 0.01, windows.shape).astype(np.float32)
    assert engine.open().score(noise).max() < 0.5
    assert engine.open().score(np.zeros((20, VAD_WINDOW_SAMPLES), np.float32)).max() < 0.2


def test_channels_do_not_mix(engine: VoiceActivity, windows: Samples) -> None:
    one, other = engine.open(), engine.open()
    found = []
    for window in windows:
        found.append(one.score(window[None]))
        other.score(np.zeros((1, VAD_WINDOW_SAMPLES), np.float32))
    assert np.array_equal(np.concatenate(found), engine.open().score(windows))


def test_no_windows_and_wrong_windows(engine: VoiceActivity) -> None:
    stream = engine.open()
    assert stream.score(np.zeros((0, VAD_WINDOW_SAMPLES), np.float32)).shape == (0,)
    with pytest.raises(EngineError, match="512"):
        stream.score(np.zeros((2, 100), np.float32))


def test_it_takes_no_argument() -> None:
    with pytest.raises(ConfigError):
        registry.engine("voice", "silero:v7")

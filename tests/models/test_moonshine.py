"""The embedded transcriber against the package's own, and on what is no speech."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import jiwer
import numpy as np
import pytest

from eval.normalizer import words_of
from models import registry
from models.errors import ConfigError, EngineError
from models.ports import Transcriber
from models.types import RATE_HZ, Samples
from pipeline.doors.files import blocks, probe
from tests.package_transcriber import PackageTranscriber


@pytest.fixture(scope="module")
def engine() -> Transcriber:
    found: Transcriber = registry.engine("asr", "moonshine")
    return found


@pytest.fixture(scope="module")
def clips() -> list[Samples]:
    """Eight seconds each of the readings that come with the package."""
    spec = find_spec("moonshine_voice")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "assets"
    found = []
    for name in ("two_cities.wav", "beckett.wav"):
        audio = np.concatenate(list(blocks(probe(folder / name))), axis=1)[0]
        found += [audio[at : at + 8 * RATE_HZ] for at in range(0, min(len(audio), 24 * RATE_HZ), 8 * RATE_HZ)]
    return found


def test_the_texts_are_those_of_the_package(engine: Transcriber, clips: list[Samples]) -> None:
    oracle = PackageTranscriber(vad_threshold="0")
    expected = " ".join(" ".join(words_of(" ".join(oracle.texts(clip)))) for clip in clips)
    found = " ".join(" ".join(words_of(heard.text)) for heard in engine.transcribe(clips))
    assert len(expected.split()) > 80
    assert jiwer.wer(expected, found) <= 0.10


def test_words_lie_inside_their_clip(engine: Transcriber, clips: list[Samples]) -> None:
    for clip, heard in zip(clips, engine.transcribe(clips), strict=True):
        assert heard.code == "ok"
        assert heard.words
        starts = [word.start_samples for word in heard.words]
        assert starts == sorted(starts)
        for word in heard.words:
            assert 0 <= word.start_samples <= word.end_samples <= len(clip)
            assert word.estimated
            assert word.confidence is not None
            assert 0.0 <= word.confidence <= 1.0


def test_threads_share_one_engine(engine: Transcriber, clips: list[Samples]) -> None:
    alone = engine.transcribe(clips)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda clip: engine.transcribe([clip])[0], clips * 2))
    assert together == alone * 2


@pytest.mark.parametrize(
    "clip",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(2 * RATE_HZ, np.float32),
        np.random.default_rng(0).normal(0, 1e-4, 2 * RATE_HZ).astype(np.float32),
    ],
    ids=["empty", "short", "zeros", "hiss"],
)
def test_silence_has_no_words(engine: Transcriber, clip: Samples) -> None:
    (heard,) = engine.transcribe([clip])
    assert heard.words == ()


def test_clips_that_are_no_audio(engine: Transcriber) -> None:
    with pytest.raises(EngineError, match="one dimension"):
        engine.transcribe([np.zeros((2, 5_000), np.float32)])
    with pytest.raises(EngineError, match="not numbers"):
        engine.transcribe([np.full(5_000, np.nan, np.float32)])


def test_it_has_one_set_of_weights() -> None:
    with pytest.raises(ConfigError, match="tiny-en"):
        registry.engine("asr", "moonshine:base-en")
    assert registry.engine("asr", "moonshine:tiny-en").version == "moonshine:tiny-en@0.0.73"

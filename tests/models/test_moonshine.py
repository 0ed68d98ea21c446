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
from models.asr import moonshine
from models.asr.moonshine import Moonshine
from models.errors import ConfigError, EngineError, MissingWeightsError
from models.ports import Decoding, Transcriber
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
    assert jiwer.wer(expected, found) <= 0.05


def test_without_padding_the_texts_are_the_package_s_own(
    engine: Transcriber, clips: list[Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle = PackageTranscriber(vad_threshold="0")
    monkeypatch.setattr(moonshine, "pad_tight_edges", lambda clip: clip)
    for clip, heard in zip(clips, engine.transcribe(clips), strict=True):
        assert words_of(heard.text) == words_of(" ".join(oracle.texts(clip)))


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


def tones(*frequencies_hz: float, duration_s: float = 3.0) -> Samples:
    at_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    waves = np.sin(2 * np.pi * np.outer(frequencies_hz, at_s))
    mixed: Samples = (0.15 * waves.sum(axis=0)).astype(np.float32)
    return mixed


def keys(*pairs_hz: tuple[float, float]) -> Samples:
    """Keys of a telephone, 0.2 s each, 0.15 s apart."""
    gap = np.zeros(RATE_HZ * 15 // 100, np.float32)
    return np.concatenate([part for pair in pairs_hz for part in (tones(*pair, duration_s=0.2), gap)])


@pytest.mark.parametrize(
    "clip",
    [
        *(np.random.default_rng(1).normal(0, level, 3 * RATE_HZ).astype(np.float32) for level in (0.01, 0.2)),
        tones(50, 150, 250),
        tones(60, 120, 180),
        tones(1_000),
        tones(440, 480),
        keys((697, 1209), (770, 1336), (852, 1477), (941, 1336), (770, 1209), (697, 1477)),
    ],
    ids=["quiet noise", "loud noise", "50 Hz hum", "60 Hz hum", "1 kHz tone", "ringing", "DTMF"],
)
def test_sound_that_is_no_speech_has_no_words(engine: Transcriber, clip: Samples) -> None:
    (heard,) = engine.transcribe([clip])
    assert heard.words == ()


def test_hotwords_change_a_misread_name_and_nothing_else(
    engine: Transcriber, clips: list[Samples], sample_calls: Path
) -> None:
    calls = ("01-overdraft-refund", "03-disputed-transfer", "05-address-change", "08-two-topics")
    greetings = [
        np.concatenate(list(blocks(probe(sample_calls / f"{name}.flac"))), axis=1)[0, : 6 * RATE_HZ]
        for name in calls
    ]
    hotwords = Decoding(hotwords=("Zelvora", "Northwind Bank", "Kestrel Card", "José Núñez"))
    plain = [engine.transcribe([clip])[0].text for clip in greetings]
    heard = [engine.transcribe([clip], hotwords)[0].text for clip in greetings]
    assert not all("Northwind Bank" in text for text in plain)
    assert all("Northwind Bank" in text for text in heard)
    assert engine.capabilities.hotwords
    assert [engine.transcribe([clip], hotwords)[0] for clip in clips] == engine.transcribe(clips)


def test_hotwords_and_drafts_go_together(engine: Transcriber, sample_calls: Path) -> None:
    audio = np.concatenate(list(blocks(probe(sample_calls / "01-overdraft-refund.flac"))), axis=1)[0]
    hotwords = ("Northwind Bank",)
    begun = engine.transcribe([audio[: 4 * RATE_HZ]], Decoding(hotwords))[0]
    drafted = engine.transcribe([audio[: 6 * RATE_HZ]], Decoding(hotwords, begun.tokens))[0]
    assert "Northwind Bank" in begun.text
    assert "Northwind Bank" in drafted.text


def test_a_draft_belongs_to_one_clip(engine: Transcriber, clips: list[Samples]) -> None:
    with pytest.raises(EngineError, match="a draft belongs to one clip"):
        engine.transcribe(clips[:2], Decoding(draft=(5,)))


def test_weights_that_are_missing_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"tokenizer\.bin"):
        Moonshine(tmp_path, "0")
    (tmp_path / "tokenizer.bin").write_bytes(b"\x01a")
    with pytest.raises(MissingWeightsError, match=r"encoder_model\.ort is missing or damaged"):
        Moonshine(tmp_path, "0")
    (tmp_path / "encoder_model.ort").write_bytes(b"no weights")
    with pytest.raises(MissingWeightsError, match=r"encoder_model\.ort is missing or damaged"):
        Moonshine(tmp_path, "0")


def test_clips_that_are_no_audio(engine: Transcriber) -> None:
    with pytest.raises(EngineError, match="one dimension"):
        engine.transcribe([np.zeros((2, 5_000), np.float32)])
    with pytest.raises(EngineError, match="not numbers"):
        engine.transcribe([np.full(5_000, np.nan, np.float32)])


def test_it_has_one_set_of_weights() -> None:
    with pytest.raises(ConfigError, match="tiny-en"):
        registry.engine("asr", "moonshine:base-en")
    assert registry.engine("asr", "moonshine:tiny-en").version == "moonshine:tiny-en@0.0.73"

"""The adapter of transformers' Whisper on a tiny random checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.asr import transformers as adapter
from models.asr.guards import Evidence, Limits
from models.asr.transformers import TransformersWhisper, open_engine
from models.errors import ConfigError, EngineBusyError, EngineError, MissingWeightsError
from models.types import RATE_HZ, Samples, TranscriptionCode
from tests.checkpoints import LANGUAGES, build_whisper

extras = pytest.mark.extras
quiet = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_whisper(tmp_path_factory.mktemp("whisper") / "hf")


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> TransformersWhisper:
    found = registry.engine("asr", f"transformers:{checkpoint}")
    assert isinstance(found, TransformersWhisper)
    return found


@pytest.fixture
def no_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights say random things, which the guards would rightly drop."""

    def judge(evidence: Evidence, limits: Limits) -> TranscriptionCode:
        return "ok"

    monkeypatch.setattr(adapter, "judge", judge)


def clip(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


@extras
@quiet
@pytest.mark.usefixtures("no_guards")
def test_words_lie_inside_their_clip(engine: TransformersWhisper) -> None:
    for seconds, found in zip((1.0, 4.0), engine.transcribe([clip(1.0), clip(4.0)]), strict=True):
        assert found.words
        starts = [word.start_samples for word in found.words]
        assert starts == sorted(starts)
        for word in found.words:
            assert 0 <= word.start_samples <= word.end_samples <= int(seconds * RATE_HZ)


@extras
@quiet
def test_the_language_is_a_tag(engine: TransformersWhisper) -> None:
    named = {"text": "a", "chunks": [{"text": "a", "language": "german", "timestamp": (0.0, 0.1)}]}
    assert engine._answer(clip(1.0), named).language == "de"
    assert engine.transcribe([clip(1.0)])[0].language in LANGUAGES


@extras
@quiet
@pytest.mark.usefixtures("no_guards")
def test_without_word_times_words_are_spread(
    engine: TransformersWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def pipeline(inputs: object, return_timestamps: object, return_language: bool) -> dict[str, Any]:
        asked.append(return_timestamps)
        if return_timestamps:
            raise IndexError
        return {"text": " one two", "chunks": [{"text": " one two", "language": "english"}]}

    monkeypatch.setattr(engine, "_pipeline", pipeline)
    (found,) = engine.transcribe([clip(1.0)])
    assert asked == ["word", False]
    assert found.text == "one two"
    assert all(word.estimated for word in found.words)


@extras
@quiet
@pytest.mark.parametrize(
    ("foreign", "ours"),
    [(RuntimeError("CUDA out of memory"), EngineBusyError), (KeyError("shape"), EngineError)],
)
def test_foreign_errors_are_mapped(
    engine: TransformersWhisper, monkeypatch: pytest.MonkeyPatch, foreign: Exception, ours: type[EngineError]
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise foreign

    monkeypatch.setattr(engine, "_pipeline", failing)
    with pytest.raises(EngineError) as caught:
        engine.transcribe([clip(1.0)])
    assert type(caught.value) is ours


@extras
@quiet
def test_nothing_to_hear_gives_no_words(engine: TransformersWhisper) -> None:
    found = engine.transcribe([np.zeros(0, np.float32), np.zeros(RATE_HZ, np.float32), clip(0.05)])
    assert [each.words for each in found] == [()] * 3


@extras
@quiet
def test_the_checkpoint_tells_its_capabilities(engine: TransformersWhisper) -> None:
    assert engine.capabilities.languages is None
    assert engine.version.startswith("transformers:hf@")


@extras
@quiet
def test_clips_that_are_no_audio(engine: TransformersWhisper) -> None:
    with pytest.raises(EngineError, match="finite"):
        engine.transcribe([np.full(2_000, np.inf, np.float32)])


@extras
@quiet
def test_a_damaged_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(MissingWeightsError, match="cannot be loaded"):
        open_engine(str(tmp_path))


@extras
def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"no config\.json"):
        open_engine(str(tmp_path))


def test_a_folder_must_be_named() -> None:
    with pytest.raises(ConfigError, match="transformers:/path"):
        open_engine("")

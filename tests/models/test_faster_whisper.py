"""The adapter of faster-whisper on a tiny random checkpoint: everything but understanding."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import registry
from models.asr import faster_whisper
from models.asr.faster_whisper import FasterWhisper, open_engine
from models.asr.guards import Evidence, Limits
from models.errors import EngineError, MissingWeightsError, UnknownEngineError
from models.types import RATE_HZ, Samples, Transcription, TranscriptionCode
from tests.checkpoints import build_whisper, convert_whisper

extras = pytest.mark.extras
quiet = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper")
    return convert_whisper(build_whisper(folder / "hf"), folder / "ct2")


@pytest.fixture(scope="module")
def engine(checkpoint: Path) -> FasterWhisper:
    found = registry.engine("asr", f"faster-whisper:{checkpoint}")
    assert isinstance(found, FasterWhisper)
    return found


@pytest.fixture
def no_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights say random things, which the guards would rightly drop."""

    def judge(evidence: Evidence, limits: Limits) -> TranscriptionCode:
        return "ok"

    monkeypatch.setattr(faster_whisper, "judge", judge)


def clip(seconds: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def texts(found: list[Transcription]) -> list[str]:
    return [each.text for each in found]


@extras
@quiet
@pytest.mark.usefixtures("no_guards")
def test_words_lie_inside_their_clip(engine: FasterWhisper) -> None:
    for seconds in (0.3, 2.5, 7.0):
        (found,) = engine.transcribe([clip(seconds)])
        assert found.words
        starts = [word.start_samples for word in found.words]
        assert starts == sorted(starts)
        for word in found.words:
            assert 0 <= word.start_samples <= word.end_samples <= int(seconds * RATE_HZ)
            assert word.confidence is None or 0.0 <= word.confidence <= 1.0


@extras
@quiet
@pytest.mark.usefixtures("no_guards")
def test_batch_mates_do_not_change_a_text(engine: FasterWhisper) -> None:
    clips = [clip(1.0 + 0.7 * seed, seed) for seed in range(4)]
    singly = [engine.transcribe([each])[0] for each in clips]
    together = engine.transcribe(clips)
    assert texts(together) == texts(singly)
    assert [each.language for each in together] == [each.language for each in singly]
    for one, other in zip(together, singly, strict=True):
        for word, same in zip(one.words, other.words, strict=True):
            assert abs(word.start_samples - same.start_samples) <= RATE_HZ // 10


@extras
@quiet
def test_what_nobody_said_is_rejected(engine: FasterWhisper) -> None:
    (found,) = engine.transcribe([clip(3.0)])
    assert (found.words, found.code) == ((), "rejected")


@extras
@quiet
def test_nothing_to_hear_gives_no_words(engine: FasterWhisper) -> None:
    found = engine.transcribe([np.zeros(0, np.float32), np.zeros(RATE_HZ, np.float32), clip(0.05)])
    assert [(each.words, each.code) for each in found] == [((), "ok")] * 3


@extras
@quiet
def test_the_checkpoint_tells_its_capabilities(engine: FasterWhisper) -> None:
    assert engine.capabilities.languages is None
    assert engine.capabilities.max_batch > 1
    assert engine.version.startswith("faster-whisper:ct2@")
    assert engine.version.endswith(":int8")


@extras
@quiet
def test_clips_that_are_no_audio(engine: FasterWhisper) -> None:
    with pytest.raises(EngineError, match="one dimension"):
        engine.transcribe([np.zeros((2, 1_000), np.float32)])
    with pytest.raises(EngineError, match="finite"):
        engine.transcribe([np.full(2_000, np.nan, np.float32)])


@extras
@quiet
def test_a_damaged_model_file(checkpoint: Path, tmp_path: Path) -> None:
    for path in checkpoint.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.bin").write_bytes(b"damaged")
    with pytest.raises(MissingWeightsError, match="the model cannot be loaded"):
        open_engine(str(tmp_path))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"no model\.bin, tokenizer\.json, config\.json"):
        open_engine(str(tmp_path))


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("WRAPUP_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.usefixtures("no_weights")
def test_missing_weights_name_the_command_that_fetches_them() -> None:
    with pytest.raises(MissingWeightsError, match=r"wrapup models pull faster-whisper:small\.en"):
        open_engine("small.en")
    with pytest.raises(MissingWeightsError, match=r"wrapup models pull faster-whisper:small\.en"):
        open_engine("")


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownEngineError, match="faster-whisper"):
        open_engine("smal.en")

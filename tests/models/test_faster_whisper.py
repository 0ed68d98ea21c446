"""The adapter of faster-whisper on a tiny random checkpoint: everything but understanding."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import registry
from models.asr import faster_whisper
from models.asr.faster_whisper import FasterWhisper, _join, open_engine
from models.asr.guards import Limits
from models.asr.whisper import Heard, place
from models.errors import (
    DecodingCancelled,
    EngineBusyError,
    EngineError,
    MissingWeightsError,
    UnknownEngineError,
)
from models.ports import Decoding
from models.types import RATE_HZ, Samples, Transcription
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


@pytest.fixture(scope="module")
def open_minded(checkpoint: Path) -> FasterWhisper:
    """The checkpoint behind guards that let its letters pass, however long the clip."""
    return FasterWhisper(checkpoint, "ct2", "cpu", Limits(slow_words_per_s=0.0, log_probability=-9.0))


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> FasterWhisper:
    folder = tmp_path_factory.mktemp("whisper")
    source = build_whisper(folder / "hf", multilingual=False)
    return FasterWhisper(convert_whisper(source, folder / "ct2"), "ct2", "cpu")


def clip(seconds: float, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * RATE_HZ)).astype(np.float32)


def texts(found: list[Transcription]) -> list[str]:
    return [each.text for each in found]


@extras
@quiet
def test_words_lie_inside_their_clip(open_minded: FasterWhisper) -> None:
    for seconds in (0.1, 0.3, 2.5, 7.0, 30.0):
        (found,) = open_minded.transcribe([clip(seconds)])
        assert found.words
        starts = [word.start_samples for word in found.words]
        assert starts == sorted(starts)
        for word in found.words:
            assert 0 <= word.start_samples <= word.end_samples <= int(seconds * RATE_HZ)
            assert " " not in word.text
            assert word.estimated or (word.confidence is not None and 0.0 < word.confidence <= 1.0)
    assert any(not word.estimated for word in found.words)


@extras
@quiet
def test_more_clips_than_a_batch_keep_their_order(open_minded: FasterWhisper) -> None:
    clips = [clip(1.0 + 0.7 * seed, seed) for seed in range(faster_whisper.MAX_BATCH + 2)]
    clips.insert(2, np.zeros(RATE_HZ, np.float32))
    singly = [open_minded.transcribe([each])[0] for each in clips]
    together = open_minded.transcribe(clips)
    assert not together[2].words
    # On some processors the random network says the same of all clips; the times of their words differ.
    assert len({(each.text, each.words[-1].end_samples) for each in together if each.words}) > 2
    assert texts(together) == texts(singly)
    assert [each.language for each in together] == [each.language for each in singly]
    for one, other in zip(together, singly, strict=True):
        for word, same in zip(one.words, other.words, strict=True):
            assert abs(word.start_samples - same.start_samples) <= RATE_HZ // 10
            assert word.confidence == pytest.approx(same.confidence, abs=0.05)


@extras
@quiet
def test_each_clip_of_a_batch_has_its_own_language(
    open_minded: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deciding:
        """The loaded model with another idea of the languages of a batch."""

        def __getattr__(self, name: str) -> Any:
            return getattr(model, name)

        def detect_language(self, encoded: Any) -> list[list[tuple[str, float]]]:
            return [[("<|de|>", 0.9), ("<|en|>", 0.1)], [("<|en|>", 0.9), ("<|de|>", 0.1)]]

    model = open_minded._model.model
    monkeypatch.setattr(open_minded._model, "model", Deciding())
    found = open_minded.transcribe([clip(1.0), clip(2.0)])
    assert [each.language for each in found] == ["de", "en"]
    assert all(each.words for each in found)


class Prompted:
    """The loaded model, and the prompts that it was given."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.prompts: list[list[int]] = []
        self.limits: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def generate(self, encoded: Any, prompts: list[list[int]], **settings: Any) -> Any:
        self.prompts += prompts
        self.limits.append(settings["max_length"])
        return self._model.generate(encoded, prompts, **settings)


@extras
@quiet
def test_hotwords_are_the_prompt_of_each_clip(
    open_minded: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_minded.capabilities.hotwords
    assert not open_minded.capabilities.drafts
    plain = open_minded.transcribe([clip(2.0)])
    model = Prompted(open_minded._model.model)
    monkeypatch.setattr(open_minded._model, "model", model)
    found = open_minded.transcribe([clip(1.0), clip(2.0)], Decoding(hotwords=("zelvora", "kestrel card")))
    tokens = open_minded._model.hf_tokenizer
    assert tokens.id_to_token(model.prompts[0][0]) == "<|startofprev|>"
    text = tokens.decode([token for token in model.prompts[0] if token < tokens.token_to_id("<|endoftext|>")])
    assert text.strip() == "zelvora, kestrel card"
    assert len(model.prompts) == 2
    assert all(not each.tokens for each in found)
    assert open_minded.transcribe([clip(2.0)]) == plain


@extras
@quiet
def test_more_hotwords_than_the_prompt_holds_leave_room_for_a_text(
    open_minded: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Prompted(open_minded._model.model)
    monkeypatch.setattr(open_minded._model, "model", model)
    many = tuple(f"name{number}" for number in range(500))
    (found,) = open_minded.transcribe([clip(29.0)], Decoding(hotwords=many))
    assert found.code == "ok"
    assert len(model.prompts[0]) < 240
    assert model.limits[0] <= 448


@extras
@quiet
def test_cancelled_between_batches(open_minded: FasterWhisper) -> None:
    clips = [clip(1.0)] * (faster_whisper.MAX_BATCH + 1)
    answers = iter([True, False])
    with pytest.raises(DecodingCancelled):
        open_minded.transcribe(clips, Decoding(go_on=lambda: next(answers)))
    assert open_minded.transcribe(clips[:1])[0].words


@extras
@quiet
def test_an_english_checkpoint_reads_english(english: FasterWhisper) -> None:
    assert english.capabilities.languages == frozenset({"en"})
    (found,) = english.transcribe([clip(2.0)])
    assert (bool(found.words), found.language) == (True, "en")


@extras
@quiet
def test_a_fixed_language_is_not_detected(checkpoint: Path) -> None:
    engine = FasterWhisper(checkpoint, "ct2", "cpu", language="fr")
    assert engine.capabilities.languages == frozenset({"fr"})
    assert engine.transcribe([clip(2.0)])[0].language == "fr"


@extras
@quiet
def test_what_nobody_said_is_rejected(engine: FasterWhisper, checkpoint: Path) -> None:
    (slow,) = engine.transcribe([clip(20.0)])
    assert (slow.words, slow.code) == ((), "rejected")
    certain = FasterWhisper(checkpoint, "ct2", "cpu", Limits(log_probability=0.0))
    assert certain.transcribe([clip(2.0)])[0].code == "rejected"


@extras
@quiet
def test_a_text_without_an_end_is_rejected(
    open_minded: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faster_whisper, "MAX_TOKENS", 3)
    (found,) = open_minded.transcribe([clip(2.0)])
    assert (found.words, found.code) == ((), "rejected")


@extras
@quiet
def test_without_heard_times_words_are_spread(
    open_minded: FasterWhisper, monkeypatch: pytest.MonkeyPatch
) -> None:
    (heard,) = open_minded.transcribe([clip(2.0)])

    def failing(*_: object) -> None:
        raise RuntimeError("no heads")

    monkeypatch.setattr(open_minded._model, "find_alignment", failing)
    (found,) = open_minded.transcribe([clip(2.0)])
    assert found.text == heard.text
    assert all(word.estimated and word.confidence is None for word in found.words)


@extras
@quiet
@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (RuntimeError("CUDA failed with error out of memory"), EngineBusyError),
        (MemoryError(), EngineBusyError),
        (RuntimeError("Library libcublas.so.12 is not found or cannot be loaded"), EngineError),
        (ValueError("shape"), EngineError),
    ],
)
def test_foreign_errors_are_mapped(
    engine: FasterWhisper, monkeypatch: pytest.MonkeyPatch, foreign: Exception, ours: type[EngineError]
) -> None:
    def failing(features: object) -> None:
        raise foreign

    monkeypatch.setattr(engine._model, "encode", failing)
    with pytest.raises(EngineError) as caught:
        engine.transcribe([clip(1.0)])
    assert type(caught.value) is ours


@extras
@quiet
def test_threads_share_an_engine(open_minded: FasterWhisper) -> None:
    clips = [clip(1.0 + seed, seed) for seed in range(4)]
    alone = [texts(open_minded.transcribe([each])) for each in clips]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda each: texts(open_minded.transcribe([each])), clips)) == alone


@extras
@quiet
def test_nothing_to_hear_gives_no_words(engine: FasterWhisper) -> None:
    silences = [np.zeros(0, np.float32), np.zeros(RATE_HZ, np.float32), clip(0.05), clip(1.0) * 1e-3]
    assert [(each.words, each.code) for each in engine.transcribe(silences)] == [((), "ok")] * 4
    assert engine.transcribe([]) == []


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
@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_damaged_file(checkpoint: Path, tmp_path: Path, name: str) -> None:
    broken = Path(shutil.copytree(checkpoint, tmp_path / "broken"))
    (broken / name).write_bytes(b"damaged")
    with pytest.raises(MissingWeightsError, match="the model cannot be loaded"):
        open_engine(str(broken))


@pytest.mark.parametrize(("devices", "kind", "compute"), [(0, "cpu", "int8"), (2, "cuda", "float16")])
def test_the_device_is_what_ctranslate2_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: int, kind: str, compute: str
) -> None:
    asked: list[tuple[str, str]] = []

    def model(folder: str, device: str, compute_type: str, **_: object) -> None:
        asked.append((device, compute_type))
        raise RuntimeError("CUDA failed with error out of memory")

    for name in faster_whisper.NEEDED_FILES:
        (tmp_path / name).touch()
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: devices)
    monkeypatch.setattr("faster_whisper.WhisperModel", model)
    with pytest.raises(EngineBusyError):
        open_engine(str(tmp_path))
    assert asked == [(kind, compute)]


@pytest.mark.parametrize(
    ("pieces", "language", "expected"),
    [
        ([" Hello", ",", " e", "-", "mail", " me", "."], "en", ["Hello,", "e-mail", "me."]),
        (["fli", " ", "b", " j"], "en", ["fli", "b", "j"]),
        (["你", "好", "。", "吗"], "zh", ["你", "好。", "吗"]),
        ([], "en", []),
    ],
)
def test_pieces_become_words(pieces: list[str], language: str, expected: list[str]) -> None:
    timed = [{"word": word, "start": at, "end": at + 1, "probability": 0.5} for at, word in enumerate(pieces)]
    words = place(np.ones(len(pieces) * RATE_HZ, np.float32), _join(timed, language))
    assert [word.text for word in words] == expected
    assert not any(word.estimated for word in words)


def test_times_beyond_the_clip_are_not_believed() -> None:
    heard = [Heard("one", 0.0, 0.5), Heard("two", 7.0, 8.0), Heard("three", 8.0, 9.0)]
    words = place(np.ones(RATE_HZ, np.float32), heard)
    assert all(word.estimated for word in words)
    assert words[-1].end_samples <= RATE_HZ
    assert not any(word.estimated for word in place(np.ones(RATE_HZ, np.float32), heard[:1]))


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

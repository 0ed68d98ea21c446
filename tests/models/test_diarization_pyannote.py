"""The adapter of pyannote.audio on a tiny random pipeline: loading, mapping and errors, no accuracy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyannote.audio")
torch = pytest.importorskip("torch")
from pyannote.core import Annotation, Segment  # noqa: E402

from models import registry  # noqa: E402
from models.diarization import pyannote as adapter  # noqa: E402
from models.errors import EngineBusyError, EngineError, MissingWeightsError  # noqa: E402
from models.types import RATE_HZ, Samples, Turn  # noqa: E402
from tests.pyannote_checkpoint import build  # noqa: E402

pytestmark = pytest.mark.extras


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tiny") / "pipeline")


@pytest.fixture(scope="module")
def engine(folder: Path) -> adapter.PyannoteDiarizer:
    return adapter.open_engine(str(folder))


@pytest.fixture
def broken(folder: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "broken"))


def noise(seconds: float) -> Samples:
    """White noise of the given length."""
    return np.random.default_rng(2).normal(0, 0.1, round(seconds * RATE_HZ)).astype(np.float32)


def diarize(engine: Any, samples: Samples, size: int) -> list[Turn]:
    """Turns when `samples` come in pushes of `size`."""
    stream = engine.open()
    for start in range(0, len(samples), size):
        stream.push(samples[start : start + size])
    return list(stream.end())


def test_a_recording_becomes_turns_however_it_is_cut(engine: adapter.PyannoteDiarizer) -> None:
    samples = noise(2)
    turns = diarize(engine, samples, 320)
    assert turns == diarize(engine, samples, len(samples))
    assert turns[0].speaker == "S1"
    assert sum(turn.end_samples - turn.start_samples for turn in turns) > 1.5 * RATE_HZ
    assert turns[-1].end_samples <= len(samples)


def test_it_says_what_it_is_and_where_it_runs(engine: adapter.PyannoteDiarizer) -> None:
    assert engine.needs_audio
    assert engine.version == "pyannote:pipeline@4.0.7"
    assert engine.device == ("cuda" if torch.cuda.is_available() else "cpu")


def test_the_telemetry_is_off(engine: adapter.PyannoteDiarizer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyannote.audio.telemetry.metrics import is_metrics_enabled

    assert os.environ[adapter.TELEMETRY_VARIABLE] == "false"
    assert is_metrics_enabled() is False
    monkeypatch.setattr("pyannote.audio.telemetry.metrics.is_metrics_enabled", lambda: True)
    with pytest.raises(EngineError, match="telemetry"):
        adapter.open_engine("")


@pytest.mark.parametrize("samples", [0, 1, 2 * RATE_HZ])
def test_silence_gives_no_turns(engine: adapter.PyannoteDiarizer, samples: int) -> None:
    assert diarize(engine, np.zeros(samples, dtype=np.float32), RATE_HZ) == []


def test_a_stream_that_ended_takes_no_audio_and_repeats_its_answer(engine: adapter.PyannoteDiarizer) -> None:
    stream = engine.open()
    assert stream.end() == stream.end() == []
    with pytest.raises(EngineError, match="has ended"):
        stream.push(noise(1))


def test_audio_survives_the_spool_to_16_bits() -> None:
    heard: list[Samples] = []

    class Listening:
        def turns(self, samples: Samples) -> list[Turn]:
            heard.append(samples)
            return []

    samples = np.concatenate([noise(0.5), np.array([2.0, -2.0], dtype=np.float32)])
    stream = adapter.PyannoteStream(Listening())  # type: ignore[arg-type]
    stream.push(samples)
    assert stream.end() == []
    assert np.abs(heard[0] - np.clip(samples, -1, 1)).max() < 1 / 32767


def test_exclusive_turns_are_cut_to_the_recording_and_renamed() -> None:
    annotation = Annotation()
    annotation[Segment(2.0, 5.0), "a"] = "SPEAKER_00"
    annotation[Segment(-0.1, 1.0), "b"] = "SPEAKER_01"
    annotation[Segment(1.0, 2.0), "c"] = "SPEAKER_00"
    annotation[Segment(1.9, 2.0), "d"] = "SPEAKER_01"
    assert adapter.exclusive_turns(annotation, 3 * RATE_HZ) == [
        Turn(0, RATE_HZ, "S1"),
        Turn(RATE_HZ, 2 * RATE_HZ, "S2"),
        Turn(2 * RATE_HZ, 3 * RATE_HZ, "S2"),
    ]


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (torch.OutOfMemoryError("no memory"), EngineBusyError),
        (MemoryError(), EngineBusyError),
        (RuntimeError("shape"), EngineError),
        (ValueError("empty"), EngineError),
    ],
)
def test_foreign_errors_are_mapped(foreign: Exception, ours: type[EngineError]) -> None:
    def failing(audio: dict[str, Any]) -> None:
        raise foreign

    with pytest.raises(EngineError) as caught:
        adapter.PyannoteDiarizer(failing, "failing", "cpu").turns(noise(1))
    assert type(caught.value) is ours
    assert caught.value.retryable == (ours is EngineBusyError)
    assert "\n" not in str(caught.value)


def test_without_weights_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WRAPUP_WEIGHTS", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    with pytest.raises(MissingWeightsError, match="wrapup models pull pyannote:community-1"):
        registry.engine("diarizer", "pyannote")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"nowhere has no config\.yaml"):
        adapter.open_engine(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("text", ["", "pipeline: [", "pipeline: {}", "pipeline:\n  params: {}\n"])
def test_a_broken_config_is_one_line(broken: Path, text: str) -> None:
    (broken / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match=r"holds no pipeline.*config\.yaml"):
        adapter.open_engine(str(broken))


def test_an_unknown_pipeline_is_not_taken_for_a_missing_package(broken: Path) -> None:
    config = broken / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("pyannote.audio.pipelines", "nobodys.pipelines")
    config.write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match="holds no pipeline"):
        adapter.open_engine(str(broken))


def test_a_damaged_network_is_an_engine_error(broken: Path) -> None:
    (broken / "embedding" / "pytorch_model.bin").write_bytes(b"no network")
    with pytest.raises(EngineError, match="holds no pipeline"):
        adapter.open_engine(str(broken))


def test_nothing_is_fetched(broken: Path) -> None:
    config = broken / "config.yaml"
    text = config.read_text(encoding="utf-8").replace("$model/segmentation", "someone/segmentation")
    config.write_text(text, encoding="utf-8")
    with pytest.raises(MissingWeightsError, match="someone/segmentation"):
        adapter.open_engine(str(broken))
    shutil.rmtree(broken / "plda")
    config.write_text(text.replace("someone/", "$model/"), encoding="utf-8")
    with pytest.raises(MissingWeightsError, match="plda"):
        adapter.open_engine(str(broken))

"""A silent channel yields no utterance, whichever engine reads the other one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.asr import faster_whisper, transformers
from pipeline.app import Pipeline
from pipeline.config import load_config
from pipeline.doors.files import blocks, probe
from tests.checkpoints import build_whisper, convert_whisper
from tests.conftest import ROOT
from tests.pipeline.audio_files import write_audio


@pytest.fixture
def one_sided(tmp_path: Path) -> Path:
    """The agent of a sample call for half a minute; line noise on the customer's channel."""
    audio = np.concatenate(list(blocks(probe(ROOT / "sample_calls" / "01-overdraft-refund.flac"))), axis=1)
    agent = audio[0, : 30 * 16_000]
    noise = np.random.default_rng(0).normal(0, 5e-4, len(agent)).astype(np.float32)
    return write_audio(tmp_path / "one-sided.wav", [agent, noise], 16_000)


def spoken_channels(path: Path, asr: str) -> set[int]:
    with Pipeline(load_config(asr=asr)) as pipeline:
        call = pipeline.process(path, "call").document
    assert all(gap.channel == 0 for gap in call.gaps)
    return {utterance.channel for utterance in call.utterances}


def test_the_embedded_engine(one_sided: Path) -> None:
    assert spoken_channels(one_sided, "moonshine") == {0}


@pytest.mark.extras
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
def test_whisper(one_sided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of random weights, its guards off, would say anything wherever it is asked."""
    source = build_whisper(tmp_path / "hf")
    engines = {
        f"faster-whisper:{convert_whisper(source, tmp_path / 'ct2')}": faster_whisper,
        f"transformers:{source}": transformers,
    }
    for name, module in engines.items():
        monkeypatch.setattr(module, "judge", lambda evidence, limits: "ok")
        assert spoken_channels(one_sided, name) == {0}

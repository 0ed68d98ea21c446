"""Recordings that a live server reads beside its calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from pipeline.app import Pipeline
from pipeline.call import Stopped
from pipeline.service import Service
from tests.pipeline.audio_files import write_audio
from tests.pipeline.live_server import configured, engines, speech


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    samples = speech((0.3, 1.2, 0), (2.2, 3.4, 1), seconds=5.0).T / 32_768.0
    return write_audio(tmp_path / "call.wav", list(samples.astype(np.float32)), 16_000)


def test_a_file_is_read_as_by_itself_but_for_its_note(tmp_path: Path, recording: Path) -> None:
    config = configured(tmp_path)
    with Pipeline(config, engines=engines()) as alone:
        expected = alone.process(recording, "c").document
    with Service(config, engines()) as service:
        reading = service.transcribe(recording, "c")
        assert reading is not None
        found = reading.result(60)
        assert service.is_over("c") is False
        assert service._maker.workers.tally.done == {"file": 2}
    assert found.utterances == expected.utterances
    assert len(found.utterances) == 2
    assert (found.summary.code, expected.summary.code) == ("failed", "too_short")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with Service(configured(tmp_path), engines()) as service:
        reading = service.transcribe(tmp_path / "none.wav", "c")
        assert reading is not None
        assert isinstance(reading.exception(60), InputError)


def test_a_service_that_is_closed_reads_nothing(tmp_path: Path, recording: Path) -> None:
    with Service(configured(tmp_path), engines()) as service:
        pass
    reading = service.transcribe(recording, "c")
    assert reading is not None
    assert isinstance(reading.exception(60), Stopped)


def test_a_file_that_nobody_wants_is_given_up(tmp_path: Path, recording: Path) -> None:
    with Service(configured(tmp_path), engines()) as service:
        reading = service.transcribe(recording, "c", lambda: True)
        assert reading is not None
        assert isinstance(reading.exception(60), Stopped)
        assert service._maker.workers.tally.done == {}

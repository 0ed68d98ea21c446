"""The benchmark of files runs, and its engines get again what the pipeline gave them. No time is asserted."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import batch
from models.machine import choose_default_asr
from models.types import RATE_HZ
from pipeline.doors.files import blocks, probe
from tests.pipeline.audio_files import write_audio


@pytest.fixture
def call(tmp_path: Path, sample_calls: Path) -> Path:
    """The first seconds of a sample call."""
    whole = np.concatenate(list(blocks(probe(sample_calls / batch.MEMORY_CALL))), axis=1)
    path = tmp_path / "call.wav"
    write_audio(path, [channel[: 12 * RATE_HZ] for channel in whole], RATE_HZ)
    return path


def test_a_round_counts_what_passed_through_it(call: Path) -> None:
    found = batch.one_round([call], choose_default_asr()[0])
    assert found.audio_s == pytest.approx(12, abs=0.1)
    assert 0 < found.clip_s < 2 * found.audio_s


def test_the_memory_of_a_call_is_that_of_its_own_process(call: Path) -> None:
    held = np.ones(75_000_000)
    out = io.StringIO()
    batch.memory(call, [12.0], choose_default_asr()[0], Console(file=out, width=110))
    (megabytes,) = re.findall(r"(\d+) MB ", out.getvalue())
    assert 100 < int(megabytes) < held.nbytes / 1e6

"""The embedded engines on real recordings with references that others made."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.asr import score_words
from eval.bootstrap import paired_difference
from eval.counts import ErrorCounts
from eval.references import find_references
from eval.speakers import score_speakers
from pipeline.app import scoring
from pipeline.formats.call_json import segments_of, turns_of
from tests.conftest import REAL_AUDIO
from tests.package_transcriber import PackageTranscriber

pytestmark = pytest.mark.real_audio


@pytest.fixture(scope="module")
def folder() -> Path:
    return REAL_AUDIO


def test_bank_calls_are_read_no_worse_than_by_the_engine_alone(folder: Path) -> None:
    references = find_references(sorted(folder.glob("calls_hvb/*_[ac][ga]*.wav")), "words").references
    with scoring("moonshine", "none") as transcribe:
        ours = [
            score_words(reference.segments, segments_of(transcribe(reference.audio)), 1).wer
            for reference in references
        ]
    engine = PackageTranscriber()
    alone = [
        score_words(reference.segments, engine.segments(reference.audio), 1).wer for reference in references
    ]
    assert sum(ours, ErrorCounts()).length > 200
    difference = paired_difference(ours, alone)
    assert difference is not None
    assert difference.low <= 0.0, difference


def test_speakers_of_a_mono_phone_call(folder: Path) -> None:
    (reference,) = find_references([folder / "calls_misc" / "pyannote_sample.wav"], "turns").references
    with scoring("moonshine", "moonshine") as transcribe:
        call = transcribe(reference.audio)
    counts = score_speakers(reference.segments, turns_of(call), call.duration_s).der["der"]
    assert counts.total_s > 20
    assert counts.rate is not None
    assert counts.rate <= 0.15

"""Delays from what a follower saw, by hand-made traces, and one call that is really played."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.latency import LatencyScores, Seen, Stretch, percentile, score, stretches
from models.types import RATE_HZ
from pipeline.core.endpointing import EndpointSettings
from pipeline.formats.segments import Segment

ENDPOINT = EndpointSettings(hang_ms=512, tail_ms=128)


def final(at_s: float, start_s: float, end_s: float, text: str = "", channel: int = 0) -> Seen:
    words = [{"text": word} for word in text.split()]
    event = {
        "type": "utterance_final",
        "channel": channel,
        "start_s": start_s,
        "end_s": end_s,
        "words": words,
    }
    return Seen(at_s, event)


def partial(at_s: float, end_s: float, committed: str, tail: str, channel: int = 0) -> Seen:
    event = {"type": "partial", "channel": channel, "end_s": end_s, "committed": committed, "tail": tail}
    return Seen(at_s, event)


def test_a_final_counts_from_the_end_of_speech_and_from_the_decision() -> None:
    scores = score([Stretch(0, 1.0, 3.0)], [final(3.6, 0.7, 3.128)], ENDPOINT)
    assert scores.speech_to_final_s == (pytest.approx(0.6),)
    assert scores.decided_to_final_s == (pytest.approx(3.6 - 3.512),)
    assert scores.missing == 0


def test_a_final_before_the_end_of_speech_is_missing_however_fast() -> None:
    scores = score([Stretch(0, 1.0, 3.0)], [final(2.2, 0.7, 2.1)], ENDPOINT)
    assert scores.speech_to_final_s == ()
    assert scores.missing == 1


def test_a_final_of_the_other_channel_is_no_final_of_this_one() -> None:
    assert score([Stretch(0, 1.0, 3.0)], [final(3.6, 0.7, 3.1, channel=1)], ENDPOINT).missing == 1


def test_speech_that_was_split_was_not_decided_by_silence() -> None:
    seen = [final(13.0, 0.7, 12.7), final(15.6, 12.7, 15.0)]
    assert score([], seen, ENDPOINT).decided_to_final_s == (pytest.approx(15.6 - 15.384),)


def test_the_first_partial_counts_from_the_start_of_speech() -> None:
    seen = [partial(0.6, 0.5, "", "before"), partial(1.45, 1.4, "", "so"), partial(1.9, 1.9, "so", "it")]
    assert score([Stretch(0, 1.0, 3.0)], seen, ENDPOINT).first_partial_s == (pytest.approx(0.45),)


def test_words_of_partials_are_held_against_the_final() -> None:
    seen = [
        partial(1.0, 1.0, "", "I one"),
        partial(1.5, 1.5, "I", "want to [NUMBER]"),
        final(2.0, 0.5, 1.8, "I, want two pay."),
        partial(3.0, 3.0, "", "unanswered"),
    ]
    scores = score([], seen, ENDPOINT)
    assert (scores.committed, scores.committed_wrong) == (1, 0)
    assert (scores.tail, scores.tail_wrong) == (4, 2)


def test_one_word_too_many_does_not_spoil_those_after_it() -> None:
    seen = [partial(1.0, 1.0, "oh the card is lost", ""), final(2.0, 0.5, 1.8, "The card is lost")]
    scores = score([], seen, ENDPOINT)
    assert (scores.committed, scores.committed_wrong) == (5, 1)


def test_references_closer_than_a_pause_are_one_stretch_that_ends_with_its_sound() -> None:
    audio = np.full((1, 6 * RATE_HZ), 1e-4, np.float32)
    audio[0, RATE_HZ : 2 * RATE_HZ] = 0.2
    audio[0, int(2.3 * RATE_HZ) : int(3.5 * RATE_HZ)] = 0.2
    segments = [
        Segment("a", 1.0, 2.0, "one"),
        Segment("a", 2.3, 3.9, "two"),
        Segment("a", None, None, "untimed"),
    ]
    (stretch,) = stretches(segments, audio)
    assert (stretch.start_s, stretch.end_s) == (1.0, pytest.approx(3.5, abs=0.011))


def test_segments_of_a_stereo_call_go_by_channel() -> None:
    audio = np.full((2, 4 * RATE_HZ), 0.1, np.float32)
    segments = [
        Segment("a", 0.5, 1.0, "x", channel=1),
        Segment("b", 2.0, 3.0, "y"),
        Segment("a", 2.5, 3.0, "z", 0),
    ]
    found = stretches(segments, audio)
    assert [(one.channel, one.start_s, one.end_s) for one in found] == [(0, 2.5, 3.0), (1, 0.5, 1.0)]


def test_scores_add_and_percentiles_are_of_nearest_rank() -> None:
    total = LatencyScores((0.1,), missing=1) + LatencyScores((0.3, 0.2), tail=2, tail_wrong=1)
    assert total == LatencyScores((0.1, 0.3, 0.2), missing=1, tail=2, tail_wrong=1)
    assert [percentile(total.speech_to_final_s, share) for share in (0.0, 0.5, 0.95)] == [0.1, 0.2, 0.3]
    assert percentile((), 0.5) is None


@pytest.mark.sample_calls
def test_a_call_is_played_and_measured(sample_calls: Path, tmp_path: Path) -> None:
    """Three seconds of a sample call, in real time, with the embedded engine."""
    from pipeline.client import read_recording

    whole = read_recording(sample_calls / "12-hang-up.flac", "call", {})
    write_wav(tmp_path / "call.wav", whole.samples[: 7 * whole.rate_hz], whole.rate_hz)
    reference = json.loads((sample_calls / "12-hang-up.json").read_text())
    segments = [one for one in reference["segments"] if one["end"] < 6.0]
    (tmp_path / "call.json").write_text(json.dumps({"segments": segments}))
    files = ["--json", str(tmp_path / "out.json"), "--csv", str(tmp_path / "out.csv")]
    result = CliRunner().invoke(app, ["latency", str(tmp_path), *files])
    assert result.exit_code == 0, result.output
    written: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    assert written["total"]["missing"]["ends"] == len(segments)
    assert [each["call"] for each in written["calls"]] == [f"{tmp_path.name}/call.wav"]
    assert (written["n_given"], written["n_scored"]) == (1, 1)
    delays = written["total"]["speech_to_final_s"]
    assert delays["n"] + written["total"]["missing"]["missing"] == len(segments)
    assert all(0.0 < delay < 30.0 for delay in delays["values"])
    (row,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert float(row["speech_to_final_s_sum"]) == sum(delays["values"])
    assert "end of speech" in result.output


def write_wav(path: Path, samples: np.ndarray, rate_hz: int) -> None:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())

"""The benchmarks of live calls run, and give what their tables need; and how the cost of a call grows.

No time is asserted: what is compared are counts of one run.
"""

from __future__ import annotations

import io
import json
import tracemalloc
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks import endpoints, live_calls, live_cost, whisper_batches
from benchmarks.callers import mulaw_of
from benchmarks.random_whisper import TINY
from models import registry
from models.types import RATE_HZ, Samples
from pipeline.doors import g711
from pipeline.doors.files import blocks, probe
from pipeline.jobs import RANKS
from tests.pipeline.audio_files import write_audio
from tests.pipeline.live_harness import LIVE, LiveRoom, NotingTranscriber, speech

SPOKEN_S = 6
WORDS = [
    {"start": 0.5, "end": 2.0, "speaker": "agent", "channel": 0, "text": "good morning sir"},
    {"start": 3.0, "end": 4.2, "speaker": "customer", "channel": 1, "text": "my card"},
]


@pytest.fixture
def folder(tmp_path: Path, sample_calls: Path) -> Path:
    """A stereo call of a few seconds, cut from a sample call, with a reference of its own."""
    call = np.concatenate(list(blocks(probe(sample_calls / "01-overdraft-refund.flac"))), axis=1)
    part = call[:, : SPOKEN_S * RATE_HZ : 2]
    write_audio(tmp_path / "call.flac", list(part), 8_000, "flac")
    (tmp_path / "call.json").write_text(json.dumps({"segments": WORDS}))
    return tmp_path


def run(module: Any, folder: Path, *options: str) -> tuple[Any, dict[str, Any], str]:
    """What a benchmark gives, its JSON, and what it prints."""
    out = folder / "out.json"
    given: Namespace = module.parser().parse_args([*options, "--json", str(out)])
    printed = io.StringIO()
    measured = module.measure(given, Console(file=printed, width=200))
    return measured, json.loads(out.read_text()), printed.getvalue()


def test_calls_at_once(folder: Path) -> None:
    options = ["--folder", str(folder), "--asr", "scripted", "--hold", "3", "--settle", "0"]
    measured, written, printed = run(live_calls, folder, "--steps", "1", "2", *options)
    assert [step.calls for step in measured.steps] == [1, 2]
    assert measured.ended == "no more steps"
    assert all(step.cpu > step.loop > 0 and step.rss_bytes > 0 for step in measured.steps)
    assert set(measured.steps[0].engine) == set(RANKS)
    assert [step["calls"] for step in written["steps"]] == [1, 2]
    assert "calls a core" in printed


def test_a_call_that_is_refused_ends_the_climb(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRAPUP_LIVE__MAX_CALLS", "1")
    options = ["--folder", str(folder), "--asr", "scripted", "--hold", "0.5", "--settle", "0"]
    measured, _, printed = run(live_calls, folder, "--steps", "1", "2", *options)
    assert [step.calls for step in measured.steps] == [1]
    assert "call 2 was refused: 1 calls are in progress" in printed


def test_memory_a_call_is_a_slope() -> None:
    step = live_calls.Step(0, (), (), 1.0, 0.1, 0.1, {}, {}, 0.0, 0.0, 0.0, 0.0, 0, 0.0)
    sizes = {4: 999_000_000, 8: 180_000_000, 12: 200_000_000, 16: 220_000_000}
    steps = tuple(replace(step, calls=n, rss_bytes=size) for n, size in sizes.items())
    assert live_calls.Measured(steps, "").memory_a_call() == pytest.approx(5_000_000)
    assert live_calls.Measured(steps[:2], "").memory_a_call() is None


def test_live_over_batch(folder: Path) -> None:
    options = ["--folder", str(folder), "--asr", "scripted", "--calls", "2", "--partial-ms", "500", "0"]
    runs, written, printed = run(live_cost, folder, *options)
    (with_partials, batch), (without, _) = runs
    assert with_partials.audio_s == pytest.approx(2 * SPOKEN_S, abs=0.1)
    assert batch.audio_s == pytest.approx(2 * SPOKEN_S, abs=0.1)
    assert with_partials.finals == without.finals == len(batch.utterances_s) > 0
    assert with_partials.jobs["partial"] > 0 == without.jobs["partial"]
    assert [row["live"]["partial_ms"] for row in written["runs"]] == [500, 0]
    assert "is in an utterance of" in printed


def test_endpoint_settings(folder: Path) -> None:
    options = ["--asr", "scripted", "--hang", "256", "608", "--live", "608", "--at-once", "1"]
    (short, long), written, printed = run(endpoints, folder, str(folder), *options)
    assert (short.hang_ms, long.hang_ms) == (256, 608)
    assert short.utterances >= long.utterances > 0
    assert short.total.length == long.total.length == 5
    assert short.played is None
    assert len(long.played.speech_to_final_s) + long.played.missing == 2
    waits = np.subtract(sorted(long.decided_s), sorted(short.decided_s))
    assert waits == pytest.approx(0.352)
    assert [one["hang_ms"] for one in written["settings"]] == [256, 608]
    assert "computed" in printed
    assert "played" in printed


def test_batches_of_whisper(tmp_path: Path) -> None:
    options = ["--tiny", "--batches", "1", "2", "--rounds", "1", "--tokens", "3"]
    rows, written, printed = run(whisper_batches, tmp_path, *options)
    assert [row.batch for row in rows] == [1, 2]
    assert (written["weights"], written["model"]) == ("random", TINY.name)
    assert "Random weights" in printed
    assert "says nothing about Whisper" in printed


def test_batches_that_cost_no_more_carry_more_calls() -> None:
    flat = {1: 0.2, 2: 0.2, 4: 0.2}
    carried = [whisper_batches.calls_at_once(limit, flat, 12.0) for limit in flat]
    assert carried == sorted(carried)
    assert carried[-1] > 2 * carried[0] > 0
    assert min(whisper_batches.waits(5, 1, flat, 12.0)) == pytest.approx(0.2)


def test_mulaw_keeps_the_samples_of_a_telephone_call(sample_calls: Path) -> None:
    path = sample_calls / "12-hang-up.flac"
    coded = mulaw_of(path)
    audio = np.concatenate(list(blocks(probe(path))), axis=1)[:, ::2].T
    assert coded.shape == audio.shape
    heard = g711.decode(coded.tobytes(), "mulaw").reshape(coded.shape)
    assert np.abs(heard - audio).max() < 5e-4


def after(minutes: int) -> tuple[int, int, int]:
    """Of a call of so many minutes, which ends as all do: bytes of audio held before its end, samples read
    after it, and finals."""
    block = speech(3, duration_s=60.0)
    transcriber = NotingTranscriber()
    room = LiveRoom(transcriber=transcriber)
    client = room.connect()
    tracemalloc.start()
    try:
        for _ in range(minutes):
            client.play(block, chunk_s=0.5)
        only = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
        found = tracemalloc.take_snapshot().filter_traces([only]).statistics("filename")
    finally:
        tracemalloc.stop()
    before = len(transcriber.lengths)
    client.hang_up()
    assert room.end_code == "hangup"
    held = sum(one.size for one in found)
    return held, sum(transcriber.lengths[before:]), len(room.recorder.finals)


def test_neither_the_audio_held_nor_the_work_after_hang_up_grows_with_a_call() -> None:
    short, long = after(1), after(10)
    assert long[2] > 8 * short[2]
    assert 0 < long[0] <= 1.1 * short[0]
    assert long[1] == short[1] > 0


def seconds_read(audio: Samples, partial_ms: int | None) -> tuple[float, list[float]]:
    """Seconds that the transcriber read of a live call, and the lengths of its utterances in seconds."""
    transcriber = NotingTranscriber()
    settings = replace(LIVE, partial_ms=partial_ms)
    room = LiveRoom(settings, transcriber=transcriber, voice=registry.engine("voice", "silero"))
    room.connect().play(audio, chunk_s=0.1)
    room.call.end("hangup")
    room.settle()
    lengths = [(final.end_samples - final.start_samples) / RATE_HZ for final in room.recorder.finals]
    return sum(transcriber.lengths) / RATE_HZ, lengths


def test_a_live_call_reads_little_more_than_a_file(sample_calls: Path) -> None:
    """What is read beside the finals: early readings for nothing, and partials of a bounded length."""
    call = np.concatenate(list(blocks(probe(sample_calls / "01-overdraft-refund.flac"))), axis=1)
    without, lengths = seconds_read(call, None)
    assert len(lengths) > 20
    assert sum(lengths) <= without <= 1.25 * sum(lengths)
    with_partials, same = seconds_read(call, 500)
    assert same == lengths
    utterance_s = sum(length**2 for length in lengths) / sum(lengths)
    # An utterance of n seconds is read up to each half second of it: n * n + n / 2 seconds at most.
    assert 0 < with_partials - without <= (utterance_s + 0.5) * sum(lengths)

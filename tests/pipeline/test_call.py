"""A call from its audio to its events, with the real session and workers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from models.fakes import ScriptedVoice
from models.ports import PLAIN, UNLIMITED, Decoding, NoteLimits
from models.types import RATE_HZ, NoteRequest, Samples, Summary, Transcription
from pipeline.call import Call, Stopped
from pipeline.core.events import (
    CallClosed,
    DraftReady,
    DurableEvent,
    Result,
    SummarizeJob,
    TranscribeJob,
    TranscribeKind,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import DeadlineSettings, SessionSettings
from pipeline.lanes import WAITING_BLOCKS
from pipeline.shell import CallEngines
from pipeline.workers import Engines, Workers
from tests.pipeline.engines import (
    BrokenDiarizer,
    BrokenTranscriber,
    HalvesDiarizer,
    LengthTranscriber,
    LineSummarizer,
    StuckDiarizer,
)

STEREO = SessionSettings(channels=2, roles=("agent", "customer"))
MONO = SessionSettings(channels=1, diarize=True)


def audio(seed: int, channels: int, duration_s: float = 20.0, level: float = 0.5) -> Samples:
    """Bursts of noise and digital silence, shape (channels, n)."""
    rng = np.random.default_rng(seed)
    out = np.zeros((channels, int(duration_s * RATE_HZ)), np.float32)
    for channel in range(channels):
        at = 0
        while at < out.shape[1]:
            loud, quiet = (int(rng.uniform(0.3, 2.0) * RATE_HZ) for _ in range(2))
            out[channel, at : at + loud] = rng.uniform(-level, level, out[channel, at : at + loud].shape)
            at += loud + quiet
    return out


def run(call: Call, block: Samples, size: int) -> list[DurableEvent]:
    for at in range(0, block.shape[1], size):
        call.hear(block[:, at : at + size])
    call.end("hangup")
    return call.events


def by_channel(events: list[DurableEvent]) -> dict[int | None, list[DurableEvent]]:
    found: dict[int | None, list[DurableEvent]] = {}
    for event in events:
        found.setdefault(getattr(event, "channel", None), []).append(event)
    return found


@pytest.fixture
def workers() -> Iterator[Workers]:
    with Workers(Engines(LengthTranscriber(), LineSummarizer()), threads=3) as pool:
        yield pool


def test_events_do_not_depend_on_how_the_audio_was_cut(workers: Workers) -> None:
    block = audio(1, 2)
    engines = CallEngines(ScriptedVoice(), None)
    results = []
    for size in (7, 160, 320, 512, 8_000, block.shape[1]):
        with Call(STEREO, engines, workers) as call:
            results.append(by_channel(run(call, block, size)))
    assert len([event for event in results[0][0] if isinstance(event, UtteranceFinal)]) > 3
    assert all(result == results[0] for result in results)


def test_one_sample_at_a_time(workers: Workers) -> None:
    block = audio(2, 1, duration_s=2.0)
    engines = CallEngines(ScriptedVoice(), None)
    settings = SessionSettings(channels=1)
    with Call(settings, engines, workers) as whole, Call(settings, engines, workers) as single:
        assert run(single, block, 1) == run(whole, block, block.shape[1])


def test_a_mono_call_is_told_apart_at_its_end(workers: Workers) -> None:
    with Call(MONO, CallEngines(ScriptedVoice(), HalvesDiarizer()), workers) as call:
        events = run(call, audio(3, 1), 4_000)
    (turns,) = (event for event in events if isinstance(event, TurnsFound))
    assert [turn.speaker for turn in turns.turns] == ["S1", "S2"]
    assert isinstance(events[-1], CallClosed)


def test_a_diarizer_that_cannot_start_leaves_one_speaker(workers: Workers) -> None:
    with Call(MONO, CallEngines(ScriptedVoice(), BrokenDiarizer()), workers) as call:
        events = run(call, audio(3, 1), 4_000)
    assert not [event for event in events if isinstance(event, TurnsFound)]
    assert isinstance(events[-1], CallClosed)


def test_a_call_goes_on_without_a_diarizer_that_is_stuck(workers: Workers) -> None:
    diarizer = StuckDiarizer()
    engines = CallEngines(ScriptedVoice(), diarizer, patience_s=0.01)
    block = audio(3, 1)
    size = block.shape[1] // (2 * WAITING_BLOCKS)
    with Call(MONO, engines, workers) as call:
        call.hear(block[:, :size])
        diarizer.stuck.wait()
        events = run(call, block[:, size:], size)
    with Call(MONO, CallEngines(ScriptedVoice(), None), workers) as alone:
        assert run(alone, block, 4_000) == events
    assert [event for event in events if isinstance(event, UtteranceFinal)]
    assert isinstance(events[-1], CallClosed)
    diarizer.release.set()
    assert diarizer.thread is not None
    diarizer.thread.join(60.0)
    assert not diarizer.thread.is_alive()
    assert diarizer.blocks == 1


def test_a_stuck_diarizer_with_room_for_all_blocks_is_given_up_at_its_deadline() -> None:
    diarizer = StuckDiarizer()
    settings = SessionSettings(channels=1, diarize=True, deadline=DeadlineSettings(0.05, 0.0, 0.0))
    with Workers(Engines(LengthTranscriber(), LineSummarizer()), threads=2) as workers:
        engines = CallEngines(ScriptedVoice(), diarizer, patience_s=0.01)
        with Call(settings, engines, workers) as call:
            events = run(call, audio(3, 1), 160_000)
        diarizer.release.set()
    assert not [event for event in events if isinstance(event, TurnsFound)]
    assert isinstance(events[-1], CallClosed)


def test_a_mono_call_without_a_diarizer_still_closes(workers: Workers) -> None:
    with Call(MONO, CallEngines(ScriptedVoice(), None), workers) as call:
        events = run(call, audio(3, 1), 4_000)
    assert isinstance(events[-1], CallClosed)


def test_an_engine_that_breaks_loses_utterances_and_not_the_call() -> None:
    with (
        Workers(Engines(BrokenTranscriber(), LineSummarizer()), threads=2) as workers,
        Call(STEREO, CallEngines(ScriptedVoice(), None), workers) as call,
    ):
        events = run(call, audio(4, 2), 8_000)
    lost = [event for event in events if isinstance(event, UtteranceLost)]
    assert len(lost) > 3
    assert {event.reason for event in lost} == {"failed"}
    assert events[-2] == DraftReady("draft-1", Summary("no_speech"))


def test_one_bad_clip_does_not_take_its_batch_mates_along() -> None:
    engine = LengthTranscriber(max_batch=8)
    block = audio(5, 2)
    block[0, : RATE_HZ // 4] = 0.99
    with (
        Workers(Engines(engine, LineSummarizer()), threads=4) as workers,
        Call(STEREO, CallEngines(ScriptedVoice(), None), workers) as call,
    ):
        events = run(call, block, block.shape[1])
    lost = [event for event in events if isinstance(event, UtteranceLost)]
    assert [(event.channel, event.start_samples) for event in lost] == [(0, 0)]
    assert len([event for event in events if isinstance(event, UtteranceFinal)]) > 5


def test_a_busy_engine_is_tried_again() -> None:
    engine = LengthTranscriber(busy_times=2)
    with (
        Workers(Engines(engine, LineSummarizer()), threads=1) as workers,
        Call(SessionSettings(channels=1), CallEngines(ScriptedVoice(), None), workers) as call,
    ):
        events = run(call, audio(7, 1, duration_s=4.0), 4_000)
    assert not [event for event in events if isinstance(event, UtteranceLost)]


def test_an_engine_that_forgets_a_clip_fails_its_jobs() -> None:
    class Forgetful(LengthTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            return []

    with (
        Workers(Engines(Forgetful(), LineSummarizer()), threads=1) as workers,
        Call(STEREO, CallEngines(ScriptedVoice(), None), workers) as call,
    ):
        events = run(call, audio(4, 2), 8_000)
    assert {event.reason for event in events if isinstance(event, UtteranceLost)} == {"failed"}
    assert isinstance(events[-1], CallClosed)


def test_a_worker_that_never_answers_cannot_keep_a_call_open() -> None:
    release = threading.Event()

    class Stuck(LineSummarizer):
        def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
            release.wait()
            return Summary("ok")

    settings = SessionSettings(channels=1, deadline=DeadlineSettings(0.05, 0.0, 0.0))
    with Workers(Engines(LengthTranscriber(), Stuck()), threads=2) as workers:
        with Call(settings, CallEngines(ScriptedVoice(), None), workers) as call:
            events = run(call, audio(8, 1, duration_s=3.0), 4_000)
        release.set()
    assert events[-2] == DraftReady("draft-1", Summary("failed"))


def test_a_silent_channel_has_no_utterance(workers: Workers) -> None:
    block = audio(9, 2)
    block[1] = np.random.default_rng(0).normal(0, 1e-4, block.shape[1])
    with Call(STEREO, CallEngines(ScriptedVoice(), None), workers) as call:
        events = run(call, block, 8_000)
    assert {event.channel for event in events if isinstance(event, UtteranceFinal)} == {0}


class Gated(LengthTranscriber):
    """Reads nothing until its gate is opened, so that a test decides what waits."""

    def __init__(self, max_batch: int = 1) -> None:
        super().__init__(max_batch)
        self.gate = threading.Event()
        self.reading = threading.Event()

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        self.reading.set()
        self.gate.wait()
        return super().transcribe(clips, decoding)


def test_a_call_that_is_stopped_waits_for_no_engine() -> None:
    engine, stop = Gated(), threading.Event()
    with Workers(Engines(engine, LineSummarizer()), threads=1) as workers:
        call = Call(STEREO, CallEngines(ScriptedVoice(), None), workers, stopped=stop.is_set)
        with pytest.raises(Stopped), call:
            call.hear(audio(3, 2, duration_s=8.0))
            assert engine.reading.wait(30.0)
            assert workers.waiting()["final"] > 0
            threading.Timer(0.05, stop.set).start()
            call.end("hangup")
        assert set(workers.waiting().values()) == {0}
        with pytest.raises(Stopped):
            call.hear(audio(3, 2, duration_s=1.0))
        engine.gate.set()


def test_a_call_that_is_stopped_waits_for_no_diarizer(workers: Workers) -> None:
    diarizer, stop = StuckDiarizer(), threading.Event()
    engines = CallEngines(ScriptedVoice(), diarizer, patience_s=3_600.0)
    with pytest.raises(Stopped), Call(MONO, engines, workers, stopped=stop.is_set) as call:
        call.hear(audio(3, 1, duration_s=1.0))
        diarizer.stuck.wait()
        stop.set()
        call.end("hangup")
    diarizer.release.set()


def transcribe_job(name: str, kind: TranscribeKind = "final") -> TranscribeJob:
    return TranscribeJob(name, 0, 0, 1_600, kind, 9e9)


def test_waiting_jobs_share_a_batch_with_their_kind() -> None:
    engine = Gated(max_batch=4)
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    clip = np.zeros(1_600, np.float32)
    with Workers(Engines(engine, LineSummarizer()), threads=4) as workers:
        desk = workers.desk(results.put)
        desk.transcribe(transcribe_job("first"), clip)
        engine.reading.wait()
        for number in range(5):
            desk.transcribe(transcribe_job(f"final-{number}"), clip)
        desk.transcribe(transcribe_job("partial", "partial"), clip)
        engine.gate.set()
        order = [results.get().job_id for _ in range(7)]
    assert engine.batches == [1, 4, 1, 1]
    assert order == ["first", *(f"final-{number}" for number in range(5)), "partial"]


def test_notes_go_before_partials_and_after_finals() -> None:
    engine = Gated()
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    clip = np.zeros(1_600, np.float32)
    with Workers(Engines(engine, LineSummarizer()), threads=1) as workers:
        desk = workers.desk(results.put)
        desk.transcribe(transcribe_job("first"), clip)
        engine.reading.wait()
        desk.transcribe(transcribe_job("partial", "partial"), clip)
        desk.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        desk.transcribe(transcribe_job("final"), clip)
        engine.gate.set()
        order = [results.get().job_id for _ in range(4)]
    assert order == ["first", "final", "note", "partial"]

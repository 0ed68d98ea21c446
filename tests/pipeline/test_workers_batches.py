"""Workers with batches, with engines that break or hang, and what they count."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from models.errors import DecodingCancelled, EngineError
from models.fakes import ScriptedSummarizer, ScriptedTranscriber
from models.ports import PLAIN, UNLIMITED, Decoding, NoteLimits
from models.types import NoteRequest, Samples, Summary, Transcription
from pipeline.core.events import Failure, SummarizeJob
from pipeline.workers import Engines, Workers
from tests.pipeline.clock import VirtualClock
from tests.pipeline.gates import Box, GatedTranscriber, clip, job
from tests.pipeline.test_workers_desk import hired


def test_jobs_of_several_calls_share_a_batch() -> None:
    engine = GatedTranscriber(max_batch=8)
    boxes = [Box() for _ in range(3)]
    with hired(engine, threads=4) as workers:
        desks = [workers.desk(box.put) for box in boxes]
        desks[0].transcribe(job("busy"), clip())
        engine.until(1)
        for number, desk in enumerate(desks):
            desk.transcribe(job("t"), clip(number + 1))
        engine.open()
        assert boxes[0].ids(2) == ["busy", "t"]
        texts = [box.next().value for box in boxes[1:]]
    assert engine.began == [[160], [1, 2, 3]]
    assert [value.text for value in texts if isinstance(value, Transcription)] == ["2", "3"]


def test_one_bad_clip_of_several_calls_fails_alone() -> None:
    class Picky(GatedTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            answers = super().transcribe(clips, decoding)
            if any(len(one) == 13 for one in clips):
                raise EngineError("not this one")
            return answers

    engine, box = Picky(max_batch=4), Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("busy"), clip())
        engine.until(1)
        for samples in (12, 13, 14):
            desk.transcribe(job(f"t{samples}"), clip(samples))
        engine.open()
        results = [box.next() for _ in range(4)][1:]
    assert {result.job_id: isinstance(result.value, Failure) for result in results} == {
        "t12": False,
        "t13": True,
        "t14": False,
    }


def test_a_job_that_is_cancelled_while_its_batch_is_read_singly_gives_nothing() -> None:
    class Fussy(GatedTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            answers = super().transcribe(clips, decoding)
            if len(clips) > 1:
                raise EngineError("one by one please")
            return answers

    engine, box = Fussy(max_batch=4), Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("busy"), clip())
        engine.until(1)
        desk.transcribe(job("t1"), clip(1))
        desk.transcribe(job("t2"), clip(2))
        engine.step(2)
        engine.until(3)
        desk.cancel("t1")
        engine.open()
        assert box.ids(2) == ["busy", "t2"]


def test_a_note_whose_engine_breaks_is_a_failure() -> None:
    class Broken(ScriptedSummarizer):
        def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
            raise ZeroDivisionError

    box = Box()
    with Workers(Engines(ScriptedTranscriber(), Broken()), 1) as workers:
        workers.desk(box.put).summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        assert box.next().value == Failure("ZeroDivisionError")


def test_what_was_done_is_counted_by_kind() -> None:
    clock = VirtualClock()
    engine, box = GatedTranscriber(), Box()
    with hired(engine, clock=clock) as workers:
        desk = workers.desk(box.put)
        for number, kind in enumerate(("final", "early", "partial")):
            desk.transcribe(job(f"t{number}", kind), clip())
            engine.until(number + 1)
            clock.pass_s(0.25)
            engine.step()
            box.next()
        desk.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        box.next()
    assert workers.tally.done == {"final": 1, "early": 1, "partial": 1, "note": 1}
    assert workers.tally.busy_s == {"final": 0.25, "early": 0.25, "partial": 0.25, "note": 0.0}
    assert workers.meter.load() == pytest.approx(0.2212, abs=1e-3)


def test_an_engine_that_is_stuck_is_seen_while_it_is() -> None:
    clock = VirtualClock()
    engine, box = GatedTranscriber(), Box()
    with hired(engine, clock=clock) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("stuck"), clip())
        engine.until(1)
        clock.pass_s(2.0)
        desk.transcribe(job("waits"), clip())
        desk.transcribe(job("early", "early"), clip())
        desk.transcribe(job("unwanted"), clip())
        desk.cancel("unwanted")
        clock.pass_s(1.0)
        assert workers.final_ages_s() == [3.0, 1.0]
        assert workers.meter.load() == pytest.approx(0.632, abs=1e-3)
        desk.transcribe(job("early"), clip())
        clock.pass_s(17.0)
        assert workers.final_ages_s() == [20.0, 18.0, 17.0]
        assert workers.meter.load() > 0.99
        engine.open()
        box.ids(3)
        assert workers.final_ages_s() == []
        # A final whose early reading is done has its text already.
        desk.transcribe(job("waits"), clip())
        assert workers.final_ages_s() == []


def test_leaving_stops_what_runs() -> None:
    class Endless(GatedTranscriber):
        def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
            with self._changed:
                self.began.append([len(clip) for clip in clips])
                self._changed.notify_all()
            while decoding.go_on():
                threading.Event().wait(0.001)
            raise DecodingCancelled("nobody waits")

    engine, box = Endless(), Box()
    with hired(engine, threads=2) as workers:
        desk = workers.desk(box.put)
        for name in ("t1", "t2", "t3"):
            desk.transcribe(job(name), clip())
        engine.until(2)
    assert not [one for one in threading.enumerate() if one.name.startswith("wrapup-worker")]
    assert box.empty
    assert len(engine.began) == 2

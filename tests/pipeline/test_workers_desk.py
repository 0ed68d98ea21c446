"""A call's desk at the workers: what moves up, gives way, is left out, stops or shares a batch."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from models.errors import DecodingCancelled, EngineError
from models.fakes import ScriptedSummarizer, ScriptedTranscriber
from models.ports import PLAIN, Decoding, Transcriber
from models.types import Line, Samples, Summary, Transcription
from pipeline.core.events import Failure, SummarizeJob
from pipeline.load import Clock
from pipeline.workers import PARTIAL_LOAD, Engines, Workers
from tests.pipeline.clock import VirtualClock
from tests.pipeline.gates import Box, GatedTranscriber, clip, job


@contextmanager
def hired(engine: Transcriber, threads: int = 1, clock: Clock | None = None) -> Iterator[Workers]:
    """Workers on a clock that stands still, so that no load ever sheds a partial by chance."""
    with Workers(Engines(engine, ScriptedSummarizer()), threads, clock or VirtualClock()) as workers:
        yield workers


@pytest.fixture
def engine() -> Iterator[GatedTranscriber]:
    gated = GatedTranscriber()
    yield gated
    gated.open()


@pytest.fixture
def workers(engine: GatedTranscriber) -> Iterator[Workers]:
    with hired(engine) as pool:
        yield pool
        engine.open()


def test_a_final_takes_the_result_of_its_early_reading_that_waits(
    engine: GatedTranscriber, workers: Workers
) -> None:
    box = Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("busy"), clip())
    engine.until(1)
    desk.transcribe(job("t1", "early"), clip(1))
    desk.transcribe(job("t2", "early"), clip(2))
    desk.transcribe(job("t2"), clip(2))
    assert workers.waiting() == {"final": 1, "early": 1, "note": 0, "partial": 0, "file": 0}
    engine.step(3)
    assert box.ids(3) == ["busy", "t2", "t1"]
    assert engine.began == [[160], [2], [1]]


def test_a_final_takes_the_result_of_its_early_reading_that_runs(
    engine: GatedTranscriber, workers: Workers
) -> None:
    box = Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("t1", "early"), clip())
    engine.until(1)
    desk.transcribe(job("t1"), clip())
    engine.open()
    assert box.next().job_id == "t1"
    desk.summarize(SummarizeJob("note", (), 9e9))
    assert box.next().job_id == "note"
    assert len(engine.began) == 1


def test_a_result_that_was_taken_can_be_asked_for_again(engine: GatedTranscriber, workers: Workers) -> None:
    box = Box()
    desk = workers.desk(box.put)
    engine.open()
    for _ in range(2):
        desk.transcribe(job("t1"), clip())
        desk.came(box.next().job_id)
    assert len(engine.began) == 2


def test_a_newer_partial_replaces_one_that_waits(engine: GatedTranscriber, workers: Workers) -> None:
    box = Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("busy"), clip())
    engine.until(1)
    for number in range(3):
        desk.transcribe(job(f"p0-{number}", "partial"), clip(number + 1))
        desk.transcribe(job(f"p1-{number}", "partial", channel=1), clip(number + 11))
    assert workers.waiting()["partial"] == 2
    engine.open()
    assert box.ids(3) == ["busy", "p0-2", "p1-2"]
    assert box.empty
    assert workers.tally.cancelled == 4


def test_a_partial_that_is_being_read_is_read_to_its_end(engine: GatedTranscriber, workers: Workers) -> None:
    box = Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("p1", "partial"), clip())
    engine.until(1)
    desk.transcribe(job("p2", "partial"), clip())
    desk.transcribe(job("p3", "partial"), clip())
    engine.open()
    assert box.ids(2) == ["p1", "p3"]


def test_a_partial_makes_room_for_a_final_between_its_tokens() -> None:
    engine = GatedTranscriber(steps=3)
    box = Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("partial", "partial"), clip(1))
        engine.until(1)
        engine.step()
        desk.transcribe(job("final"), clip(2))
        engine.step()
        engine.until(2)
        engine.open()
        assert box.next().job_id == "final"
        assert box.empty
    assert engine.began == [[1], [2]]
    assert workers.tally.cancelled == 1


def test_a_partial_goes_on_while_another_thread_has_time() -> None:
    engine = GatedTranscriber(steps=2)
    box = Box()
    with hired(engine, threads=2) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("partial", "partial"), clip())
        engine.until(1)
        desk.transcribe(job("final"), clip())
        engine.until(2)
        engine.open()
        assert sorted(box.ids(2)) == ["final", "partial"]
    assert workers.tally.cancelled == 0


def test_one_partial_makes_room_for_one_job() -> None:
    engine = GatedTranscriber(steps=2)
    box = Box()
    with hired(engine, threads=2) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("p0", "partial"), clip(1))
        engine.until(1)
        desk.transcribe(job("p1", "partial", channel=1), clip(2))
        engine.until(2)
        desk.transcribe(job("final"), clip(3))
        engine.open()
        assert sorted(box.ids(2)) == ["final", "p1"]
    assert workers.tally.cancelled == 1


def test_a_batch_of_partials_makes_room_as_one() -> None:
    engine = GatedTranscriber(max_batch=4, steps=2)
    box = Box()
    with hired(engine, threads=4) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("busy"), clip())
        engine.until(1)
        for channel in range(3):
            desk.transcribe(job(f"p{channel}", "partial", channel), clip(channel + 1))
        engine.step(2)
        engine.until(2)
        desk.transcribe(job("final"), clip(9))
        engine.open()
        assert box.ids(2) == ["busy", "final"]
        assert box.empty
    assert engine.began == [[160], [1, 2, 3], [9]]


def test_a_cancelled_job_that_waits_is_never_read(engine: GatedTranscriber, workers: Workers) -> None:
    box = Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("busy"), clip())
    engine.until(1)
    desk.transcribe(job("t1", "early"), clip(1))
    desk.transcribe(job("t2", "early"), clip(2))
    desk.cancel("t1")
    desk.cancel("unknown")
    engine.open()
    assert box.ids(2) == ["busy", "t2"]
    assert engine.began == [[160], [2]]


def test_a_cancelled_job_that_runs_stops_between_tokens() -> None:
    engine = GatedTranscriber(steps=3)
    box = Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("t1", "early"), clip(1))
        engine.until(1)
        engine.step()
        desk.cancel("t1")
        desk.transcribe(job("t2"), clip(2))
        engine.step()
        engine.until(2)
        engine.open()
        assert box.next().job_id == "t2"
        assert box.empty


def test_one_cancelled_job_does_not_stop_its_batch() -> None:
    engine = GatedTranscriber(max_batch=2)
    box = Box()
    with hired(engine) as workers:
        one, other = workers.desk(box.put), workers.desk(box.put)
        one.transcribe(job("busy"), clip())
        engine.until(1)
        one.transcribe(job("t1"), clip(1))
        other.transcribe(job("t2"), clip(2))
        engine.step()
        engine.until(2)
        one.cancel("t1")
        engine.open()
        assert "t2" in box.ids(3)


def test_a_batch_that_nobody_wants_stops() -> None:
    engine = GatedTranscriber(max_batch=2, steps=2)
    box = Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("busy"), clip())
        engine.until(1)
        desk.transcribe(job("t1"), clip(1))
        desk.transcribe(job("t2"), clip(2))
        engine.step(2)
        engine.until(2)
        desk.close()
        engine.step()
        assert box.next().job_id == "busy"
        desk.transcribe(job("t3"), clip(3))
        engine.until(3)
        engine.open()
        assert box.next().job_id == "t3"


def test_a_closed_desk_wants_nothing(engine: GatedTranscriber, workers: Workers) -> None:
    box, other = Box(), Box()
    desk = workers.desk(box.put)
    desk.transcribe(job("t1"), clip())
    engine.until(1)
    desk.transcribe(job("t2"), clip())
    desk.transcribe(job("p", "partial"), clip())
    desk.summarize(SummarizeJob("note", (), 9e9))
    desk.close()
    workers.desk(other.put).transcribe(job("t3"), clip(3))
    engine.open()
    assert other.next().job_id == "t3"
    assert box.empty
    assert engine.began == [[160], [3]]


def test_partials_are_left_out_while_the_workers_are_busy() -> None:
    clock = VirtualClock()
    box = Box()
    with hired(ScriptedTranscriber(max_batch=1), clock=clock) as workers:
        desk = workers.desk(box.put)
        workers.meter.begin()
        clock.pass_s(-3.0 * math.log(1.0 - PARTIAL_LOAD) * 1.01)
        workers.meter.end()
        desk.transcribe(job("p1", "partial"), clip())
        desk.transcribe(job("final"), clip())
        assert box.next().job_id == "final"
        assert workers.tally.shed == 1
        clock.pass_s(1.0)
        desk.transcribe(job("p2", "partial"), clip())
        assert box.next().job_id == "p2"
        assert workers.tally.shed == 1


def test_a_draft_goes_to_the_engine_alone() -> None:
    engine = GatedTranscriber(max_batch=4)
    box = Box()
    with hired(engine) as workers:
        desk = workers.desk(box.put)
        desk.transcribe(job("busy"), clip())
        engine.until(1)
        desk.transcribe(job("p0", "partial", 0, (7, 8)), clip(1))
        desk.transcribe(job("p1", "partial", 1), clip(2))
        engine.open()
        assert box.ids(3) == ["busy", "p0", "p1"]
    assert [decoding.draft for decoding in engine.decodings] == [(), (7, 8), ()]


def test_the_words_of_the_site_go_to_the_engine() -> None:
    box = Box()
    engines = Engines(ScriptedTranscriber(lambda _: "my wrapup card"), ScriptedSummarizer(), ("WrapUp",))
    with Workers(engines, 1) as workers:
        workers.desk(box.put).transcribe(job("t"), clip())
        value = box.next().value
    assert isinstance(value, Transcription)
    assert value.text == "my WrapUp card"


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
        def summarize(self, lines: Sequence[Line]) -> Summary:
            raise ZeroDivisionError

    box = Box()
    with Workers(Engines(ScriptedTranscriber(), Broken()), 1) as workers:
        workers.desk(box.put).summarize(SummarizeJob("note", (), 9e9))
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
        desk.summarize(SummarizeJob("note", (), 9e9))
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

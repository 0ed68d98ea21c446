"""A call's desk at the workers: what moves up, gives way, is left out, stops or shares a batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.fakes import ScriptedSummarizer, ScriptedTranscriber
from models.ports import Transcriber
from models.types import NoteRequest, Transcription
from pipeline.core.events import SummarizeJob
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
    assert workers.waiting() == {"final": 1, "early": 1, "note": 0, "chunk": 0, "partial": 0, "file": 0}
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
    desk.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
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
    desk.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
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

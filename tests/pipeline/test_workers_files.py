"""Files that are read beside live calls: after all of theirs, one thread left free, no load, no note."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models.fakes import ScriptedSummarizer
from models.types import NoteRequest
from pipeline.core.events import Failure, SummarizeJob
from pipeline.workers import Engines, Workers
from tests.pipeline.clock import VirtualClock
from tests.pipeline.gates import Box, GatedTranscriber, clip, job


@contextmanager
def working(
    threads: int, clock: VirtualClock | None = None, steps: int = 1
) -> Iterator[tuple[GatedTranscriber, Workers]]:
    engine = GatedTranscriber(steps=steps)
    with Workers(Engines(engine, ScriptedSummarizer()), threads, clock or VirtualClock()) as workers:
        yield engine, workers
        engine.open()


def test_files_wait_for_everything_else() -> None:
    with working(1) as (engine, workers):
        box = Box()
        live, file = workers.desk(box.put), workers.desk(box.put, aside=True)
        live.transcribe(job("busy"), clip())
        engine.until(1)
        file.transcribe(job("file"), clip())
        live.transcribe(job("early", "early"), clip())
        live.summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        live.transcribe(job("final"), clip())
        assert workers.waiting() == {"final": 1, "early": 1, "note": 1, "chunk": 0, "partial": 0, "file": 1}
        engine.open()
        assert box.ids(5) == ["busy", "final", "early", "note", "file"]


def test_a_file_leaves_a_thread_to_the_live_calls() -> None:
    with working(2) as (engine, workers):
        box = Box()
        live, file = workers.desk(box.put), workers.desk(box.put, aside=True)
        for number in range(3):
            file.transcribe(job(f"file-{number}"), clip(1))
        engine.until(1)
        live.transcribe(job("live"), clip(2))
        engine.until(2)
        assert engine.began == [[1], [2]]
        engine.open()
        assert sorted(box.ids(4)) == ["file-0", "file-1", "file-2", "live"]


def test_a_file_keeps_no_partial_and_no_call_away() -> None:
    clock = VirtualClock()
    with working(1, clock) as (engine, workers):
        box = Box()
        live, file = workers.desk(box.put), workers.desk(box.put, aside=True)
        file.transcribe(job("file"), clip())
        engine.until(1)
        clock.pass_s(60.0)
        assert workers.meter.load() == 0.0
        assert workers.final_ages_s() == []
        engine.step()
        assert box.ids(1) == ["file"]
        live.transcribe(job("p1", "partial"), clip())
        engine.until(2)
        file.transcribe(job("file-2"), clip())
        assert workers.tally.cancelled == 0
        engine.open()
        assert box.ids(2) == ["p1", "file-2"]


def test_a_file_gets_no_note() -> None:
    with working(1) as (_, workers):
        box = Box()
        workers.desk(box.put, aside=True).summarize(SummarizeJob("note", NoteRequest(()), 9e9))
        result = box.next()
        assert result.job_id == "note"
        assert isinstance(result.value, Failure)


def test_a_job_that_is_asked_for_again_stays_where_it_is() -> None:
    with working(1) as (engine, workers):
        box = Box()
        file = workers.desk(box.put, aside=True)
        file.transcribe(job("busy"), clip())
        engine.until(1)
        file.transcribe(job("again"), clip())
        file.transcribe(job("again"), clip())
        assert workers.waiting()["file"] == 1
        engine.open()
        assert box.ids(2) == ["busy", "again"]

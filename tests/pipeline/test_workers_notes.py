"""Notes at the workers: on threads of their own for a summarizer elsewhere, drafts first, shed under load."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field

import numpy as np

from models.errors import DecodingCancelled
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities
from models.types import Line, NoteRequest, Statement, Summary
from pipeline.core.events import Failure, NoteWriter, Result, SummarizeJob, TranscribeJob
from pipeline.workers import CHUNK_LOAD, Engines, Workers
from tests.pipeline.engines import LengthTranscriber, LineSummarizer

LINES = (Line("u0-0", "agent", "S1", "good morning"),)
DRAFT = NoteRequest(LINES)
CHUNK = NoteRequest(LINES, "chunk")


@dataclass
class Elsewhere:
    """A summarizer behind a door: each note begins once the door was opened for it, and asks to go on."""

    at_once: int = 1
    version: str = "test:elsewhere"
    begun: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    door: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def capabilities(self) -> SummarizerCapabilities:
        return SummarizerCapabilities(at_once=self.at_once, sends_to="example.org")

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        self.begun.put(request.purpose)
        opened = False
        while not opened:
            opened = self.door.acquire(timeout=0.01)
            if not limits.go_on():
                raise DecodingCancelled("the note is no longer wanted")
        return Summary("ok", (Statement("reason", request.purpose, ("u0-0",)),))


def job(name: str, request: NoteRequest = DRAFT, by: NoteWriter = "chosen") -> SummarizeJob:
    return SummarizeJob(name, request, 60.0, by)


def engines(elsewhere: Elsewhere) -> Engines:
    return Engines(LengthTranscriber(), elsewhere, stand_in=LineSummarizer())


def test_a_summarizer_elsewhere_holds_up_neither_texts_nor_the_note_that_stands_in() -> None:
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    elsewhere = Elsewhere(at_once=2)
    with Workers(engines(elsewhere), 1) as workers:
        desk = workers.desk(results.put)
        for name in ("one", "two"):
            desk.summarize(job(name))
        assert [elsewhere.begun.get(timeout=5) for _ in range(2)] == ["draft", "draft"]
        desk.summarize(job("beside", by="embedded"))
        desk.transcribe(TranscribeJob("t", 0, 0, 1_600, "final", 60.0), np.zeros(1_600, np.float32))
        assert {results.get(timeout=5).job_id for _ in range(2)} == {"beside", "t"}
        assert workers.meter.load() < 0.5
        elsewhere.door.release(2)
        assert {results.get(timeout=5).job_id for _ in range(2)} == {"one", "two"}
        assert workers.tally.done == {"note": 3, "final": 1}


def test_drafts_go_before_notes_of_chunks() -> None:
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    elsewhere = Elsewhere()
    with Workers(engines(elsewhere), 1) as workers:
        desk = workers.desk(results.put)
        desk.summarize(job("first"))
        elsewhere.begun.get(timeout=5)
        desk.summarize(job("note-1-r1", CHUNK))
        desk.summarize(job("second"))
        assert (workers.waiting()["chunk"], workers.waiting()["note"]) == (1, 1)
        elsewhere.door.release(3)
        assert [results.get(timeout=5).job_id for _ in range(3)] == ["first", "second", "note-1-r1"]


def test_a_note_that_nobody_wants_is_given_up_whether_it_waits_or_is_written() -> None:
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    elsewhere = Elsewhere()
    with Workers(engines(elsewhere), 1) as workers:
        desk = workers.desk(results.put)
        desk.summarize(job("written"))
        elsewhere.begun.get(timeout=5)
        desk.summarize(job("waits"))
        desk.cancel("written")
        desk.cancel("waits")
        desk.summarize(job("wanted"))
        elsewhere.door.release(2)
        assert results.get(timeout=5).job_id == "wanted"
        assert workers.tally.cancelled == 2
        assert results.empty()


def test_workers_that_close_wait_for_no_note() -> None:
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    elsewhere = Elsewhere()
    with Workers(engines(elsewhere), 1) as workers:
        workers.desk(results.put).summarize(job("written"))
        elsewhere.begun.get(timeout=5)
    assert results.empty()


def shed(live: bool, summarizer: Elsewhere | LineSummarizer, request: NoteRequest) -> Result:
    """What comes of a note while all threads are busy."""
    results: queue.SimpleQueue[Result] = queue.SimpleQueue()
    clock = iter(range(0, 10**6, 10))
    with Workers(Engines(LengthTranscriber(), summarizer), 1, lambda: float(next(clock)), live) as workers:
        workers.meter.begin()
        assert workers.meter.load() > CHUNK_LOAD
        desk = workers.desk(results.put)
        if isinstance(summarizer, Elsewhere):
            summarizer.door.release()
        desk.summarize(job("note-1-r1", request))
        found = results.get(timeout=5)
        assert workers.tally.chunks_shed == int(found.value == Failure("shed"))
        return found


def test_chunks_of_live_calls_are_not_noted_here_while_the_machine_is_busy() -> None:
    assert shed(True, LineSummarizer(), CHUNK).value == Failure("shed")
    assert isinstance(shed(True, LineSummarizer(), DRAFT).value, Summary)
    assert isinstance(shed(False, LineSummarizer(), CHUNK).value, Summary)
    assert isinstance(shed(True, Elsewhere(), CHUNK).value, Summary)

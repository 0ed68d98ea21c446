"""Drives a session by hand: scores cut as a test likes, results in the order it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from models.types import Summary, Transcription, Turn, Word
from pipeline.core.clock import WINDOW_SAMPLES
from pipeline.core.events import (
    CancelJob,
    ChunkNoted,
    DiarizeJob,
    DurableEvent,
    EndCode,
    Failure,
    Heard,
    Job,
    Output,
    Partial,
    Result,
    SpanResolved,
    SpeakerHeard,
    SummarizeJob,
    TranscribeJob,
    UtteranceFinal,
)
from pipeline.core.session import Session, SessionSettings

SPEECH = [0.9] * 30 + [0.0] * 30
STEREO = SessionSettings(channels=2, roles=("agent", "customer"))
MONO = SessionSettings(channels=1, diarize=True)
LABELLED = SessionSettings(channels=1, diarize=True, label_ms=1_000)

Reply = Transcription | tuple[Turn, ...] | Summary | Failure
Answer = Callable[[Job], Reply]

VOCABULARY = [
    "my",
    "card",
    "is",
    "lost",
    "and",
    "the",
    "branch",
    "said",
    "forty",
    "one",
    "eleven",
    "was",
    "refunded",
    "on",
    "march",
    "third",
]


def spoken(job: TranscribeJob) -> Transcription:
    """A text that depends on the span alone: a word each 0.3 s."""
    length = job.end_samples - job.start_samples
    count = max(1, length // 4_800)
    return Transcription(
        tuple(
            Word(
                VOCABULARY[(job.start_samples // 512 + i) % len(VOCABULARY)],
                i * 4_800,
                (i + 1) * 4_800,
                0.9,
                True,
            )
            for i in range(count)
        )
    )


def answer(job: Job) -> Reply:
    """The result of any job, a pure function of it."""
    if isinstance(job, TranscribeJob):
        return spoken(job)
    if isinstance(job, DiarizeJob):
        half = job.end_samples // 2
        return (Turn(0, half, "S1"), Turn(half, job.end_samples, "S2"))
    return Summary("ok")


@dataclass
class Driver:
    """A session with the jobs it has asked for and the events it has given."""

    session: Session
    answer: Answer = answer
    jobs: list[Job] = field(default_factory=list)
    events: list[DurableEvent] = field(default_factory=list)
    partials: list[Partial] = field(default_factory=list)
    labels: list[SpeakerHeard] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def take(self, outputs: Iterable[Output]) -> None:
        """Sort outputs into jobs, durable events, partials and labels."""
        for output in outputs:
            if isinstance(output, TranscribeJob | DiarizeJob | SummarizeJob):
                self.jobs.append(output)
            elif isinstance(output, CancelJob):
                self.cancelled.append(output.id)
                self.jobs = [job for job in self.jobs if job.id != output.id]
            elif isinstance(output, Partial):
                self.partials.append(output)
            elif isinstance(output, SpeakerHeard):
                self.labels.append(output)
            else:
                self.events.append(output)

    def hear(self, channel: int, scores: Sequence[float], now_s: float = 0.0) -> None:
        """Whole windows."""
        heard = Heard(channel, len(scores) * WINDOW_SAMPLES, tuple(scores))
        self.take(self.session.push(heard, now_s))

    def reply(self, job: Job, now_s: float = 0.0) -> None:
        """Give a job's result."""
        if job in self.jobs:
            self.jobs.remove(job)
        self.take(self.session.push(Result(job.id, self.answer(job)), now_s))

    def reply_all(self, now_s: float = 0.0) -> None:
        """Give all results, also those that results ask for."""
        while self.jobs:
            self.reply(self.jobs[0], now_s)

    def end(self, code: EndCode = "hangup", now_s: float = 0.0) -> None:
        """Hang up."""
        self.take(self.session.end(code, now_s))

    def crash(self) -> None:
        """Lose the session and its jobs; go on from its snapshot and the events that are out."""
        before = self.session.snapshot()
        self.session = Session.restore(before, self.events)
        assert self.session.snapshot() == before
        self.jobs = list(self.session.resume(0.0))

    def by_channel(self) -> dict[int | str | None, list[DurableEvent]]:
        """Durable events by channel; notes of chunks, and resolved spans, apart; the call's under None."""
        sorted_out: dict[int | str | None, list[DurableEvent]] = {}
        for event in self.events:
            key: int | str | None = getattr(event, "channel", None)
            key = "notes" if isinstance(event, ChunkNoted) else key
            key = "spans" if isinstance(event, SpanResolved) else key
            sorted_out.setdefault(key, []).append(event)
        return sorted_out


def driver(settings: SessionSettings = STEREO) -> Driver:
    """A new session."""
    return Driver(Session(settings))


def finals(driven: Driver) -> list[UtteranceFinal]:
    """The finals so far."""
    return [event for event in driven.events if isinstance(event, UtteranceFinal)]

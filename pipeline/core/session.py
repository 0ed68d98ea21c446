"""The pure core of one call: what was heard and what workers found goes in; events and jobs come out.

No input or output, clock, thread or logger. The time `now_s` is an argument, on any monotonic scale, and
serves deadlines alone: what a call says never depends on it unless a result was lost.

    push(Heard | Missing | Transfer | Flush | Result, now_s)  ->  [Event | Job | CancelJob, ...]
    end(code, now_s)                                  ->  hang-up: flushes; then results until `closed`
    advance(now_s)                                    ->  to be called at `wake_at_s`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.types import RATE_HZ, Summary, Transcription
from pipeline.core import state as states
from pipeline.core.chunk_notes import Moment
from pipeline.core.closing import channel_speaker, lines_of_call
from pipeline.core.drafting import Drafting, is_note
from pipeline.core.endpointing import Endpointer, Span
from pipeline.core.events import (
    AudioGap,
    CancelJob,
    DiarizeJob,
    DurableEvent,
    EndCode,
    Failure,
    Flush,
    Heard,
    Input,
    Job,
    LegStarted,
    Missing,
    Output,
    Result,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    TranscribeJob,
    TranscribeKind,
    Transfer,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.labels import JOB_PREFIX, OnlineLabels
from pipeline.core.redaction import MaskState
from pipeline.core.resolving import Resolver, ResolvingState
from pipeline.core.speakers import revise
from pipeline.core.state import ChannelState, DeadlineSettings, NoteSettings, SessionSettings, SessionState
from pipeline.core.transcript import ChannelTranscript, Pending, TranscriptState, job_id_of, seconds_of

__all__ = ["DeadlineSettings", "NoteSettings", "Session", "SessionEndedError", "SessionSettings", "is_stored"]


class SessionEndedError(RuntimeError):
    """Audio came after the end of the call: a fault of the caller."""


DIARIZE_ID = "diarize"


def is_stored(job_id: str) -> bool:
    """Whether a job's result is a fact to be kept: those of partials and of online labels pass by."""
    return not job_id.startswith(("p", JOB_PREFIX))


class Session:
    """One call. See the module for the protocol."""

    def __init__(self, settings: SessionSettings) -> None:
        channels = [
            ChannelState(
                TranscriptState(
                    channel=index,
                    speaker=channel_speaker(settings, index),
                    mask=MaskState(channel=index, channels=settings.channels),
                )
            )
            for index in range(settings.channels)
        ]
        self._take(SessionState(settings, channels, resolving=ResolvingState.new(settings.channels)))

    @classmethod
    def restore(cls, data: bytes, events: Sequence[DurableEvent]) -> Session:
        """The session that gave this snapshot; `events` are those that it gave before, in that order.

        Of these, finals, resolved spans and notes of chunks are needed. Raises `SnapshotError`.
        """
        session = cls.__new__(cls)
        session._take(states.load(data, events))
        return session

    def _take(self, state: SessionState) -> None:
        self._state = state
        settings = state.settings
        self._endpointers = [Endpointer(settings.endpoint, channel.endpoint) for channel in state.channels]
        self._transcripts = [
            ChannelTranscript(channel.transcript, settings.mask_secrets) for channel in state.channels
        ]
        self._resolver = Resolver(state.resolving)
        self._drafting = Drafting(state)
        self._labels = OnlineLabels(settings.label_ms if settings.diarize else None)

    def snapshot(self) -> bytes:
        """What the session remembers, as versioned bytes; neither audio nor what `restore` is given again is
        part of it."""
        return states.dump(self._state)

    @property
    def closed(self) -> bool:
        """`CallClosed` is out."""
        return self._state.stage == "closed"

    @property
    def open(self) -> bool:
        """Audio may still come."""
        return self._state.stage == "open"

    @property
    def end_code(self) -> EndCode:
        """How the call ended, once it has."""
        return self._state.code

    @property
    def wake_at_s(self) -> float | None:
        """When `advance` is due; None when nothing waits."""
        state = self._state
        dues = [item.deadline_s for transcript in self._transcripts for item in transcript.waiting()]
        dues += self._drafting.dues
        if state.turns_due_s is not None:
            dues.append(state.turns_due_s)
        return min(dues, default=None)

    def heard(self, channel: int) -> int:
        """Samples heard on a channel."""
        return self._state.channels[channel].heard

    def needed_from(self, channel: int) -> int:
        """The first sample of a channel that a job may still ask for; audio before it can be dropped."""
        waiting = self._transcripts[channel].waiting()
        starts = [item.span.start_samples for item in waiting]
        return min([self._endpointers[channel].needed_from, *starts])

    def waits_before(self, samples: int) -> bool:
        """Whether the text of an utterance that began before this place is still to come."""
        pending = (item for transcript in self._transcripts for item in transcript.state.pending)
        return any(item.span.start_samples < samples for item in pending)

    def push(self, item: Input, now_s: float) -> list[Output]:
        """Take one input. A late or repeated result changes nothing.

        Raises `SessionEndedError` for audio after the end.
        """
        if isinstance(item, Result):
            if item.job_id.startswith(JOB_PREFIX):
                return [*self._labels.take(item, self._state.finals)] if self.open else []
            return self._result(item, now_s) + self._ask_labels(now_s) + self._note(now_s)
        if self._state.stage != "open":
            raise SessionEndedError("audio after the end of the call")
        if isinstance(item, Missing):
            return self._miss(item)
        if isinstance(item, Transfer):
            self._state.legs += 1
            leg = self._state.legs
            return [LegStarted(f"leg-{leg}", leg, item.associate, item.queue, item.at_samples)]
        if isinstance(item, Flush):
            return self._flush(item.channel, now_s) + self._note(now_s)
        return self._hear(item, now_s) + self._ask_labels(now_s) + self._note(now_s)

    def end(self, code: EndCode, now_s: float) -> list[Output]:
        """Hang-up: what is being said becomes final. A second end changes nothing."""
        state = self._state
        if state.stage != "open":
            return []
        state.stage, state.code = "ended", code
        out: list[Output] = []
        for index, endpointer in enumerate(self._endpointers):
            out += self._ask_final(index, endpointer.end(state.channels[index].heard), now_s)
            out += self._drop_early(index)
            out += self._keep(index, self._transcripts[index].release())
        if state.settings.diarize and self._speech_was_found():
            state.turns_due_s = self._deadline(now_s, state.channels[0].heard)
            out.append(DiarizeJob(DIARIZE_ID, 0, state.channels[0].heard, state.turns_due_s))
        return out + self._drafting.end(now_s) + self._go_on(now_s)

    def advance(self, now_s: float) -> list[Output]:
        """Time passed: jobs past their deadline are lost."""
        out: list[Output] = []
        for index, transcript in enumerate(self._transcripts):
            out += self._keep(index, transcript.expire(now_s))
        state = self._state
        if state.turns_due_s is not None and state.turns_due_s <= now_s:
            state.turns, state.turns_due_s = (), None
        return out + self._drafting.expire(now_s) + self._note(now_s) + self._go_on(now_s)

    def resume(self, now_s: float) -> list[Job]:
        """The jobs that a restored session still waits for, with deadlines from now on."""
        state = self._state
        jobs: list[Job] = []
        for index, transcript in enumerate(self._transcripts):
            state.channels[index].early = None
            for item in transcript.waiting():
                item.deadline_s = self._deadline(now_s, item.span.end_samples - item.span.start_samples)
                jobs.append(_transcribe(index, item.span, item.deadline_s, "final"))
        if state.turns_due_s is not None:
            state.turns_due_s = self._deadline(now_s, state.channels[0].heard)
            jobs.append(DiarizeJob(DIARIZE_ID, 0, state.channels[0].heard, state.turns_due_s))
        return jobs + self._drafting.resume(self._labels.shown, self._moment(now_s))

    def _flush(self, index: int, now_s: float) -> list[Output]:
        out = self._ask_final(index, self._endpointers[index].flush(), now_s)
        return out + self._drop_early(index) + self._keep(index, self._transcripts[index].release())

    def _miss(self, item: Missing) -> list[Output]:
        gap_id = f"g{item.channel}-{item.start_samples}"
        gap = AudioGap(gap_id, item.channel, item.start_samples, item.end_samples, item.reason)
        self._state.channels[item.channel].gaps.append(gap)
        return self._keep(item.channel, [])

    def _hear(self, item: Heard, now_s: float) -> list[Output]:
        index = item.channel
        self._state.channels[index].heard += item.samples
        out = self._ask_final(index, self._endpointers[index].push(item.scores), now_s)
        out += self._ask_early(index, now_s)
        out += self._ask_partial(index, now_s)
        return out + self._keep(index, self._transcripts[index].release())

    def _ask_final(self, index: int, spans: list[Span], now_s: float) -> list[Output]:
        """Decided utterances: each takes the early reading of the same span, where there is one.

        What that makes known is released by the caller, once all of them are expected: before that, what is
        masked would be decided as if none of them were to come.
        """
        channel = self._state.channels[index]
        out: list[Output] = []
        for span in spans:
            due = self._deadline(now_s, span.end_samples - span.start_samples)
            early = channel.early if channel.early is not None and channel.early.span == span else None
            # A reading that failed is no answer: the final asks anew.
            settled = early.settled if early is not None else None
            settled = None if isinstance(settled, Failure) else settled
            self._transcripts[index].expect(span, due, settled)
            if early is not None:
                channel.early = None
            if settled is None:
                out.append(_transcribe(index, span, due, "final"))
        return out

    def _ask_early(self, index: int, now_s: float) -> list[Output]:
        if not self._state.settings.early:
            return []
        channel = self._state.channels[index]
        span = self._endpointers[index].expected
        if channel.early is not None and channel.early.span == span:
            return []
        out = self._drop_early(index)
        if span is not None:
            due = self._deadline(now_s, span.end_samples - span.start_samples)
            channel.early = Pending(span, due)
            out.append(_transcribe(index, span, due, "early"))
        return out

    def _drop_early(self, index: int) -> list[Output]:
        """Speech went on: nobody needs the early reading."""
        early, self._state.channels[index].early = self._state.channels[index].early, None
        return [] if early is None or early.settled is not None else [CancelJob(job_id_of(index, early.span))]

    def _ask_partial(self, index: int, now_s: float) -> list[Output]:
        endpointer = self._endpointers[index]
        start = endpointer.open_from
        every = self._state.settings.partial_ms
        if every is None or start is None or endpointer.pausing:
            return []
        channel = self._state.channels[index]
        shown = channel.partial
        shown.begin(start)
        if channel.heard - shown.asked_until < every * RATE_HZ // 1000:
            return []
        shown.asked_until = channel.heard
        job = _transcribe(index, Span(start, channel.heard), now_s + every / 1000, "partial")
        return [replace(job, draft=shown.tokens)]

    def _ask_labels(self, now_s: float) -> list[Output]:
        state = self._state
        return [*self._labels.ask(len(state.finals), state.channels[0].heard, now_s)] if self.open else []

    def _result(self, result: Result, now_s: float) -> list[Output]:
        value = result.value
        if isinstance(value, Summary) or is_note(result.job_id):
            return self._drafting.take(result, self._labels.shown, now_s)
        if result.job_id == DIARIZE_ID:
            if self._state.turns_due_s is None:
                return []
            self._state.turns_due_s = None
            self._state.turns = value if isinstance(value, tuple) else ()
            return self._go_on(now_s)
        if isinstance(value, tuple):
            return []
        if result.job_id.startswith("p"):
            return self._partial(result.job_id, value)
        self._settle_early(result.job_id, value)
        out: list[Output] = []
        for index, transcript in enumerate(self._transcripts):
            out += self._keep(index, transcript.settle(result.job_id, value))
        return out + self._go_on(now_s)

    def _settle_early(self, job_id: str, value: Transcription | Failure) -> None:
        """An early reading came back, or failed: either way it is not asked for a second time."""
        for index, channel in enumerate(self._state.channels):
            early = channel.early
            if early is not None and job_id_of(index, early.span) == job_id:
                early.settled = value

    def _partial(self, job_id: str, value: Transcription | Failure) -> list[Output]:
        index, start, end = (int(part) for part in job_id[1:].split("-"))
        if isinstance(value, Failure) or self._endpointers[index].open_from != start:
            return []
        return [*self._state.channels[index].partial.take(index, Span(start, end), value)]

    def _keep(self, index: int, events: list[UtteranceFinal | UtteranceLost]) -> list[Output]:
        """Events of one channel, and the gaps before which no utterance can come any more, by start."""
        self._state.finals += [event for event in events if isinstance(event, UtteranceFinal)]
        gaps = self._state.channels[index].gaps
        ready = [gap for gap in gaps if gap.start_samples <= self._settled_until(index)]
        self._state.channels[index].gaps = gaps[len(ready) :]
        in_order = sorted([*events, *ready], key=lambda event: event.start_samples)
        return [*in_order, *self._resolve(min(map(self._settled_until, range(len(self._transcripts)))))]

    def _resolve(self, until_samples: int | None) -> list[Output]:
        """Masks of utterances that are out, decided up to a place; None: all of them."""
        for transcript in self._transcripts:
            while transcript.state.said:
                self._resolver.add(transcript.state.said.pop(0))
        resolver = self._resolver
        resolved = resolver.end() if until_samples is None else resolver.advance(until_samples)
        self._state.resolved += resolved
        return [*resolved]

    def _settled_until(self, index: int) -> int:
        """No utterance of a channel that is not out yet starts before this sample."""
        starts = [item.span.start_samples for item in self._transcripts[index].state.pending]
        endpointer = self._endpointers[index]
        if self._state.stage == "open" or endpointer.open_from is not None:
            starts.append(endpointer.needed_from)
        return min(starts, default=self._state.channels[index].heard)

    def _go_on(self, now_s: float) -> list[Output]:
        """After the end: once all results are in, speakers, roles and the note."""
        state = self._state
        waiting = any(transcript.waiting() for transcript in self._transcripts)
        if state.stage != "ended" or waiting or state.turns_due_s is not None:
            return []
        state.finals.sort(key=lambda final: (final.start_samples, final.channel))
        out = self._resolve(None)
        revisions: list[tuple[str, tuple[SpeakerPart, ...]]] = []
        if state.turns and state.finals:
            out.append(TurnsFound("turns-1", 1, 0, state.turns))
            revisions = revise(state.finals, state.turns)
        out += [
            SpeakerRevised(f"{utterance}-speaker-1", utterance, 1, parts) for utterance, parts in revisions
        ]
        lines = lines_of_call(state, dict(revisions))
        roles = tuple(sorted({line.speaker: line.role for line in lines}.items()))
        out.append(RolesAssigned("roles-1", roles))
        state.lines = lines
        return out + self._drafting.begin(dict(revisions), self._moment(now_s))

    def _note(self, now_s: float) -> list[Output]:
        """While the call goes on: notes of its chunks."""
        state = self._state
        if state.stage != "open" or state.settings.note.chunk_words is None:
            return []
        settled = min(self._settled_until(index) for index in range(state.settings.channels))
        settled = min(settled, self._resolver.undecided_from(settled))
        return self._drafting.chunks.go_on(settled, self._labels.shown, self._moment(now_s))

    def _moment(self, now_s: float) -> Moment:
        return Moment(now_s, self._deadline(now_s, 0))

    def _speech_was_found(self) -> bool:
        return bool(self._state.finals) or any(t.state.pending for t in self._transcripts)

    def _deadline(self, now_s: float, samples: int) -> float:
        deadline = self._state.settings.deadline
        backlog_s = sum(seconds_of(transcript.waiting()) for transcript in self._transcripts)
        return (
            now_s
            + deadline.base_s
            + deadline.per_audio_s * samples / RATE_HZ
            + deadline.per_backlog_s * backlog_s
        )


def _transcribe(index: int, span: Span, due_s: float, kind: TranscribeKind) -> TranscribeJob:
    job_id = job_id_of(index, span, partial=kind == "partial")
    return TranscribeJob(job_id, index, span.start_samples, span.end_samples, kind, due_s)

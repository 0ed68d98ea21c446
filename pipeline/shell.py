"""The shell around one session: audio goes in with the clock, jobs go to the workers, events come out.

Shared by files, which wait for results, and live calls, which do not. One thread at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np

from models.ports import Diarizer, VoiceActivity
from models.types import RATE_HZ, Samples, Summary, Transcription, Turn
from pipeline.audio import ChannelBuffer, Ear, EarState
from pipeline.core.events import (
    CancelJob,
    DiarizeJob,
    EndCode,
    Event,
    Failure,
    Flush,
    Flushed,
    GapReason,
    Input,
    Job,
    Missing,
    Output,
    Result,
    SummarizeJob,
    TranscribeJob,
    Transfer,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import Session
from pipeline.core.transcript import utterance_id
from pipeline.jobs import Deliver
from pipeline.lanes import WAITING_BLOCKS, DiarizerLane
from pipeline.load import Clock
from pipeline.workers import PATIENCE_S, Desk

SILENCE_BLOCK_SAMPLES = 10 * RATE_HZ
"""A long gap is heard as silence in pieces of this size, which bounds memory."""

WARM_UP_SAMPLES = 2 * RATE_HZ
"""Audio before a restored session's place in the call that its ears listen to again where it is there."""

Emit: TypeAlias = Callable[[Event], None]
Value: TypeAlias = Transcription | tuple[Turn, ...] | Summary | Failure


class Desks(Protocol):
    """Who runs jobs: `Workers`, or somebody in front of them."""

    def desk(self, deliver: Deliver, aside: bool = False) -> Desk:
        """See `Workers.desk`."""
        ...


def unobserved(_: float) -> None:
    """Nobody measures."""


@dataclass(frozen=True, slots=True)
class CallEngines:
    """What a call needs beside the workers. `diarizer` is None where nobody has to be told apart.

    `patience_s` and `waiting_blocks`: see `DiarizerLane`.
    """

    voice: VoiceActivity
    diarizer: Diarizer | None
    patience_s: float = PATIENCE_S
    waiting_blocks: int = WAITING_BLOCKS


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a shell stands: its engines and workers, where results and events go, the clock.

    `known` has results that jobs of this call got before, which are not computed again. `late` is told, for
    each final, the seconds from the decision that its utterance is over to its text. `aside`: see `Workers`.
    `again_samples`: a restored session that can have what it heard last once more wants so much of it, for
    its ears to warm up on.
    """

    engines: CallEngines
    workers: Desks
    deliver: Deliver
    emit: Emit
    clock: Clock = time.monotonic
    known: Mapping[str, Value] = field(default_factory=dict)
    late: Callable[[float], None] = unobserved
    aside: bool = False
    again_samples: int = 0


def wanted_again(session: Session, channel: int, again_samples: int) -> int:
    """The first sample of a channel that a session restored now would make use of."""
    return max(0, min(session.needed_from(channel), session.heard(channel) - again_samples))


class CallShell:
    """Feeds one session. A restored session goes on where it stopped: see `refill`."""

    def __init__(
        self,
        session: Session,
        channels: int,
        around: Surroundings,
        ears: Sequence[EarState | None] = (),
    ) -> None:
        """`ears`: what those of the restored session's channels remember, where that is known."""
        self.session = session
        self._remembered = list(ears) or [None] * channels
        self._around = around
        self._desk = around.workers.desk(around.deliver, around.aside)
        self._buffers = [
            ChannelBuffer(wanted_again(session, index, around.again_samples)) for index in range(channels)
        ]
        self._ears: list[Ear | None] = [
            None if session.heard(index) else Ear(index, around.engines.voice) for index in range(channels)
        ]
        self._unheard: list[TranscribeJob] = []
        engines = around.engines
        self._lane = None
        # Turns are of the whole call: a diarizer that missed its beginning would count from the wrong place.
        if engines.diarizer is not None and not session.heard(0):
            self._lane = DiarizerLane(
                engines.diarizer,
                around.deliver,
                engines.patience_s,
                engines.waiting_blocks,
            )
        self._decided_s: dict[str, float] = {}
        self._asked: set[str] = set()
        self._flushes: list[int] = []

    @property
    def jobs_waiting(self) -> int:
        """Jobs whose results are to come; partials do not count."""
        return len(self._asked)

    def resume(self) -> None:
        """Ask again for what a restored session waits for; what needs audio waits for that to come again."""
        self._act(self.session.resume(self._around.clock()))

    def forgo(self) -> None:
        """No audio comes again: what still waits for that is lost."""
        self._lose(self._unheard)

    def refill_from(self, channel: int) -> int:
        """The first sample of a channel that a restored session can still make use of."""
        return self._buffers[channel].end_samples

    def behind(self, channel: int) -> int:
        """Samples of a channel that were heard before the session was restored, and not again yet."""
        return self.session.heard(channel) - self._buffers[channel].end_samples

    def hear(self, channel: int, samples: Samples) -> None:
        """More audio of a channel, shape (n,), right after what was heard."""
        behind = self.behind(channel)
        if behind:
            self._refill(channel, samples[:behind])
            samples = samples[behind:]
        if len(samples) or not behind:
            self._hear(channel, samples)

    def silence(self, channel: int, samples: int) -> None:
        """Nothing is heard of a channel for this long: the clock goes on.

        Where that was heard before the session was restored, the jobs that need it are lost.
        """
        again = self._buffers[channel].end_samples + min(samples, self.behind(channel))
        self._lose([job for job in self._unheard if job.channel == channel and job.start_samples < again])
        for at in range(0, samples, SILENCE_BLOCK_SAMPLES):
            self.hear(channel, np.zeros(min(SILENCE_BLOCK_SAMPLES, samples - at), np.float32))

    def missing(self, channel: int, start_samples: int, reason: GapReason) -> None:
        """From `start_samples` until now the channel's silence stood for audio that there was none of."""
        end = self.session.heard(channel)
        if end > start_samples:
            self._push(Missing(channel, start_samples, end, reason))

    def transfer(self, associate: str | None, queue: str | None) -> None:
        """Another associate takes the call, from what was heard of it on."""
        self._push(Transfer(associate, queue, self.heard()))

    def flush(self, channels: Sequence[int]) -> None:
        """What was said so far on these channels is to be final; `Flushed` follows once it is."""
        self._flushes.append(self.heard())
        for channel in channels:
            self._push(Flush(channel))
        self._tell_flushed()

    def ear_states(self) -> list[EarState | None]:
        """What the ear of each channel remembers; empty once the call has ended."""
        if not self._ears:
            return []
        return [
            remembered if ear is None else ear.state()
            for ear, remembered in zip(self._ears, self._remembered, strict=True)
        ]

    def heard(self) -> int:
        """Samples heard on the channel that is ahead."""
        return max(self.session.heard(index) for index in range(len(self._buffers)))

    def take(self, result: Result) -> None:
        """A job's result."""
        self._asked.discard(result.job_id)
        self._desk.came(result.job_id)
        self._push(result)
        self._tell_flushed()
        if self.session.wake_at_s is None:
            # What had no words gave no event, and is not to be remembered for ever.
            self._decided_s.clear()

    def is_early(self, job_id: str) -> bool:
        """Whether a job that was asked for is not the final's own yet."""
        return self._desk.is_early(job_id)

    def advance(self) -> None:
        """Time passed: see `Session.advance`."""
        self._asked.clear()
        self._act(self.session.advance(self._around.clock()))
        self._tell_flushed()

    def end(self, code: EndCode) -> None:
        """Hang-up: the rest of the audio is heard, and what never came is given up."""
        for channel, ear in enumerate(self._ears):
            if ear is None and self._remembered[channel] is not None and not self.behind(channel):
                # Nothing came since the session was restored; its last window is to be judged all the same.
                self._ear_again(channel)
        while self._ears:
            ear = self._ears.pop(0)
            if ear is not None:
                self._push(ear.end())
        self._act(self.session.end(code, self._around.clock()))
        self._lose(self._unheard)

    def close(self, at_once: bool = False) -> None:
        """Give up what is still wanted, and tidy up; `at_once`: see `DiarizerLane`."""
        self._desk.close()
        if self._lane is not None:
            self._lane.close(at_once)

    def _hear(self, channel: int, samples: Samples) -> None:
        ear = self._ears[channel] or self._ear_again(channel)
        self._buffers[channel].append(samples)
        if self._lane is not None:
            self._lane.push(samples)
        self._push(ear.push(samples))
        self._buffers[channel].drop_before(self.session.needed_from(channel))

    def _ear_again(self, channel: int) -> Ear:
        """An ear for a channel that another one heard before."""
        heard = self.session.heard(channel)
        start = max(self._buffers[channel].start_samples, heard - WARM_UP_SAMPLES)
        before = self._buffers[channel].cut(start, heard) if start < heard else None
        ear = Ear(channel, self._around.engines.voice, heard, before, self._remembered[channel])
        self._ears[channel] = ear
        return ear

    def _refill(self, channel: int, samples: Samples) -> None:
        """Audio that was heard before the session was restored, for the jobs that still need it."""
        self._buffers[channel].append(samples)
        waiting, self._unheard = self._unheard, []
        self._act(waiting)

    def _lose(self, jobs: Sequence[TranscribeJob]) -> None:
        """Jobs whose audio nobody sends any more."""
        self._unheard = [job for job in self._unheard if job not in jobs]
        for job in jobs:
            self._push(Result(job.id, Failure("audio lost")))

    def _tell_flushed(self) -> None:
        # Nothing follows the end of a call.
        while not self.session.closed and self._flushes and not self.session.waits_before(self._flushes[0]):
            self._around.emit(Flushed(self._flushes.pop(0)))

    def _push(self, item: Input) -> None:
        self._act(self.session.push(item, self._around.clock()))

    def _act(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if isinstance(output, CancelJob):
                self._asked.discard(output.id)
                self._desk.cancel(output.id)
            elif isinstance(output, TranscribeJob | DiarizeJob | SummarizeJob):
                self._ask(output)
            else:
                self._measure(output)
                self._around.emit(output)

    def _ask(self, job: Job) -> None:
        if isinstance(job, TranscribeJob) and job.kind == "final":
            self._decided_s[utterance_id(job.channel, job.start_samples)] = self._around.clock()
        known = self._around.known.get(job.id)
        if known is not None:
            self._around.deliver(Result(job.id, known))
        elif isinstance(job, TranscribeJob):
            self._transcribe(job)
        elif isinstance(job, DiarizeJob):
            self._diarize(job)
        else:
            self._asked.add(job.id)
            self._desk.summarize(job)

    def _measure(self, event: Event) -> None:
        """A final without a job of its own had its text ready when it was decided."""
        if isinstance(event, UtteranceFinal | UtteranceLost):
            now_s = self._around.clock()
            self._around.late(now_s - self._decided_s.pop(event.id, now_s))

    def _transcribe(self, job: TranscribeJob) -> None:
        buffer = self._buffers[job.channel]
        if buffer.end_samples < job.end_samples:
            self._unheard.append(job)
            return
        if job.kind != "partial":
            self._asked.add(job.id)
        self._desk.transcribe(job, buffer.cut(job.start_samples, job.end_samples))

    def _diarize(self, job: DiarizeJob) -> None:
        self._asked.add(job.id)
        if self._lane is None:
            self._around.deliver(Result(job.id, Failure("no diarizer")))
        elif job.whole:
            self._lane.finish(job.id)
        else:
            self._lane.ask(job.id)

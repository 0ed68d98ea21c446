"""Live calls on a clock of the test's own: one thread, no socket, every step when the test says so."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.fakes import ScriptedSummarizer, ScriptedTranscriber, ScriptedVoice, pick_line
from models.ports import PLAIN, Decoding, Diarizer, Summarizer, Transcriber, VoiceActivity
from models.types import RATE_HZ, Samples, Transcription
from pipeline.call import Call
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DurableEvent,
    EndCode,
    EphemeralEvent,
    Event,
    LegStarted,
    Partial,
    Result,
    SpanResolved,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.session import Session, SessionSettings
from pipeline.doors.messages import (
    Away,
    Back,
    CallInfo,
    Chunk,
    Closing,
    DoorOutput,
    Ended,
    Reply,
    Started,
    Updated,
)
from pipeline.doors.own import OwnDoor
from pipeline.limits import Limits
from pipeline.live.call import Ground, LiveCall
from pipeline.live.state import LiveState, restored
from pipeline.live.streams import Stream, StreamRefused
from pipeline.shell import CallEngines, Value
from pipeline.workers import Engines, Workers
from tests.pipeline.clock import VirtualClock
from tests.pipeline.own_messages import control, hello, l16, position

LINES = (
    "my card is lost",
    "let me look at that",
    "it was forty dollars",
    "thank you so much",
    "on the third of march",
    "the branch was closed",
    "pin four one one one",
)

STEREO = SessionSettings(channels=2, roles=("agent", "customer"))
LIVE = SessionSettings(channels=2, roles=("agent", "customer"), partial_ms=320, early=True)

TICK_S = 0.1


def speech(seed: int, channels: int = 2, duration_s: float = 20.0, level: float = 0.5) -> Samples:
    """Bursts of noise and digital silence, shape (channels, n), every sample a multiple of 1/32768."""
    rng = np.random.default_rng(seed)
    out = np.zeros((channels, int(duration_s * RATE_HZ)), np.float32)
    for channel in range(channels):
        at = int(rng.uniform(0.0, 1.0) * RATE_HZ)
        while at < out.shape[1]:
            loud, quiet = (int(rng.uniform(0.3, 2.0) * RATE_HZ) for _ in range(2))
            out[channel, at : at + loud] = rng.uniform(-level, level, out[channel, at : at + loud].shape)
            at += loud + quiet
    return (np.round(out * 32_768.0) / 32_768.0).astype(np.float32)


class NotingTranscriber(ScriptedTranscriber):
    """Picks a line by what is in the clip; keeps the loudest sample and the length of each clip."""

    def __init__(self, max_batch: int = 1) -> None:
        super().__init__(pick_line(LINES), max_batch)
        self.loudest: list[float] = []
        self.lengths: list[int] = []

    def transcribe(self, clips: Sequence[Samples], decoding: Decoding = PLAIN) -> list[Transcription]:
        for clip in clips:
            self.loudest.append(float(np.abs(clip).max(initial=0.0)))
            self.lengths.append(len(clip))
        return super().transcribe(clips, decoding)


class SteppedPool(Executor):
    """Work in the order in which it came, run by the test's own thread."""

    def __init__(self) -> None:
        self._work: deque[Callable[[], Any]] = deque()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._work.append(lambda: fn(*args, **kwargs))
        return Future()

    def step(self) -> bool:
        """Run one piece of work; whether there was one."""
        if not self._work:
            return False
        self._work.popleft()()
        return True


class SteppedWorkers(Workers):
    """Workers without threads: `step` runs the next batch."""

    def __init__(self, engines: Engines, clock: VirtualClock) -> None:
        super().__init__(engines, 1, clock)
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._open = True

    def step(self) -> bool:
        """Run the next batch; whether there was one."""
        if not len(self._queue):
            return False
        batch = self._take()
        values = self._values(batch)
        self._count(batch, 0.0)
        for task, value in zip(batch, values, strict=True):
            if task.wanted:
                task.deliver(Result(task.job.id, value))
        return True


@dataclass
class Recorder:
    """What was recorded of one call, in order."""

    records: list[Event | Result | bytes] = field(default_factory=list)

    def event(self, _: str, event: Event) -> None:
        self.records.append(event)

    def result(self, _: str, result: Result) -> None:
        self.records.append(result)

    def snapshot(self, _: str, data: bytes) -> None:
        self.records.append(data)

    @property
    def events(self) -> list[DurableEvent]:
        return [one for one in self.records if not isinstance(one, EphemeralEvent | Result | bytes)]

    @property
    def partials(self) -> list[Partial]:
        return [one for one in self.records if isinstance(one, Partial)]

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.records if isinstance(one, kind)]

    @property
    def finals(self) -> list[UtteranceFinal]:
        return self.of(UtteranceFinal)

    @property
    def gaps(self) -> list[AudioGap]:
        return self.of(AudioGap)


class LiveRoom:
    """One live call, its engines, and a clock. With a `seed`, ready work is run in an order of chance."""

    def __init__(
        self,
        settings: SessionSettings = LIVE,
        limits: Limits | None = None,
        transcriber: Transcriber | None = None,
        summarizer: Summarizer | None = None,
        voice: VoiceActivity | None = None,
        diarizer: Diarizer | None = None,
        seed: int | None = None,
    ) -> None:
        self.settings = settings
        self.clock = VirtualClock()
        self.pool = SteppedPool()
        self.transcriber = transcriber or NotingTranscriber()
        engines = Engines(self.transcriber, summarizer or ScriptedSummarizer())
        self.workers = SteppedWorkers(engines, self.clock)
        self.limits = limits or Limits()
        self.engines = CallEngines(voice or ScriptedVoice(), diarizer)
        self.recorder = Recorder()
        self.late: list[float] = []
        self._random = None if seed is None else random.Random(seed)
        self.call = self.begin()

    def begin(
        self,
        session: Session | None = None,
        known: Mapping[str, Value] | None = None,
        alone: EndCode = "disconnected",
        state: LiveState | None = None,
    ) -> LiveCall:
        """A call in this room; what is recorded goes to `recorder`."""
        ground = Ground(self.workers, self.pool, self.recorder, self.limits, self.clock, self.late.append)
        info = CallInfo("call-1", self.settings.roles or ("unknown",) * self.settings.channels)
        session = session or Session(self.settings)
        self.call = LiveCall(info, session, self.engines, ground, known, alone, state)
        return self.call

    def raised(self, snapshot: bytes, events: Sequence[DurableEvent]) -> LiveCall:
        """The call of another room, whose server died, in this one."""
        session, state = restored(snapshot, events)
        self.begin(session, alone="interrupted", state=state).resume()
        self.settle()
        return self.call

    def connect(self, **fields: Any) -> Client:
        """A client that has said its hello: 16 kHz, L16, all channels, unless `fields` say otherwise."""
        return Client(
            self, {"rate_hz": RATE_HZ, "encoding": "l16", "channels": self.call.info.roles, **fields}
        )

    def settle(self) -> None:
        """Run all that is ready."""
        while self._step():
            pass

    def work_a_little(self) -> None:
        """Run some of what is ready, by chance."""
        assert self._random is not None
        for _ in range(self._random.randrange(4)):
            self._step()

    def _step(self) -> bool:
        if self._random is not None and self._random.random() < 0.5:
            return self.workers.step() or self.pool.step()
        return self.pool.step() or self.workers.step()

    def pass_s(self, seconds: float) -> None:
        """Time passes; the call is woken when it is due."""
        until_s = self.clock.now_s + seconds
        while self.clock.now_s < until_s - 1e-9:
            self.clock.pass_s(min(TICK_S, until_s - self.clock.now_s))
            if self.call.due_s <= self.clock.now_s:
                self.call.tick()
            self.settle()

    @property
    def end_code(self) -> EndCode:
        """How the call ended; it has to be closed, with nothing left."""
        assert self.call.done.done()
        assert not self.pool.step()
        assert not self.workers.step()
        assert self.call.due_s == float("inf")
        assert isinstance(self.recorder.events[-1], CallClosed)
        assert len(self.recorder.of(CallClosed)) == 1
        assert self.recorder.events[-1].code == self.call.done.result()
        in_order(self.recorder.events)
        return self.call.done.result()


class Client:
    """One connection: the door's codec, and what a socket's shell would do with what comes out of it."""

    def __init__(self, room: LiveRoom, fields: Mapping[str, Any]) -> None:
        self.room = room
        self.fields = dict(fields)
        self.said: list[dict[str, Any]] = []
        self.closing: Closing | None = None
        self.hung_up: list[tuple[int, str]] = []
        self.stream: Stream | None = None
        self._door = OwnDoor("call-1")
        self.receive(hello(**fields))

    @property
    def from_samples(self) -> list[int]:
        """Where the server wants the audio from, at `RATE_HZ`, for each channel that is carried."""
        return [round(second * RATE_HZ) for second in self.said[0]["from_s"]]

    def receive(self, message: str | bytes) -> None:
        """A message of the client."""
        for output in self._door.receive(message):
            self._do(output)

    def send(self, block: Samples, at: int | None = None, size: int | None = None, run: bool = True) -> None:
        """Audio as L16, shape (channels, n), in frames of `size` samples."""
        for start in range(0, block.shape[1], size or max(1, block.shape[1])):
            part = block[:, start : start + (size or block.shape[1])]
            self.receive((b"" if at is None else position(at + start)) + l16(part))
            if run:
                self.room.settle()

    def play(self, block: Samples, at: int | None = None, chunk_s: float = 0.02) -> None:
        """Audio as L16 in real time."""
        size = int(chunk_s * self.fields["rate_hz"])
        for start in range(0, block.shape[1], size):
            self.send(block[:, start : start + size], None if at is None else at + start)
            self.room.pass_s(block[:, start : start + size].shape[1] / self.fields["rate_hz"])

    def say(self, kind: str, **fields: Any) -> None:
        """A control."""
        self.receive(control(kind, **fields))
        self.room.settle()

    def hang_up(self) -> None:
        """The client says that its part is over."""
        self.say("end")

    def cut(self) -> None:
        """The connection is gone without a word."""
        stream, self.stream = self.stream, None
        if stream is not None:
            self.room.call.leave(stream, hung_up=False)
        self.room.settle()

    def _do(self, output: DoorOutput) -> None:
        call, stream = self.room.call, self.stream
        if isinstance(output, Reply):
            self.said.append(json.loads(output.message))
        elif isinstance(output, Closing):
            self.closing = output
            self.cut()
        elif isinstance(output, Started):
            self._join(output)
        elif stream is not None:
            if isinstance(output, Chunk):
                call.hear(stream, output)
            elif isinstance(output, Away):
                call.away(stream, output.reason)
            elif isinstance(output, Back):
                call.back(stream)
            elif isinstance(output, Updated):
                call.open_leg(output.associate, output.queue)
            elif isinstance(output, Ended):
                self.stream = None
                call.leave(stream, hung_up=True)

    def _join(self, started: Started) -> None:
        joined = self.room.call.join(started, lambda code, reason: self.hung_up.append((code, reason)))
        self.room.settle()
        try:
            self.stream, welcome = joined.result(timeout=0)
        except StreamRefused as refused:
            answers = self._door.refuse(refused.code, refused.reason)
        else:
            answers = self._door.welcome(welcome)
        for answer in answers:
            self._do(answer)


def by_channel(events: Sequence[DurableEvent]) -> dict[int | str | None, list[DurableEvent]]:
    """Durable events by channel, resolved spans apart, those of the whole call under None, without the legs,
    which no file has."""
    found: dict[int | str | None, list[DurableEvent]] = {}
    for event in events:
        if not isinstance(event, LegStarted):
            stream = "spans" if isinstance(event, SpanResolved) else getattr(event, "channel", None)
            found.setdefault(stream, []).append(event)
    return found


def in_order(events: Sequence[DurableEvent]) -> None:
    """Ids are given once; what a channel says is ordered by start; nothing follows the close."""
    ids = [event.id for event in events]
    assert len(ids) == len(set(ids))
    for channel, found in by_channel(events).items():
        if isinstance(channel, int):
            starts = [
                event.start_samples
                for event in found
                if isinstance(event, UtteranceFinal | UtteranceLost | AudioGap)
            ]
            assert starts == sorted(starts)
    assert [event for event in events if isinstance(event, CallClosed)] == [events[-1]]


def as_file(block: Samples, settings: SessionSettings = STEREO, size: int = 8_000) -> list[DurableEvent]:
    """The events of the same audio as a recording."""
    engines = Engines(NotingTranscriber(), ScriptedSummarizer())
    with Workers(engines, 2) as workers, Call(settings, CallEngines(ScriptedVoice(), None), workers) as call:
        for at in range(0, block.shape[1], size):
            call.hear(block[:, at : at + size])
        call.end("hangup")
    return call.events

"""What the streams of one call say, on the call's clock: holds and holes are silence there, and gaps.

One thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models.types import RATE_HZ, Samples
from pipeline.doors.messages import Chunk
from pipeline.load import Clock
from pipeline.shell import CallShell
from pipeline.tracks import Track

HOLD_LAG_S = 0.5
"""A hold without audio is filled with silence up to this long ago, so that it never overtakes the client."""


class StreamRefused(Exception):
    """A stream cannot join: why, in one line, with a WebSocket close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True, eq=False)
class Stream:
    """One connection's part of a call. `hang_up` closes the connection, from any thread."""

    carries: tuple[int, ...]
    hang_up: Callable[[int, str], None]
    rate_hz: int
    tracks: dict[int, Track] = field(default_factory=dict)
    placed: bool = False


@dataclass(slots=True)
class _Absence:
    """A channel has nothing to hear since `start_samples`; `ending`: until the next audio comes."""

    reason: Literal["hold", "pause"]
    start_samples: int
    since_s: float
    ending: bool = False


class StreamClock:
    """Places audio of streams, each by its own count of samples, and gives it to the call's shell."""

    def __init__(self, shell: CallShell, clock: Clock) -> None:
        self._shell = shell
        self._clock = clock
        self._left: set[int] = set()
        self._away: dict[int, _Absence] = {}

    def begin(self, stream: Stream) -> int:
        """A stream begins: the sample from which its audio is wanted, one for all of its channels."""
        for channel in stream.carries:
            self._catch_up(channel)
        starts = [self._shell.refill_from(channel) for channel in stream.carries]
        for channel, start in zip(stream.carries, starts, strict=True):
            stream.tracks[channel] = Track(stream.rate_hz, start, min(starts))
        return min(starts)

    def ahead_s(self, stream: Stream, chunk: Chunk) -> float:
        """The longest stretch, in seconds, that a chunk leaves out."""
        return max(stream.tracks[channel].ahead(chunk.at) for channel in chunk.channels) / stream.rate_hz

    def hear(self, stream: Stream, chunk: Chunk, lost: bool) -> None:
        """Audio of a stream; `lost`: it is silence for audio that there was no room for."""
        stream.placed = chunk.at is not None
        for channel, samples in zip(chunk.channels, chunk.samples, strict=True):
            before = self._shell.session.heard(channel)
            self._place(channel, stream.tracks[channel], samples, chunk.at)
            if lost and channel not in self._away:
                self._shell.missing(channel, before, "lost")

    def leave_for(self, stream: Stream, reason: Literal["hold", "pause"]) -> None:
        """Nothing is to be heard of a stream from here on."""
        for channel in stream.carries:
            if channel not in self._away:
                start = self._shell.session.heard(channel)
                self._away[channel] = _Absence(reason, start, self._clock())

    def come_back(self, stream: Stream) -> None:
        """The conversation goes on with the next audio."""
        for channel in stream.carries:
            absence = self._away.get(channel)
            if absence is not None:
                if not stream.placed:
                    self._fill(channel, absence, stream, lag_s=0.0)
                absence.ending = True

    def on_hold(self, streams: Iterable[Stream]) -> bool:
        """Whether one of them said that nothing is to be heard of it."""
        return any(True for _ in self._absent(streams))

    def fill(self, streams: Iterable[Stream]) -> None:
        """Time passed: holds in which nothing is sent go on."""
        for stream, channel, absence in list(self._absent(streams)):
            self._fill(channel, absence, stream, HOLD_LAG_S)

    def end(self, stream: Stream, hung_up: bool) -> None:
        """A stream is over: the last samples of its tracks."""
        if hung_up:
            self._left |= set(stream.carries)
        for channel, track in stream.tracks.items():
            last = track.end().samples
            if channel in self._away:
                self._shell.silence(channel, len(last))
            else:
                self._shell.hear(channel, last)

    def close(self) -> None:
        """The call ends, and with it what nobody came back from."""
        for channel, absence in list(self._away.items()):
            self._end_absence(channel, absence)

    def _absent(self, streams: Iterable[Stream]) -> Iterable[tuple[Stream, int, _Absence]]:
        for stream in streams:
            for channel in stream.carries:
                absence = self._away.get(channel)
                if absence is not None and not absence.ending:
                    yield stream, channel, absence

    def _catch_up(self, channel: int) -> None:
        """A channel that nobody carries, or whose last stream hung up, begins where the others are."""
        behind = self._shell.heard() - self._shell.session.heard(channel)
        if behind and (channel in self._left or self._shell.session.heard(channel) == 0):
            self._shell.silence(channel, behind)
        self._left.discard(channel)

    def _place(self, channel: int, track: Track, samples: Samples, at: int | None) -> None:
        away = self._away.get(channel)
        if away is not None and not away.ending:
            # Not even the memory of the resampler's filter may hear any of it.
            samples = np.zeros_like(samples)
        lost_from: int | None = None
        for piece in track.push(samples, at):
            absence = self._away.get(channel)
            if piece.lost:
                lost_from = self._shell.session.heard(channel) if lost_from is None else lost_from
                self._shell.silence(channel, len(piece.samples))
                continue
            if absence is not None and absence.ending:
                self._end_absence(channel, absence)
                absence, lost_from = None, None
            if absence is not None:
                self._shell.silence(channel, len(piece.samples))
                continue
            if lost_from is not None:
                self._shell.missing(channel, lost_from, "lost")
            self._shell.hear(channel, piece.samples)

    def _fill(self, channel: int, absence: _Absence, stream: Stream, lag_s: float) -> None:
        """Silence for the part of a hold in which the client sent nothing."""
        passed_s = self._clock() - absence.since_s - lag_s
        heard = self._shell.session.heard(channel) - absence.start_samples
        short = int(passed_s * RATE_HZ) - heard
        if short > 0:
            quiet = np.zeros(short * stream.rate_hz // RATE_HZ, np.float32)
            for piece in stream.tracks[channel].push(quiet, None):
                self._shell.silence(channel, len(piece.samples))

    def _end_absence(self, channel: int, absence: _Absence) -> None:
        self._away.pop(channel, None)
        self._shell.missing(channel, absence.start_samples, absence.reason)

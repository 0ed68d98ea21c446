"""What the streams of one call say, on the call's clock: holds and holes are silence there, and gaps.

One thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.types import RATE_HZ, Samples
from pipeline.doors.messages import Chunk
from pipeline.live.absences import Absence, Absences, Reason, Stretch
from pipeline.live.tracks import Track
from pipeline.load import Clock
from pipeline.shell import CallShell

HOLD_LAG_S = 0.5
"""A hold without audio is filled with silence up to this long ago, so that it never overtakes the client."""


POLICY = 1008
TRY_AGAIN = 1013
"""Close codes of WebSockets (RFC 6455, section 7.4, and IANA's registry)."""


class StreamRefused(Exception):
    """A stream cannot join: why, in one line, with a WebSocket close code; `load`: the server has no room."""

    def __init__(self, code: int, reason: str, load: bool = False) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.load = load


@dataclass(slots=True, eq=False)
class Stream:
    """One connection's part of a call. `hang_up` closes the connection, from any thread.

    `arrived_s`: when audio of it came last, or itself. For the flags see `Started`.
    """

    carries: tuple[int, ...]
    hang_up: Callable[[int, str], None]
    rate_hz: int
    arrived_s: float
    placed: bool
    stands_still: bool
    may_return: bool
    tracks: dict[int, Track] = field(default_factory=dict)


class StreamClock:
    """Places audio of streams, each by its own count of samples, and gives it to the call's shell."""

    def __init__(self, shell: CallShell, absences: Absences, clock: Clock) -> None:
        self._shell = shell
        self._channels = range(len(absences.over))
        self._clock = clock
        self._left: set[int] = set()
        self._carriers: dict[int, Stream] = {}
        self._absences = absences
        for channel in self._channels:
            absence = absences.lasting(channel)
            if absence is not None:
                self._begin_anew(channel, absence)

    def begin(self, stream: Stream) -> int:
        """A stream begins: the sample from which its audio is wanted, one for all of its channels."""
        for channel in stream.carries:
            self._catch_up(channel)
            if not stream.placed:
                self._forgo(channel)
        return self.go_on(stream)

    def go_on(self, stream: Stream) -> int:
        """A stream that was there before the call was restored: what it has still to say lies behind no other
        stream of it. See `begin`."""
        starts = [self._shell.refill_from(channel) for channel in stream.carries]
        for channel, start in zip(stream.carries, starts, strict=True):
            stream.tracks[channel] = Track(stream.rate_hz, start, min(starts))
            self._carriers[channel] = stream
        return min(starts)

    def remember_left(self, carried: Sequence[int], hung_up: bool) -> None:
        """Of a call that was restored: whether the last stream of these channels hung up."""
        self._left.difference_update(carried)
        if hung_up:
            self._left.update(carried)

    def ahead_s(self, stream: Stream, chunk: Chunk) -> float:
        """The longest stretch, in seconds, that a chunk leaves out."""
        return max(stream.tracks[channel].ahead(chunk.at) for channel in chunk.channels) / stream.rate_hz

    def hear(self, stream: Stream, chunk: Chunk, lost: bool) -> bool:
        """Audio of a stream; `lost`: it is silence for audio that there was no room for.

        False where all of it was heard before.
        """
        places = [stream.tracks[channel].place(None) for channel in chunk.channels]
        stream.placed = chunk.at is not None
        for channel, samples in zip(chunk.channels, chunk.samples, strict=True):
            before = self._shell.session.heard(channel)
            self._place(channel, stream.tracks[channel], samples, chunk.at)
            if lost and self._absences.lasting(channel) is None:
                self._shell.missing(channel, before, "lost")
        return places != [stream.tracks[channel].place(None) for channel in chunk.channels]

    def leave_for(self, stream: Stream, reason: Reason) -> None:
        """Nothing is to be heard of a stream from here on; in a pause, nothing of the whole call."""
        self._absences.leave(stream.carries, reason)
        self._turn()

    def come_back(self, stream: Stream) -> None:
        """The conversation goes on with the next audio."""
        self._absences.back(stream.carries)
        self._turn()

    def on_hold(self) -> bool:
        """Whether a stream that is here is not to be heard."""
        return any(self._absences.wanted(channel) for channel in self._carriers)

    def fill(self) -> None:
        """Time passed: holds in which nothing is sent go on."""
        for channel, stream in self._carriers.items():
            absence = self._absences.lasting(channel)
            if absence is not None and not absence.ending and not stream.stands_still:
                self._fill(channel, absence, stream, HOLD_LAG_S)

    def end(self, stream: Stream, hung_up: bool) -> None:
        """A stream is over: the last samples of its tracks. One that is cut off in a pause stays in it."""
        for channel, track in stream.tracks.items():
            last = track.end().samples
            if self._absences.lasting(channel) is not None:
                last = np.zeros_like(last)
            self._shell.hear(channel, last)
            del self._carriers[channel]
        if hung_up:
            self._left |= set(stream.carries)
            self._absences.back(stream.carries)
            self._turn()

    def close(self) -> None:
        """The call ends, and with it what nobody came back from."""
        for channel in self._channels:
            absence = self._absences.lasting(channel)
            if absence is not None:
                self._end_absence(channel, absence, self._shell.heard())

    def _turn(self) -> None:
        """End and begin absences as the streams have said."""
        for channel in self._channels:
            wanted, absence = self._absences.wanted(channel), self._absences.lasting(channel)
            if absence is not None and (absence.reason != wanted or absence.ending):
                self._let_end(channel, absence, at_once=wanted is not None)
            if wanted is not None and self._absences.lasting(channel) is None:
                heard = self._shell.session.heard(channel)
                # What a stream that was cut off before the pause sends again of the time before it is heard.
                start = heard if channel in self._carriers else max(heard, self._shell.heard())
                self._absences.begin(channel, Absence(wanted, start, self._clock()))

    def _let_end(self, channel: int, absence: Absence, at_once: bool) -> None:
        """A channel's absence is over with its next audio, or at once."""
        stream = self._carriers.get(channel)
        if stream is not None and not stream.placed and not absence.ending:
            self._fill(channel, absence, stream, lag_s=0.0)
        absence.ending = True
        if at_once or stream is None:
            self._end_absence(channel, absence, self._shell.heard())

    def _catch_up(self, channel: int) -> None:
        """A channel that nobody carries, or whose last stream hung up, begins where the others are."""
        behind = self._shell.heard() - self._shell.session.heard(channel)
        if behind and (channel in self._left or self._shell.session.heard(channel) == 0):
            self._shell.silence(channel, behind)
        self._left.discard(channel)

    def _forgo(self, channel: int) -> None:
        """Audio that is not placed is new: what a restored session would have to hear again is lost."""
        behind, start = self._shell.behind(channel), self._shell.refill_from(channel)
        if behind:
            self._shell.silence(channel, behind)
            absence = self._absences.lasting(channel)
            if absence is None or absence.start_samples > start:
                self._shell.missing(channel, start, "lost")

    def _place(self, channel: int, track: Track, samples: Samples, at: int | None) -> None:
        begin = track.place(at)
        muted = self._muted(channel, begin, at is not None)
        lost_from: int | None = None
        for piece in track.push(samples, at, muted):
            absence = self._absences.lasting(channel)
            if piece.lost:
                lost_from = self._shell.session.heard(channel) if lost_from is None else lost_from
                self._shell.silence(channel, len(piece.samples))
                continue
            if absence is not None and absence.ending:
                self._end_absence(channel, absence, begin)
                absence, lost_from = None, None
            if absence is None and lost_from is not None:
                self._shell.missing(channel, lost_from, "lost")
            self._shell.hear(channel, piece.samples)

    def _muted(self, channel: int, begin: int, placed: bool) -> Sequence[Stretch]:
        """What of a channel must not be heard in a chunk whose first fresh sample is at `begin`."""
        absence = self._absences.lasting(channel)
        heard = self._shell.session.heard(channel)
        if absence is not None and absence.ending:
            return self._absences.muted(channel, max(begin, heard))
        if absence is not None and not placed:
            # What is not placed is said now, wherever its channel is on the call's clock.
            absence.start_samples = min(absence.start_samples, heard)
        return self._absences.muted(channel)

    def _fill(self, channel: int, absence: Absence, stream: Stream, lag_s: float) -> None:
        """Silence for the part of a hold in which the client sent nothing.

        A client that sends again what was heard before the session was restored is not held up by that.
        """
        if self._shell.behind(channel):
            self._begin_anew(channel, absence)
            return
        passed_s = self._clock() - absence.since_s - lag_s
        heard = self._shell.session.heard(channel) - absence.start_samples
        short = int(passed_s * RATE_HZ) - heard
        if short > 0:
            quiet = np.zeros(short * stream.rate_hz // RATE_HZ, np.float32)
            for piece in stream.tracks[channel].push(quiet, None):
                self._shell.silence(channel, len(piece.samples))

    def _begin_anew(self, channel: int, absence: Absence) -> None:
        """Time that a channel was not heard for other reasons is no part of its absence."""
        passed_samples = self._shell.session.heard(channel) - absence.start_samples
        absence.since_s = self._clock() - passed_samples / RATE_HZ

    def _end_absence(self, channel: int, absence: Absence, end_samples: int) -> None:
        session = self._shell.session
        end = max(end_samples, session.heard(channel))
        self._absences.end(channel, end, session.needed_from(channel))
        self._shell.missing(channel, absence.start_samples, absence.reason)

"""Audio of a call that another worker had, read once more: what its session still needs, and no more."""

from __future__ import annotations

from math import gcd

from models.types import RATE_HZ, Samples
from pipeline.live.absences import Absences
from pipeline.live.tracks import Track
from pipeline.shell import CallShell


class Rereading:
    """All channels of one call. One thread at a time."""

    def __init__(self, shell: CallShell, absences: Absences) -> None:
        self._shell = shell
        self._absences = absences
        self._tracks: dict[int, tuple[int, Track]] = {}
        self._skip: dict[int, int] = {}

    def hear(self, channel: int, rate_hz: int, at: int, samples: Samples) -> None:
        """Audio of a channel, shape (n,), whose first sample has the place `at` at its rate."""
        if not self._shell.behind(channel):
            return
        _, track = self._tracks.get(channel) or self._begin(channel, rate_hz)
        for piece in track.push(samples, at, self._absences.muted(channel)):
            skip = min(self._skip[channel], len(piece.samples))
            self._skip[channel] -= skip
            again = piece.samples[skip : skip + self._shell.behind(channel)]
            if len(again):
                self._shell.hear(channel, again)

    def take_track(self, channel: int, rate_hz: int) -> Track | None:
        """What knows the audio right before a channel's next: the stream goes on with it. None where the
        channel had another rate, or nothing was read again."""
        before = self._tracks.pop(channel, None)
        return None if before is None or before[0] != rate_hz else before[1]

    def forget(self, channel: int) -> None:
        """Another stream has the channel from here on."""
        self._tracks.pop(channel, None)

    def _begin(self, channel: int, rate_hz: int) -> tuple[int, Track]:
        """Where both rates have a sample, so that what comes of it is what came of it the first time."""
        start = self._shell.refill_from(channel)
        both = RATE_HZ // gcd(RATE_HZ, rate_hz)
        self._skip[channel] = start % both
        self._tracks[channel] = rate_hz, Track(rate_hz, start - start % both)
        return self._tracks[channel]

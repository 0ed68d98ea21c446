"""Speakers of a mono call that goes on: when to ask for them, and what of an answer is new.

What was shown is no part of a snapshot: of what is durable only notes of stretches go by it, which are made
again at hang-up where it was wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.types import RATE_HZ
from pipeline.core.events import DiarizeJob, Result, SpeakerHeard, SpeakerPart, UtteranceFinal
from pipeline.core.speakers import parts_of

JOB_PREFIX = "d-"
"""Begins the id of a job whose labels are for the eye alone; the rest is the sample that it ends at."""


class OnlineLabels:
    """What was asked and shown of one call's speakers."""

    def __init__(self, every_ms: int | None) -> None:
        """Asks once in `every_ms` of audio at most; never for None."""
        self._every_ms = every_ms
        self._asked_until = 0
        self._asked_finals = 0
        self._shown_until = 0
        self._shown: dict[str, tuple[SpeakerPart, ...]] = {}

    @property
    def shown(self) -> Mapping[str, tuple[SpeakerPart, ...]]:
        """Utterance id -> who seems to have spoken it."""
        return self._shown

    def ask(self, finals: int, heard: int, now_s: float) -> list[DiarizeJob]:
        """A job, when there are more finals than at the one before and enough audio came since."""
        every_ms = self._every_ms
        if every_ms is None or finals <= self._asked_finals:
            return []
        if heard - self._asked_until < every_ms * RATE_HZ // 1000:
            return []
        self._asked_finals, self._asked_until = finals, heard
        return [DiarizeJob(f"{JOB_PREFIX}{heard}", 0, heard, now_s + every_ms / 1000, whole=False)]

    def take(self, result: Result, finals: Sequence[UtteranceFinal]) -> list[SpeakerHeard]:
        """What changes by an answer; nothing by one that is older than what is shown, or without turns.

        After a failure the next job does not wait for another final.
        """
        turns = result.value
        if not isinstance(turns, tuple):
            self._asked_finals = 0
            return []
        until = int(result.job_id.removeprefix(JOB_PREFIX))
        if until <= self._shown_until or not turns:
            return []
        self._shown_until = until
        heard = [final for final in finals if final.start_samples < until]
        events = [SpeakerHeard(final.id, parts_of(final.words, turns)) for final in heard]
        changed = [event for event in events if self._shown.get(event.utterance_id) != event.parts]
        self._shown.update({event.utterance_id: event.parts for event in changed})
        return changed

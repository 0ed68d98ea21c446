"""Speakers of a mono call that goes on: when to ask for them, and what of an answer is new.

What was shown is no part of a snapshot, since nothing durable depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.types import RATE_HZ, Turn
from pipeline.core.events import SpeakerHeard, SpeakerPart, UtteranceFinal
from pipeline.core.speakers import parts_of

JOB_PREFIX = "d-"
"""Begins the id of a job whose labels are for the eye alone; the rest is the sample that it ends at."""


class OnlineLabels:
    """What was asked and shown of one call, from `since_samples` on: a diarizer heard nothing before."""

    def __init__(self, since_samples: int) -> None:
        self._since = since_samples
        self._asked_until = since_samples
        self._asked_finals = 0
        self._shown_until = since_samples
        self._shown: dict[str, tuple[SpeakerPart, ...]] = {}

    def ask(self, finals: int, heard: int, every_ms: int) -> str | None:
        """The id of a job, when there are more finals than before and `every_ms` of audio passed."""
        if finals <= self._asked_finals or heard - self._asked_until < every_ms * RATE_HZ // 1000:
            return None
        self._asked_finals, self._asked_until = finals, heard
        return f"{JOB_PREFIX}{heard}"

    def failed(self) -> None:
        """There was no answer: the next job need not wait for another final."""
        self._asked_finals = 0

    def take(self, job_id: str, turns: Sequence[Turn], finals: Sequence[UtteranceFinal]) -> list[SpeakerHeard]:
        """Changes that an answer brings; one that is older than what is shown brings none."""
        until = int(job_id.removeprefix(JOB_PREFIX))
        if until <= self._shown_until or not turns:
            return []
        self._shown_until = until
        events = []
        for final in finals:
            if not self._since <= final.start_samples < until:
                continue
            parts = parts_of(final.words, turns)
            if self._shown.get(final.id) != parts:
                self._shown[final.id] = parts
                events.append(SpeakerHeard(final.id, parts))
        return events

"""What Deepgram's clients are told later than it is known: finals whose speakers are still looked for, and
that an utterance was the last one for a while."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from models.types import RATE_HZ
from pipeline.core.events import SpeakerHeard, SpeakerPart, UtteranceFinal, UtteranceLost

Said: TypeAlias = UtteranceFinal | UtteranceLost

WORDLESS_SAMPLES = 3 * RATE_HZ
"""How long after its last partial speech may still turn out to have words."""
LONGEST_WAIT_SAMPLES = 5 * RATE_HZ // 2
"""Labels come every 2 s of audio at most, and take a moment to be found."""

MOST_HELD = 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is to be told now, and the number of the speaker of each of its words."""

    said: Said
    speakers: tuple[int, ...]


class Speakers:
    """Finals, in order, until it is known who spoke them; speakers are numbered as their labels come."""

    def __init__(self, waits: bool) -> None:
        """`waits`: the call is mono, whose finals have a provisional speaker until their `SpeakerHeard`.

        Otherwise a final names its speaker itself, and nothing is held.
        """
        self._waits = waits
        self._held: deque[Said] = deque()
        self._parts: dict[str, tuple[SpeakerPart, ...]] = {}
        self._numbers: dict[str, int] = {}
        self._last = 0

    def hold(self, said: Said) -> None:
        """It is to be told once it has its speakers."""
        self._held.append(said)

    def label(self, heard: SpeakerHeard) -> None:
        """Who spoke an utterance; of one that is told already only the names are taken."""
        if not self._waits:
            return
        for part in heard.parts:
            self._number(part.speaker)
        if any(said.id == heard.utterance_id for said in self._held):
            self._parts[heard.utterance_id] = heard.parts

    def ready(self, heard_samples: int) -> list[Spoken]:
        """What waits no longer, once so much of the call was heard."""
        found = []
        while self._held and self._is_ready(self._held[0], heard_samples):
            found.append(self._spoken(self._held.popleft()))
        return found

    def rest(self) -> list[Spoken]:
        """All that still waits."""
        found = [self._spoken(said) for said in self._held]
        self._held.clear()
        return found

    def _is_ready(self, said: Said, heard_samples: int) -> bool:
        if not self._waits or isinstance(said, UtteranceLost) or said.id in self._parts:
            return True
        return len(self._held) > MOST_HELD or heard_samples >= said.end_samples + LONGEST_WAIT_SAMPLES

    def _spoken(self, said: Said) -> Spoken:
        parts = self._parts.pop(said.id, ())
        if isinstance(said, UtteranceLost):
            return Spoken(said, ())
        if not self._waits:
            return Spoken(said, (self._number(said.speaker),) * len(said.words))
        return Spoken(said, tuple(self._speaker(number, parts) for number in range(len(said.words))))

    def _speaker(self, word: int, parts: tuple[SpeakerPart, ...]) -> int:
        """Of a word; the one before it where nothing is known."""
        named = (part.speaker for part in parts if part.first_word <= word < part.end_word)
        speaker = next(named, None)
        if speaker is not None:
            self._last = self._number(speaker)
        return self._last

    def _number(self, speaker: str) -> int:
        return self._numbers.setdefault(speaker, len(self._numbers))


class Ends:
    """When nobody has said a new word on a channel for as long as the client asks to be told after."""

    def __init__(self, after_ms: int | None) -> None:
        """None: never."""
        self._after = None if after_ms is None else after_ms * RATE_HZ // 1000
        self._newest: dict[int, tuple[int, int]] = {}
        self._last: dict[int, tuple[int, int]] = {}

    def begin(self, channel: int, start_samples: int, end_samples: int) -> None:
        """An utterance that begins here is known of, up to there, be it final or not."""
        self._newest[channel] = max((start_samples, end_samples), self._newest.get(channel, (0, 0)))

    def lost(self, channel: int, start_samples: int) -> None:
        """The utterance that begins here has no words."""
        if self._newest.get(channel, (-1, 0))[0] == start_samples:
            del self._newest[channel]

    def told(self, channel: int, start_samples: int, last_word_end: int) -> None:
        """The client has been told an utterance of which this is the end."""
        self._last[channel] = (start_samples, last_word_end)

    def due(self, heard_samples: int, settled_samples: int = 0) -> list[tuple[int, int]]:
        """Channels, and the ends of the last words there, after which it has been silent long enough by the
        time that so much of the call was heard; each once. Nothing new can come of speech that began before
        `settled_samples`."""
        if self._after is None:
            return []
        found = [
            (channel, end)
            for channel, (start, end) in self._last.items()
            if end + self._after <= heard_samples
            and not self._goes_on(channel, start, heard_samples, settled_samples)
        ]
        for channel, _ in found:
            del self._last[channel]
        return sorted(found)

    def _goes_on(self, channel: int, start: int, heard_samples: int, settled_samples: int) -> bool:
        """Whether somebody speaks again. Of speech that turns out to have no words nothing is told: it counts
        for some seconds."""
        began, known_until = self._newest.get(channel, (0, 0))
        if began <= start or began < settled_samples:
            return False
        return heard_samples < known_until + (self._after or 0) + WORDLESS_SAMPLES

"""What a call's events are in the messages of Deepgram's live API."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import pairwise, repeat
from typing import Any
from unicodedata import category

from models.types import RATE_HZ, Word
from pipeline.core.events import Event, Flushed, Partial, SpeakerHeard, UtteranceFinal, UtteranceLost
from pipeline.doors.deepgram_query import Query
from pipeline.doors.deepgram_waiting import Ends, Said, Speakers, Spoken
from pipeline.doors.messages import Answer, Reply

MODEL = {
    "model_info": {"name": "wrapup", "version": "1", "arch": "wrapup"},
    "model_uuid": "5a9f4a34-6a4e-4b6f-8d4c-5b1f6c8e2d10",
}
"""Clients want to be told a model; which engine reads is the server's own business."""

CERTAIN = 1.0
"""The confidence of words whose engine gives none: clients drop what has a low one."""

MASKED = re.compile(r"\[[A-Z]+(_[0-9]+)?\]")
"""What stands for a number that may be a secret."""


class Teller:
    """Tells one client the events of its call.

    Times are seconds of the audio of this connection: `welcome` says where on the call's clock it begins.
    What was said before that is not told.
    """

    def __init__(self, request_id: str, query: Query, channels: int) -> None:
        self._request_id = request_id
        self._query = query
        self._channels = channels
        self._begins_at = 0
        self._received = 0
        self._finalizing = 0
        self._finalized: set[int] = set()
        self._begun: dict[int, int] = {}
        self._speakers = Speakers(waits=query.tells_speakers and channels == 1)
        self._ends = Ends(query.utterance_end_ms)

    def welcome(self, from_samples: int) -> None:
        """The connection's audio begins at this sample of the call."""
        self._begins_at = from_samples

    @property
    def finalizing(self) -> bool:
        """Whether finals that the client asked for are still to come."""
        return self._finalizing > 0

    def finalize(self) -> None:
        """The client wants what was said so far to be final."""
        if not self._finalizing:
            self._finalized.clear()
        self._finalizing += 1

    def ends_with(self, event: Event) -> bool:
        """Whether all that the connection said is known with this event."""
        return isinstance(event, Flushed) and event.until_samples >= self._begins_at and not self._finalizing

    def nothing(self) -> list[Answer]:
        """The answer to a wish for finals where there was no audio yet."""
        return [self._empty(channel, 0) for channel in range(self._channels)]

    def tell(self, event: Event) -> list[Answer]:
        """The messages of an event, in order."""
        if isinstance(event, Flushed) and event.until_samples < self._begins_at:
            # A connection before this one wished for it.
            return []
        match event:
            case Partial() | UtteranceFinal() | UtteranceLost():
                return self._utterance(event) if event.start_samples >= self._begins_at else []
            case SpeakerHeard():
                self._speakers.label(event)
                return self._told(self._speakers.ready(self._heard))
            case Flushed():
                return self._flushed(event.until_samples)
        return []

    def receive(self, samples: int) -> list[Answer]:
        """What is to be told once so many samples of the connection were received, counted at `RATE_HZ`."""
        self._received = samples
        return [*self._told(self._speakers.ready(self._heard)), *self._silence(self._heard)]

    def rest(self) -> list[Answer]:
        """What still waits to be told, as no more can come to be known of it."""
        return [*self._told(self._speakers.rest()), *self._silence(self._heard, settled_samples=self._heard)]

    @property
    def _heard(self) -> int:
        """Where the client is on the call's clock."""
        return self._begins_at + self._received

    def _flushed(self, until_samples: int) -> list[Answer]:
        """All until then is known. A client that asked for finals waits for one on each channel."""
        answers = self._told(self._speakers.rest())
        if self._finalizing:
            silent = [channel for channel in range(self._channels) if channel not in self._finalized]
            answers += [self._empty(channel, until_samples) for channel in silent]
            self._finalizing -= 1
            self._finalized.clear()
        return [*answers, *self._silence(until_samples, settled_samples=until_samples)]

    def _utterance(self, event: Partial | Said) -> list[Answer]:
        if isinstance(event, UtteranceLost):
            self._ends.lost(event.channel, event.start_samples)
            self._speakers.hold(event)
            return self._told(self._speakers.ready(self._heard))
        self._ends.begin(event.channel, event.start_samples, event.end_samples)
        answers = self._speech(event.channel, event.start_samples)
        if isinstance(event, Partial):
            return [*answers, *self._partial(event)]
        self._speakers.hold(event)
        return [*answers, *self._told(self._speakers.ready(self._heard))]

    def _partial(self, partial: Partial) -> list[Answer]:
        if not self._query.interim_results or not partial.text:
            return []
        span = (partial.start_samples, partial.end_samples)
        return [self._results(partial.channel, span, partial.text, _spread(partial), final=False)]

    def _told(self, found: Sequence[Spoken]) -> list[Answer]:
        return [self._final(spoken) for spoken in found]

    def _final(self, spoken: Spoken) -> Answer:
        """Speech of which no text came is told too: the client may have been shown partials of it."""
        said = spoken.said
        words = said.words if isinstance(said, UtteranceFinal) else ()
        if words:
            self._ends.told(said.channel, said.start_samples, words[-1].end_samples)
        text = " ".join(word.text for word in words)
        speakers = spoken.speakers if self._query.tells_speakers else None
        span = (said.start_samples, said.end_samples)
        return self._results(said.channel, span, text, words, final=True, speakers=speakers)

    def _silence(self, heard_samples: int, settled_samples: int = 0) -> list[Answer]:
        """The ends that have come by now."""
        return [
            reply("UtteranceEnd", channel=self._index(channel), last_word_end=self._s(end))
            for channel, end in self._ends.due(heard_samples, settled_samples)
        ]

    def _speech(self, channel: int, start_samples: int) -> list[Answer]:
        """Once an utterance: that somebody speaks."""
        if not self._query.vad_events or self._begun.get(channel) == start_samples:
            return []
        self._begun[channel] = start_samples
        return [reply("SpeechStarted", channel=self._index(channel), timestamp=self._s(start_samples))]

    def _empty(self, channel: int, at_samples: int) -> Reply:
        return self._results(channel, (at_samples, at_samples), "", [], final=True, finalized=True)

    def _results(
        self,
        channel: int,
        span: tuple[int, int],
        text: str,
        words: Sequence[Word],
        *,
        final: bool,
        speakers: Sequence[int] | None = None,
        finalized: bool = False,
    ) -> Reply:
        if final and self._finalizing:
            finalized = True
            self._finalized.add(channel)
        start, end = (max(at - self._begins_at, 0) for at in span)
        told = [self._word(*pair) for pair in zip(words, speakers or repeat(None), strict=False)]
        confidence = sum(word["confidence"] for word in told) / len(told) if told else 0.0
        alternative = {"transcript": text, "confidence": confidence, "words": told}
        return reply(
            "Results",
            channel_index=self._index(channel),
            start=start / RATE_HZ,
            duration=(end - start) / RATE_HZ,
            is_final=final,
            speech_final=final,
            from_finalize=finalized,
            channel={"alternatives": [alternative]},
            metadata={"request_id": self._request_id, **MODEL},
        )

    def _word(self, word: Word, speaker: int | None) -> dict[str, Any]:
        return {
            "word": plain(word.text),
            "start": self._s(word.start_samples),
            "end": self._s(word.end_samples),
            "confidence": CERTAIN if word.confidence is None else word.confidence,
            "punctuated_word": word.text,
            **({} if speaker is None else {"speaker": speaker}),
        }

    def _index(self, channel: int) -> list[int]:
        return [channel, self._channels]

    def _s(self, at_samples: int) -> float:
        return max(at_samples - self._begins_at, 0) / RATE_HZ


def plain(text: str) -> str:
    """A word in lower case, without the punctuation around it; a masked one as it is."""
    masked = MASKED.search(text)
    if masked is not None:
        return masked[0]
    first, last = 0, len(text)
    while first < last and _is_punctuation(text[first]):
        first += 1
    while last > first and _is_punctuation(text[last - 1]):
        last -= 1
    return text[first:last].lower() or text.lower()


def reply(kind: str, **fields: Any) -> Reply:
    """A message of this type."""
    return Reply(json.dumps({"type": kind, **fields}))


def _is_punctuation(letter: str) -> bool:
    return category(letter).startswith("P") and letter != "%"


def _spread(partial: Partial) -> list[Word]:
    """The words of a partial, whose times nobody knows yet: evenly over what was read."""
    texts = partial.text.split()
    length = partial.end_samples - partial.start_samples
    ends = [partial.start_samples + length * number // len(texts) for number in range(len(texts) + 1)]
    return [Word(text, *span, estimated=True) for text, span in zip(texts, pairwise(ends), strict=True)]

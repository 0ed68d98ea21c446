"""The server's events of a session of `/v1/realtime`, without their ids, and the order of its items."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from models.types import RATE_HZ, Word
from pipeline.core.events import LossReason, SpeakerHeard, SpeakerPart, SpeakerRevised, UtteranceFinal
from pipeline.doors.openai_session import Fault, Json

REMEMBERED = 32
"""Utterances whose speaker may still be told anew."""

EMPTY = "input_audio_buffer_commit_empty"
"""The code of the error that a commit of nothing gets."""

TRANSCRIPTION = "conversation.item.input_audio_transcription"

_LOSSES: dict[LossReason, str] = {
    "deadline": "the text did not come in time",
    "failed": "the audio could not be read",
    "unsupported_language": "the audio is in a language that this server does not hear",
}


@dataclass(slots=True)
class Form:
    """What the client wants of all items: the words of the beta form, and segments."""

    beta: bool = False
    segments: bool = False


class Ledger:
    """What both ways to make items share: their order, the words of their events, and who spoke."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._last: str | None = None
        self._recent: deque[tuple[str, str, tuple[Word, ...]]] = deque(maxlen=REMEMBERED)

    def committed(self, item_id: str) -> list[Json]:
        """A new item, behind those before it."""
        before, self._last = self._last, item_id
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": content,
        }
        added = "conversation.item.created" if self._form.beta else "conversation.item.added"
        return [
            _of("input_audio_buffer.committed", item_id, previous_item_id=before),
            {"type": added, "previous_item_id": before, "item": item},
        ]

    def remember(self, item_id: str, final: UtteranceFinal) -> list[Json]:
        """An utterance of an item; its segment where the client wants segments."""
        self._recent.append((final.id, item_id, final.words))
        if not self._form.segments:
            return []
        return self._segments(
            item_id, final.id, final.words, [SpeakerPart(0, len(final.words), final.speaker)]
        )

    def spoken_by(self, heard: SpeakerHeard | SpeakerRevised) -> list[Json]:
        """Who spoke an utterance: segments, in place of those of it before."""
        for known, item_id, words in self._recent:
            if known == heard.utterance_id:
                return self._segments(item_id, known, words, heard.parts)
        return []

    def _segments(
        self, item_id: str, utterance: str, words: Sequence[Word], parts: Sequence[SpeakerPart]
    ) -> list[Json]:
        out = []
        for part in parts:
            said = words[part.first_word : part.end_word]
            if said:
                segment = _of(
                    f"{TRANSCRIPTION}.segment",
                    item_id,
                    id=f"seg_{utterance}-{part.first_word}",
                    content_index=0,
                    speaker=part.speaker,
                    start=round(said[0].start_samples / RATE_HZ, 3),
                    end=round(said[-1].end_samples / RATE_HZ, 3),
                    text=text_of(said),
                )
                out.append(segment)
        return out


def error(fault: Fault, event_id: str | None, type_: str = "invalid_request_error") -> Json:
    """An event of the client that was not acted on; `event_id` is the client's."""
    body = {
        "type": type_,
        "code": fault.code,
        "message": fault.message,
        "param": fault.param,
        "event_id": event_id,
    }
    return {"type": "error", "error": body}


def nothing_to_commit() -> Fault:
    """A commit of nothing."""
    return Fault("nothing was said since the last commit", code=EMPTY)


def completed(item_id: str, transcript: str, seconds: float) -> Json:
    """All of an item's text."""
    usage = {"type": "duration", "seconds": round(seconds, 3)}
    return _of(f"{TRANSCRIPTION}.completed", item_id, content_index=0, transcript=transcript, usage=usage)


def failed(item_id: str, reason: LossReason) -> Json:
    """An item that has no text."""
    body = {"type": "transcription_error", "code": reason, "message": _LOSSES[reason], "param": None}
    return _of(f"{TRANSCRIPTION}.failed", item_id, content_index=0, error=body)


def text_of(words: Sequence[Word]) -> str:
    """Words as a line."""
    return " ".join(word.text for word in words)


def delta(item_id: str, text: str) -> Json:
    """More of an item's text."""
    return _of(f"{TRANSCRIPTION}.delta", item_id, content_index=0, delta=text)


def speech(what: str, item_id: str, **at: int) -> Json:
    """Speech has "started" or "stopped": `start` or `end`, in samples."""
    times = {f"audio_{name}_ms": samples * 1000 // RATE_HZ for name, samples in at.items()}
    return _of(f"input_audio_buffer.speech_{what}", item_id, **times)


def _of(type_: str, item_id: str, **members: object) -> Json:
    return {"type": type_, "item_id": item_id, **members}

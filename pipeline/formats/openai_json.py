"""What `POST /v1/audio/transcriptions` answers: a call in OpenAI's shapes.

Times are seconds since the start of the recording. Of the figures that Whisper's decoder gives for a segment,
those that the engines do not have are 0; `avg_logprob` is the mean logarithm of the words' confidence.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import Any, TypeAlias

from pipeline.formats.call_json import CallDocument, CallWord, Utterance, speaker_names

Json: TypeAlias = dict[str, Any]

LEAST_CONFIDENCE = 1e-4
"""The logarithm of 0 is no number."""


def text_of(doc: CallDocument) -> str:
    """All of the text."""
    return " ".join(utterance.text for utterance in doc.utterances)


def plain(doc: CallDocument) -> Json:
    """The answer for "json"."""
    return {"text": text_of(doc), "usage": _usage(doc)}


def verbose(doc: CallDocument, granularities: Sequence[str]) -> Json:
    """The answer for "verbose_json": segments unless only words are asked for."""
    found: Json = {
        "task": "transcribe",
        "language": "english",
        "duration": doc.duration_s,
        "text": text_of(doc),
    }
    if "segment" in granularities or not granularities:
        found["segments"] = [_segment(number, one) for number, one in enumerate(doc.utterances)]
    if "word" in granularities:
        found["words"] = [_word(word) for one in doc.utterances for word in one.words]
    return {**found, "usage": _usage(doc)}


def diarized(doc: CallDocument, known: Sequence[str]) -> Json:
    """The answer for "diarized_json"; see `labels`."""
    return {
        "task": "transcribe",
        "duration": doc.duration_s,
        "text": text_of(doc),
        "segments": _diarized_segments(doc, known),
        "usage": _usage(doc),
    }


def labels(doc: CallDocument, known: Sequence[str]) -> dict[str, str]:
    """Speaker id -> what to call them: the names `known`, by first heard; without one the role, where it is
    one person's, else a letter."""
    heard = list(dict.fromkeys(utterance.speaker for utterance in doc.utterances))
    roles = speaker_names(doc)
    found: dict[str, str] = {}
    letters = _letters()
    for place, speaker in enumerate(heard):
        role = roles.get(speaker, speaker)
        if place < len(known):
            found[speaker] = known[place]
        else:
            found[speaker] = role if role != speaker else next(letters)
    return found


def stream(doc: CallDocument, known: Sequence[str] | None) -> Iterator[str]:
    """The answer as server-sent events: a delta an utterance, a segment each where `known` is no None."""
    segments = [] if known is None else _diarized_segments(doc, known)
    for number, utterance in enumerate(doc.utterances):
        delta: Json = {"type": "transcript.text.delta", "delta": (" " if number else "") + utterance.text}
        if segments:
            delta["segment_id"] = segments[number]["id"]
        yield _event(delta)
        if segments:
            yield _event(segments[number])
    yield _event({"type": "transcript.text.done", "text": text_of(doc), "usage": _usage(doc)})
    yield "data: [DONE]\n\n"


def _diarized_segments(doc: CallDocument, known: Sequence[str]) -> list[Json]:
    names = labels(doc, known)
    return [
        {
            "type": "transcript.text.segment",
            "id": f"seg_{one.id}",
            "start": one.start_s,
            "end": one.end_s,
            "speaker": names[one.speaker],
            "text": one.text,
        }
        for one in doc.utterances
    ]


def _segment(number: int, utterance: Utterance) -> Json:
    text = utterance.text.encode()
    return {
        "id": number,
        "seek": 0,
        "start": utterance.start_s,
        "end": utterance.end_s,
        "text": utterance.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": _avg_logprob(utterance.words),
        # As Whisper has it: text that repeats itself shrinks well.
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 3),
        "no_speech_prob": 0.0,
    }


def _avg_logprob(words: Sequence[CallWord]) -> float:
    logs = [math.log(max(w.confidence, LEAST_CONFIDENCE)) for w in words if w.confidence is not None]
    return round(sum(logs) / len(logs), 4) + 0.0 if logs else 0.0


def _word(word: CallWord) -> Json:
    return {"word": word.text, "start": word.start_s, "end": word.end_s}


def _usage(doc: CallDocument) -> Json:
    return {"type": "duration", "seconds": doc.duration_s}


def _letters() -> Iterator[str]:
    """A, B ... Z, A2, B2 ..."""
    yield from ascii_uppercase
    number = 2
    while True:
        yield from (f"{letter}{number}" for letter in ascii_uppercase)
        number += 1


def _event(body: Json) -> str:
    return f"data: {json.dumps(body)}\n\n"

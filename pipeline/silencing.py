"""The mask in sound: where a secret was said there is silence, and all else is as it was.

Files are written as 16-bit PCM (WAV) or FLAC, by their suffix. Outside the silent spans samples are those of
the recording: bit for bit where it has 16 bits or G.711, else rounded to 16 bits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.doors.files import AudioInfo, Truncated, fingerprint, native, probe
from pipeline.formats.call_json import CallDocument, CallWord, NoteStatement, Redaction, Utterance

Frames = NDArray[np.int16]
"""Audio at a file's own rate, shape (channels, n)."""

MARGIN_S = 0.15
"""Before and after a span whose words were heard in their places."""
ESTIMATED_MARGIN_S = 0.8
"""Before and after one whose words were spread over their utterance: estimates are off by half a second."""
RAMP_S = 0.005
"""How long sound takes to fade at the edges of a silent span, inside it: no click."""
PAUSE_S = 0.5
"""Silence between utterances of a clip that do not follow each other."""
JOIN_S = 1.0
"""Utterances of a clip that are this near to each other keep what is between them."""
REVEALED = "revealed"
CODECS = {".wav": ("wav", "pcm_s16le"), ".flac": ("flac", "flac")}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds [start_s, end_s) of one channel."""

    channel: int
    start_s: float
    end_s: float


def secret_stretches(document: CallDocument) -> tuple[Stretch, ...]:
    """What must not be heard: every masked span but those that were revealed, with its margin."""
    return tuple(
        Stretch(each.channel, max(0.0, each.start_s - margin_s), each.end_s + margin_s)
        for each in document.redactions
        if each.kind != REVEALED
        for margin_s in [_margin_s(document, each)]
    )


def _margin_s(document: CallDocument, redaction: Redaction) -> float:
    return ESTIMATED_MARGIN_S if any(_words_of(document, redaction)) else MARGIN_S


def _words_of(document: CallDocument, redaction: Redaction) -> Iterator[bool]:
    """For each word in the place of a redaction, whether its time is an estimate; True for no word at all."""
    found = False
    for utterance in document.utterances:
        if utterance.channel == redaction.channel and _meets(utterance, redaction):
            for word in utterance.words:
                if _meets(word, redaction):
                    found = True
                    yield word.estimated
    if not found:
        yield True


def _meets(part: CallWord | Utterance, other: Redaction) -> bool:
    return part.start_s <= other.end_s and other.start_s <= part.end_s


def silenced(frames: Frames, stretches: Sequence[Stretch], rate_hz: int, at: int = 0) -> Frames:
    """A copy of `frames`, which begin at frame `at` of the recording, with silence in the stretches.

    Sound fades within `RAMP_S` inside each of them; a stretch of a channel that is not there is passed by.
    """
    out = frames.copy()
    count = frames.shape[1]
    for stretch in stretches:
        start, end = round(stretch.start_s * rate_hz), round(stretch.end_s * rate_hz)
        first, after = max(start, at), min(end, at + count)
        if first >= after or stretch.channel >= len(frames):
            continue
        places = np.arange(first, after)
        ramp = max(1, round(RAMP_S * rate_hz))
        # 1 on the last sample outside, 0 from the end of the ramp on.
        near = np.minimum(places - start + 1, end - places)
        gain = np.clip(1.0 - near / ramp, 0.0, 1.0)
        part = out[stretch.channel, first - at : after - at]
        out[stretch.channel, first - at : after - at] = np.rint(part * gain).astype(np.int16)
    return out


def silence_recording(document: CallDocument, audio: Path, out: Path) -> None:
    """Write the whole recording with its secrets silenced. Raises `InputError`."""
    info = source_of(document, audio)
    _write(_recording(document, info), info, out)


def cut_clip(document: CallDocument, audio: Path, statement: int, out: Path) -> None:
    """Write what the statement with this number, from 1, rests on: its utterances with secrets silenced.

    Those that follow each other closely keep what is between them; else `PAUSE_S` is. Raises `InputError`.
    """
    spans = _spans(document, _statement(document, statement))
    info = source_of(document, audio)
    _write(_cut(_recording(document, info), spans, info), info, out)


def source_of(document: CallDocument, audio: Path) -> AudioInfo:
    """The recording, once it is known to be the one that the document was made of. Raises `InputError`."""
    known = document.provenance.source
    if known is None:
        raise InputError(f"{document.call_id}: the document does not say which recording it was made of")
    if fingerprint(audio) != known:
        raise InputError(f"{audio}: not the recording that {document.call_id} was made of")
    return probe(audio)


def _recording(document: CallDocument, info: AudioInfo) -> Iterator[Frames]:
    stretches = secret_stretches(document)
    at = 0
    try:
        for block in native(info):
            frames = np.clip(np.rint(block * 32_768.0), -32_768, 32_767).astype(np.int16)
            yield silenced(frames, stretches, info.rate_hz, at)
            at += frames.shape[1]
    except Truncated:
        # What came before the damage is the recording, as it is for the transcript.
        return


def _statement(document: CallDocument, number: int) -> NoteStatement:
    statements = document.summary.statements
    if not 1 <= number <= len(statements):
        raise InputError(f"{document.call_id}: no statement {number}; the note has {len(statements)}")
    return statements[number - 1]


def _spans(document: CallDocument, statement: NoteStatement) -> list[tuple[float, float]]:
    """Seconds of the evidence in order of time, those that are near to each other as one."""
    evidence = set(statement.evidence)
    found = sorted((each.start_s, each.end_s) for each in document.utterances if each.id in evidence)
    if not found:
        raise InputError(f"{document.call_id}: this statement names no utterance of the call")
    spans = [found[0]]
    for start_s, end_s in found[1:]:
        last_start_s, last_end_s = spans[-1]
        if start_s - last_end_s <= JOIN_S:
            spans[-1] = (last_start_s, max(last_end_s, end_s))
        else:
            spans.append((start_s, end_s))
    return spans


def _cut(
    recording: Iterator[Frames], spans: Sequence[tuple[float, float]], info: AudioInfo
) -> Iterator[Frames]:
    pause = np.zeros((info.channels, round(PAUSE_S * info.rate_hz)), np.int16)
    waiting = [(round(start_s * info.rate_hz), round(end_s * info.rate_hz)) for start_s, end_s in spans]
    at, begun = 0, False
    for frames in recording:
        while waiting and waiting[0][0] < at + frames.shape[1]:
            start, end = waiting[0]
            if start >= at and begun:
                yield pause
            begun = True
            yield frames[:, max(0, start - at) : end - at]
            if end > at + frames.shape[1]:
                break
            waiting.pop(0)
        at += frames.shape[1]


def _write(recording: Iterator[Frames], info: AudioInfo, out: Path) -> None:
    """Write whole or not at all, by the suffix of `out`; never over the recording itself."""
    if out.suffix.lower() not in CODECS:
        raise InputError(f"{out}: audio is written as {' or '.join(CODECS)}")
    if out.exists() and out.samefile(info.path):
        raise InputError(f"{out}: that is the recording itself; name another file")
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        _encode(recording, info, partial, *CODECS[out.suffix.lower()])
        partial.replace(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written: {error.strerror or 'unknown error'}") from error
    finally:
        partial.unlink(missing_ok=True)


def _encode(recording: Iterator[Frames], info: AudioInfo, path: Path, form: str, codec: str) -> None:
    layout = "mono" if info.channels == 1 else "stereo"
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=info.rate_hz, layout=layout)
        at = 0
        for frames in recording:
            if not frames.shape[1]:
                continue
            packed = np.ascontiguousarray(frames.T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
            frame.rate, frame.pts, frame.time_base = info.rate_hz, at, Fraction(1, info.rate_hz)
            at += frames.shape[1]
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

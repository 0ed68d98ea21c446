"""WebVTT: one cue an utterance, the speaker as voice tag `<v agent>`. https://www.w3.org/TR/webvtt1/

Written: segments with times and a text, times to the millisecond. Read: what others write too, with hours
left out, a comma for the point, several lines or several voices in a cue, other tags (dropped), and
"Speaker: text" where a cue has no voice tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.formats.cues import Cue, cues_of, escape, time_field, unescape
from pipeline.formats.lines import split_speaker
from pipeline.formats.plain import bad_line, lines_of
from pipeline.formats.segments import UNKNOWN, Segment

_VOICE = re.compile(r"<v(?:\.[^\s<>]*)*(?:\s+([^<>]*))?>")


def parse(text: str, source: str) -> list[Segment]:
    """One segment a voice, in the order of the file. Raises `InputError`."""
    if re.match(r"WEBVTT(?:\s|$)", lines_of(text)[0]) is None:
        raise bad_line(source, 1, "WEBVTT")
    return [segment for cue in cues_of(text, source) for segment in _segments_of(cue)]


def write(segments: Sequence[Segment]) -> str:
    """A file with one cue a segment."""
    blocks = ["WEBVTT\n"]
    for segment in segments:
        if segment.start_s is None or segment.end_s is None or not segment.text:
            continue
        times = f"{time_field(segment.start_s, '.')} --> {time_field(segment.end_s, '.')}"
        blocks.append(f"{times}\n<v {escape(segment.speaker) or UNKNOWN}>{escape(segment.text)}\n")
    return "\n".join(blocks)


def _segments_of(cue: Cue) -> Iterator[Segment]:
    payload = " ".join(cue.payload)
    before, *voices = _VOICE.split(payload)
    spoken = unescape(before)
    if spoken:
        speaker, spoken = (None if voices else split_speaker(spoken)) or (UNKNOWN, spoken)
        yield Segment(speaker, cue.start_s, cue.end_s, spoken)
    for name, said in zip(voices[::2], voices[1::2], strict=True):
        if text := unescape(said):
            yield Segment(unescape(name or "") or UNKNOWN, cue.start_s, cue.end_s, text)

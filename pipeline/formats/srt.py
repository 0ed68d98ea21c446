"""SubRip: numbered cues, the speaker written before the text as "agent: ...".

Written: segments with times and a text, times to the millisecond; `<`, `>`, `&` and the brace that opens a
style as entities, since players take tags. Read: what others write too, with a point for the comma, hours or
numbers left out, tags (dropped), a dash before each speaker, several speakers in a cue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from models.errors import InputError
from pipeline.formats.cues import Cue, cues_of, escape, time_field, unescape
from pipeline.formats.lines import name_field, split_speaker
from pipeline.formats.plain import clean
from pipeline.formats.segments import UNKNOWN, Segment

_STYLE = re.compile(r"\{\\[^{}]*\}")
_DASH = re.compile(r"^\s*[-\u2013\u2014]\s*")


def parse(text: str, source: str) -> list[Segment]:
    """One segment a speaker of a cue, in the order of the file. Raises `InputError`."""
    cues = list(cues_of(text, source))
    if not cues and clean(text):
        raise InputError(f"{source}: expected cues with HH:MM:SS,mmm --> HH:MM:SS,mmm, found none")
    return [segment for cue in cues for segment in _segments_of(cue)]


def write(segments: Sequence[Segment]) -> str:
    """A file with one cue a segment."""
    blocks: list[str] = []
    for segment in segments:
        if segment.start_s is None or segment.end_s is None or not segment.text:
            continue
        times = f"{time_field(segment.start_s, ',')} --> {time_field(segment.end_s, ',')}"
        text = escape(segment.text).replace("{\\", "&#123;\\")
        said = f"{escape(name_field(segment.speaker))}: {text}"
        blocks.append(f"{len(blocks) + 1}\n{times}\n{said}\n")
    return "\n".join(blocks)


def _segments_of(cue: Cue) -> Iterator[Segment]:
    speaker, said = UNKNOWN, ""
    for line in cue.payload:
        plain = unescape(_STYLE.sub("", line))
        named = split_speaker(_DASH.sub("", plain))
        if named is None:
            said = f"{said} {plain}".strip()
            continue
        if said:
            yield Segment(speaker, cue.start_s, cue.end_s, said)
        speaker, said = named
    if said:
        yield Segment(speaker, cue.start_s, cue.end_s, said)

"""STM: `<recording> <channel> <speaker> <start> <end> [<label>] <text>`, as NIST's sclite reads it.

Written: segments with times and a text, to the millisecond; white space in a name becomes "_". Read:
comments, gaps between segments and segments marked to be ignored are passed over; a label is a field in
angle brackets that holds a comma, so that a text may begin with `<unk>`. Channel "1" or "A" is channel 0.
"""

from __future__ import annotations

import re

from pipeline.formats.plain import (
    bad_line,
    channel_field,
    channel_of,
    clean,
    lines_of,
    number,
    seconds_field,
    token,
)
from pipeline.formats.segments import Recordings, Segment

_LABEL = re.compile(r"<[^<>\s]*,[^<>\s]*>")
_NO_LABEL = "<,>"
_GAP = "inter_segment_gap"
_IGNORED = "ignore_time_segment_in_scoring"


def parse(text: str, source: str) -> dict[str, list[Segment]]:
    """Segments by recording. Raises `InputError`."""
    recordings: dict[str, list[Segment]] = {}
    for line_number, line in enumerate(lines_of(text), start=1):
        fields = line.split(maxsplit=5)
        if not fields or fields[0].startswith(";"):
            continue
        if len(fields) < 5:
            raise bad_line(source, line_number, "recording, channel, speaker, start, end and text")
        start_s, end_s = number(fields[3]), number(fields[4])
        if start_s is None or end_s is None or not 0 <= start_s <= end_s:
            raise bad_line(source, line_number, "start and end in seconds, in this order")
        said = clean(_without_label(fields[5] if len(fields) > 5 else ""))
        if fields[2] == _GAP or said.lower() == _IGNORED:
            continue
        segment = Segment(fields[2], start_s, end_s, said, channel_of(fields[1]))
        recordings.setdefault(fields[0], []).append(segment)
    return recordings


def write(recordings: Recordings) -> str:
    """One line a segment that has times and a text."""
    lines: list[str] = []
    for name, segments in recordings.items():
        for segment in segments:
            if segment.start_s is None or segment.end_s is None or segment.text is None:
                continue
            place = f"{token(name)} {channel_field(segment.channel)} {token(segment.speaker)}"
            times = f"{seconds_field(segment.start_s)} {seconds_field(segment.end_s)}"
            said = clean(segment.text)
            label = f"{_NO_LABEL} " if _LABEL.match(said) else ""
            lines.append(f"{place} {times} {label}{said}".rstrip() + "\n")
    return "".join(lines)


def _without_label(text: str) -> str:
    head, _, rest = text.partition(" ")
    return rest if _LABEL.fullmatch(head) else text

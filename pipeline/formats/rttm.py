"""RTTM: who spoke when, without words.

`SPEAKER <recording> <channel> <start> <duration> <NA> <NA> <speaker> <NA> <NA>`, as in the NIST RT-09
evaluation plan, appendix A. Written: segments with times, to the millisecond; white space in a name
becomes "_". Read: comments and the other record types are passed over. Channel "1" is channel 0.
"""

from __future__ import annotations

from pipeline.formats.plain import bad_line, channel_field, channel_of, lines_of, number, seconds_field, token
from pipeline.formats.segments import Recordings, Segment

_TYPES_WITHOUT_TURNS = (
    *("SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER"),
    *("EDIT", "IP", "SU", "CB", "A/P", "SPKR-INFO"),
)


def parse(text: str, source: str) -> dict[str, list[Segment]]:
    """Segments by recording. Raises `InputError`."""
    recordings: dict[str, list[Segment]] = {}
    for line_number, line in enumerate(lines_of(text), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";") or fields[0] in _TYPES_WITHOUT_TURNS:
            continue
        if fields[0] != "SPEAKER" or len(fields) < 8:
            raise bad_line(source, line_number, "SPEAKER and at least seven fields")
        start_s, duration_s = number(fields[3]), number(fields[4])
        if start_s is None or duration_s is None or start_s < 0 or duration_s < 0:
            raise bad_line(source, line_number, "start and duration in seconds, not negative")
        end_s = round(start_s + duration_s, 6)
        segment = Segment(fields[7], start_s, end_s, None, channel_of(fields[2]))
        recordings.setdefault(fields[1], []).append(segment)
    return recordings


def write(recordings: Recordings) -> str:
    """One line a segment that has times."""
    lines: list[str] = []
    for name, segments in recordings.items():
        for segment in segments:
            if segment.start_s is None or segment.end_s is None:
                continue
            # Both ends are rounded before the subtraction, so that the end read back is the end rounded.
            duration_s = round(segment.end_s, 3) - round(segment.start_s, 3)
            place = f"{token(name)} {channel_field(segment.channel)}"
            times = f"{seconds_field(segment.start_s)} {seconds_field(duration_s)}"
            lines.append(f"SPEAKER {place} {times} <NA> <NA> {token(segment.speaker)} <NA> <NA>\n")
    return "".join(lines)

"""Lines of the form "Speaker: text", as people write a transcript down.

A line may begin with a time in brackets ("[00:12] Agent: ..."). A line without a speaker goes on with the
one before. A name has at most four words and 40 characters, so that a sentence with a colon in it is not
taken for one. Written lines have no times; white space inside a text becomes single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.formats.plain import bad_line, clean, lines_of
from pipeline.formats.segments import UNKNOWN, Segment

_MAX_NAME = 40
_NAME = re.compile(r"[\w.'()#&/@-]+(?: [\w.'()#&/@-]+){0,3}")
_NOT_NAME = re.compile(r"[^\w.'()#&/@-]+")
_PREFIX = re.compile(rf"\s*({_NAME.pattern})\s*:(?:\s+|$)(.*)", re.DOTALL)
_TIME = re.compile(r"\s*[\[(](?:([0-9]{1,5}):)?([0-9]{1,3}):([0-9]{2}(?:\.[0-9]{1,3})?)[\])]\s*")


def split_speaker(line: str) -> tuple[str, str] | None:
    """("Speaker", "text") of a line that names its speaker, else None."""
    match = _PREFIX.fullmatch(line)
    if match is None or len(match[1]) > _MAX_NAME:
        return None
    return match[1], clean(match[2])


def name_field(speaker: str) -> str:
    """`speaker` as `split_speaker` reads it back; unchanged where it is such a name already."""
    name = clean(speaker)
    if _NAME.fullmatch(name) is None:
        name = _NOT_NAME.sub("_", name) or UNKNOWN
    return name[:_MAX_NAME].rstrip()


def parse(text: str, source: str) -> list[Segment]:
    """One segment a speaker line, without end, without start unless written. Raises `InputError`."""
    segments: list[Segment] = []
    for number, line in enumerate(lines_of(text), start=1):
        if not clean(line):
            continue
        start_s, rest = _split_time(line)
        named = split_speaker(rest)
        if named is not None:
            segments.append(Segment(named[0], start_s, None, named[1]))
        elif segments:
            last = segments[-1]
            segments[-1] = Segment(last.speaker, last.start_s, None, clean(f"{last.text} {rest}"))
        else:
            raise bad_line(source, number, '"Speaker: text"')
    return segments


def write(segments: Sequence[Segment]) -> str:
    """One line a segment that has a text."""
    return "".join(
        f"{name_field(segment.speaker)}: {clean(segment.text)}\n" for segment in segments if segment.text
    )


def _split_time(line: str) -> tuple[float | None, str]:
    match = _TIME.match(line)
    if match is None:
        return None, line
    hours, minutes, seconds = match[1] or "0", match[2], match[3]
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3), line[match.end() :]

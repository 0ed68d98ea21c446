"""CTM: one line a word, `<recording> <channel> <start> <duration> <word> [<confidence> <type> <speaker>]`.

As in the NIST RT-09 evaluation plan, appendix B. Written: the words of segments that have word times, to
the millisecond, confidence to three decimals. Read: one segment a word. Channel "1" or "A" is channel 0.
"""

from __future__ import annotations

from pipeline.formats.plain import bad_line, channel_field, channel_of, lines_of, number, seconds_field, token
from pipeline.formats.segments import UNKNOWN, Recordings, Segment, TimedWord


def parse(text: str, source: str) -> dict[str, list[Segment]]:
    """Segments of one word each, by recording. Raises `InputError`."""
    recordings: dict[str, list[Segment]] = {}
    for line_number, line in enumerate(lines_of(text), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";"):
            continue
        if not 5 <= len(fields) <= 8:
            raise bad_line(
                source, line_number, "recording, channel, start, duration, word and at most 3 more"
            )
        start_s, duration_s = number(fields[2]), number(fields[3])
        if start_s is None or duration_s is None or start_s < 0 or duration_s < 0:
            raise bad_line(source, line_number, "start and duration in seconds, not negative")
        confidence = number(fields[5]) if len(fields) > 5 else None
        if confidence is not None and not 0 <= confidence <= 1:
            raise bad_line(source, line_number, "a confidence between 0 and 1, or NA")
        end_s = round(start_s + duration_s, 6)
        word = TimedWord(fields[4], start_s, end_s, confidence)
        speaker = fields[7] if len(fields) > 7 else UNKNOWN
        segment = Segment(speaker, start_s, end_s, word.text, channel_of(fields[1]), (word,))
        recordings.setdefault(fields[0], []).append(segment)
    return recordings


def write(recordings: Recordings) -> str:
    """One line a word."""
    return "".join(
        _line(name, segment, word)
        for name, segments in recordings.items()
        for segment in segments
        for word in segment.words
    )


def _line(name: str, segment: Segment, word: TimedWord) -> str:
    duration_s = round(word.end_s, 3) - round(word.start_s, 3)
    confidence = "NA" if word.confidence is None else seconds_field(word.confidence)
    times = f"{seconds_field(word.start_s)} {seconds_field(duration_s)}"
    place = f"{token(name)} {channel_field(segment.channel)}"
    return f"{place} {times} {token(word.text)} {confidence} lex {token(segment.speaker)}\n"

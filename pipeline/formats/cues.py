"""What VTT and SRT share: times, blocks, escapes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.formats.plain import bad_line, clean, lines_of

_TIME = r"(?:([0-9]{1,5}):)?([0-9]{1,2}):([0-9]{1,2})[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_TAG = re.compile(r"<[^<>]*>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|lrm|rlm|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue as written: its lines still hold tags and escapes. `line` is that of the times, from 1."""

    start_s: float
    end_s: float
    payload: tuple[str, ...]
    line: int


def time_field(at_s: float, point: str) -> str:
    """HH:MM:SS.mmm, with `point` before the milliseconds; hours grow as needed."""
    total_ms = max(0, round(at_s * 1000))
    minutes, rest_ms = divmod(total_ms, 60_000)
    seconds, ms = divmod(rest_ms, 1000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}{point}{ms:03d}"


def escape(text: str) -> str:
    """One line in which nothing is a tag, an arrow or an entity."""
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """One line, with tags dropped and entities resolved."""
    return clean(_ENTITY.sub(lambda match: html.unescape(match[0]), _TAG.sub("", text)))


def cues_of(text: str, source: str) -> Iterator[Cue]:
    """Cues of a file, in its order.

    A block is what stands between empty lines; its lines before the times are a name and are dropped, and
    so are blocks without an arrow and those that begin with NOTE, STYLE or REGION. Raises `InputError` for
    a block with an arrow and no times.
    """
    block: list[tuple[int, str]] = []
    for number, line in enumerate(lines_of(text), start=1):
        if line.strip():
            block.append((number, line))
            continue
        yield from _cues_of_block(block, source)
        block = []
    yield from _cues_of_block(block, source)


def _cues_of_block(block: list[tuple[int, str]], source: str) -> Iterator[Cue]:
    if block and re.match(r"(?:NOTE|STYLE|REGION)(?:\s|$)", block[0][1]):
        return
    timings = [
        (place, match)
        for place, (_, line) in enumerate(block)
        if (match := _TIMING.fullmatch(line)) is not None
    ]
    arrows = [number for number, line in block if "-->" in line]
    if arrows and not timings:
        raise bad_line(source, arrows[0], "HH:MM:SS.mmm --> HH:MM:SS.mmm")
    # A file may lack the empty line between cues: each timing line starts a cue of its own.
    followings = [*(place for place, _ in timings), len(block)][1:]
    for (place, match), following in zip(timings, followings, strict=True):
        number = block[place][0]
        start_s, end_s = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
        if end_s < start_s:
            raise bad_line(source, number, "an end at or after the start")
        payload = [text for _, text in block[place + 1 : following]]
        if following < len(block) and payload and re.fullmatch(r"\s*[0-9]+\s*", payload[-1]):
            payload.pop()
        yield Cue(start_s, end_s, tuple(payload), number)


def _seconds(groups: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (group or "0" for group in groups)
    ms = int(fraction.ljust(3, "0"))
    return (int(hours) * 3_600_000 + int(minutes) * 60_000 + int(seconds) * 1000 + ms) / 1000

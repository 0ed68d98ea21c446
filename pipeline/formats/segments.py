"""The inner format that every outside format is read into and written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from models.errors import InputError

UNKNOWN = "unknown"
"""Speaker of a segment whose source names none."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word with its times in seconds since the start of the call.

    `confidence` is a probability in [0, 1] or None; `estimated` says that the times were not heard.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """What one speaker said in one stretch.

    Times are seconds since the start of the call, None where the source has none. `text` None means
    that nobody wrote the words down; "" that there are none. `channel` counts from 0.
    """

    speaker: str
    start_s: float | None
    end_s: float | None
    text: str | None
    channel: int | None = None
    words: tuple[TimedWord, ...] = ()


Recordings: TypeAlias = Mapping[str, Sequence[Segment]]
"""Segments of several recordings by name, for formats that hold more than one in a file."""


def one_recording(recordings: Mapping[str, Sequence[Segment]], name: str, source: str) -> list[Segment]:
    """The segments of `name`, or of the only recording whatever its name; none if there is no recording.

    Raises `InputError` when there are several and none has that name.
    """
    if name in recordings:
        return list(recordings[name])
    if len(recordings) > 1:
        raise InputError(f"{source}: holds {len(recordings)} recordings, expected one, or one named {name!r}")
    return [segment for segments in recordings.values() for segment in segments]


def in_order_of_time(segments: Sequence[Segment]) -> list[Segment]:
    """Sorted by start; segments without a start keep their place behind the one before them."""
    keyed: list[tuple[float, int, Segment]] = []
    at_s = 0.0
    for place, segment in enumerate(segments):
        at_s = at_s if segment.start_s is None else segment.start_s
        keyed.append((at_s, place, segment))
    return [segment for _, _, segment in sorted(keyed, key=lambda item: item[:2])]

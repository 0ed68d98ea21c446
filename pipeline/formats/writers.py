"""What `wrapup run --format` can write, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.formats import lines, markdown, rttm, srt, vtt
from pipeline.formats.call_json import CallDocument, segments_of, turns_of, write_call

WRITERS: Mapping[str, Callable[[CallDocument], str]] = MappingProxyType(
    {
        "json": write_call,
        "md": markdown.write,
        "vtt": lambda doc: vtt.write(segments_of(doc)),
        "srt": lambda doc: srt.write(segments_of(doc)),
        "txt": lambda doc: lines.write(segments_of(doc)),
        "rttm": lambda doc: rttm.write({doc.call_id: turns_of(doc)}),
    }
)
"""Format, which is also the suffix of the file -> its text, for a UTF-8 file with line ends as they are."""

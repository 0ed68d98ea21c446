"""Any transcript as segments, chosen by suffix, else by content."""

from __future__ import annotations

import re
from pathlib import Path

from models.errors import InputError
from pipeline.formats import ctm, lines, seglst, segments_json, srt, stm, vtt
from pipeline.formats.call_json import SCHEMA, parse_call, segments_of
from pipeline.formats.fields import load_json
from pipeline.formats.plain import read_text
from pipeline.formats.segments import Segment, in_order_of_time, one_recording

TRANSCRIPT_SUFFIXES = (".json", ".vtt", ".srt", ".txt", ".stm", ".ctm")


def read_transcript(path: Path) -> list[Segment]:
    """The segments of a transcript in order of time.

    Reads our JSON, JSON with `segments`, SegLST, VTT, SRT, STM, CTM and "Speaker: text" lines. A file of any
    other suffix is told by its content. Raises `InputError`.
    """
    return parse_transcript(read_text(path), path)


def parse_transcript(text: str, path: Path) -> list[Segment]:
    """The same, for a text in hand; `path` gives the suffix, and names the source in errors."""
    source = str(path)
    kind = path.suffix.lower()
    if kind not in TRANSCRIPT_SUFFIXES or kind == ".txt":
        kind = _kind_by_content(text)
    if kind == ".json":
        return in_order_of_time(_parse_json(text, path))
    if kind == ".vtt":
        return in_order_of_time(vtt.parse(text, source))
    if kind == ".srt":
        return in_order_of_time(srt.parse(text, source))
    if kind in (".stm", ".ctm"):
        recordings = stm.parse(text, source) if kind == ".stm" else ctm.parse(text, source)
        return in_order_of_time(one_recording(recordings, path.stem, source))
    return in_order_of_time(lines.parse(text, source))


def _kind_by_content(text: str) -> str:
    head = text.lstrip("\ufeff \t\r\n")[:2000]
    if re.match(r"WEBVTT(?:\s|$)", head):
        return ".vtt"
    if re.match(r"\{|\[\s*[{\]]", head):
        return ".json"
    if re.search(r"^\s*(?:[0-9]+:)?[0-9]+:[0-9]+[.,][0-9]+\s*-->", head, re.MULTILINE):
        return ".srt"
    return ".txt"


def _parse_json(text: str, path: Path) -> list[Segment]:
    source = str(path)
    found = load_json(text, source)
    if isinstance(found, list):
        return one_recording(seglst.parse(text, source), path.stem, source)
    if isinstance(found, dict) and "schema" in found:
        return segments_of(parse_call(text, source))
    if isinstance(found, dict) and "segments" in found:
        return segments_json.parse(text, source)
    raise InputError(f'{source}: expected an object with schema "{SCHEMA}" or segments, or a SegLST list')

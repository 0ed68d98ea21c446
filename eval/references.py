"""References beside audio files: `call.wav` with `call.json`, `call.rttm` or `call.stm`.

JSON holds `segments[{start, end, speaker, text, channel?}]`; a call's own document beside its audio is no
reference. Words are looked for in JSON, then STM; turns in RTTM, then JSON, then STM, since an RTTM is made
for turns. A file that lacks a reference is listed with the reason, never dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from eval.normalizer import without_tags
from models.errors import InputError
from pipeline.formats import rttm, segments_json, stm
from pipeline.formats.fields import load_json
from pipeline.formats.plain import read_text
from pipeline.formats.segments import Segment, one_recording

Need = Literal["words", "turns"]

_ORDER: dict[Need, tuple[str, ...]] = {"words": (".json", ".stm"), "turns": (".rttm", ".json", ".stm")}
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Reference:
    """An audio file, the file with its reference, and the segments in that."""

    audio: Path
    source: Path
    segments: tuple[Segment, ...]

    @property
    def name(self) -> str:
        """Folder and file, enough to tell calls of one run apart: `calls_hvb/0002_agent.wav`."""
        return f"{self.audio.resolve().parent.name}/{self.audio.name}"


@dataclass(frozen=True, slots=True)
class Passed:
    """A file that was not scored, and why, in one line."""

    file: str
    reason: str


@dataclass(slots=True)
class Found:
    """What a search gave: each audio file is in exactly one of the three lists."""

    references: list[Reference] = field(default_factory=list)
    skipped: list[Passed] = field(default_factory=list)
    failed: list[Passed] = field(default_factory=list)


def find_references(audio: Sequence[Path], need: Need) -> Found:
    """The reference of each audio file; `failed` are those whose reference cannot be read."""
    found = Found()
    for path in audio:
        try:
            reference = _reference_of(path, need)
        except InputError as error:
            found.failed.append(Passed(str(path), str(error)))
            continue
        if isinstance(reference, Reference):
            found.references.append(reference)
        else:
            found.skipped.append(Passed(str(path), reference))
    return found


def data_sha256(references: Sequence[Reference]) -> str:
    """A hash over names, audio and references, whatever their order. Raises `InputError`."""
    entries = sorted((each.name, file_sha256(each.audio), file_sha256(each.source)) for each in references)
    return hashlib.sha256(repr(entries).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """The hash of a file's bytes. Raises `InputError`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or 'unknown error'}") from error
    return digest.hexdigest()


def _reference_of(audio: Path, need: Need) -> Reference | str:
    """The reference, or why there is none."""
    reasons: list[str] = []
    for suffix in _ORDER[need]:
        source = audio.with_suffix(suffix)
        if not source.is_file():
            continue
        segments = _read(source, audio.stem)
        reason = "is no reference" if segments is None else _lacking(segments, need)
        if segments is not None and reason is None:
            return Reference(audio, source, tuple(segments))
        reasons.append(f"{source.name} {reason}")
    looked_for = ", ".join(audio.with_suffix(suffix).name for suffix in _ORDER[need])
    return "; ".join(reasons) or f"no reference beside it (looked for {looked_for})"


def _read(source: Path, name: str) -> list[Segment] | None:
    text = read_text(source)
    if source.suffix == ".rttm":
        return one_recording(rttm.parse(text, str(source)), name, str(source))
    if source.suffix == ".stm":
        return one_recording(stm.parse(text, str(source)), name, str(source))
    found = load_json(text, str(source))
    if not isinstance(found, dict) or "segments" not in found:
        return None
    return segments_json.parse(text, str(source))


def _lacking(segments: Sequence[Segment], need: Need) -> str | None:
    if not segments:
        return "has no segments"
    if need == "words":
        if any(segment.text is None for segment in segments):
            return "has no words" if all(s.text is None for s in segments) else "has segments without words"
        return None if any(without_tags(s.text or "") for s in segments) else "has no words"
    timed = all(segment.start_s is not None and segment.end_s is not None for segment in segments)
    return None if timed else "has segments without times"

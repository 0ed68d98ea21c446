"""Calls with reference notes: a transcript `call.json` (or `.vtt`, `.srt` ...), its note `call.note.json`.

The case format is that of `wrapup eval asr`: the transcript of reference that lies beside the audio is what
summarizers read, so that the same folder serves all. A reference note is JSON with a `code` and
`statements[{section, text}]`, or plain text (`call.note.txt`, `call.note.md`); it lies beside the transcript
or in a folder of its own. With a folder of calls that were written already, these and their notes are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.references import Passed, Reference
from models.errors import ConfigError, InputError
from models.types import SummaryCode
from pipeline.commands.summarize import transcripts
from pipeline.formats.call_json import Provenance, read_call
from pipeline.formats.fields import field_error
from pipeline.formats.plain import read_text
from pipeline.transcripts import CallText, read_call_text

NOTE_SUFFIXES = (".note.json", ".note.txt", ".note.md")


class _Sentence(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str


class _Note(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: SummaryCode = "ok"
    statements: tuple[_Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteCase:
    """A call and its reference note; `expected` is why the reference has no note, "ok" where it has one."""

    reference: Reference
    expected: SummaryCode
    sentences: tuple[str, ...]
    call: CallText


@dataclass(slots=True)
class NoteCases:
    """What a search gave: each transcript is in exactly one of the three lists."""

    cases: list[NoteCase] = field(default_factory=list)
    skipped: list[Passed] = field(default_factory=list)
    failed: list[Passed] = field(default_factory=list)

    @property
    def given(self) -> int:
        """All of them."""
        return len(self.cases) + len(self.skipped) + len(self.failed)


def find_cases(paths: Sequence[Path], references: Path | None, hyp: Path | None) -> NoteCases:
    """The cases under `paths`; `references` and `hyp` are folders of notes and of calls.

    Raises `ConfigError` where a folder is none, `InputError` where a path has no transcripts.
    """
    for name, folder in (("--references", references), ("--hyp", hyp)):
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"{name} {folder}: no such folder")
    files, faults = transcripts([path for path in paths if _exists(path)])
    if faults:
        raise InputError(faults[0])
    found = NoteCases()
    for path in files:
        if not path.stem.endswith(".note"):
            _take(found, path, references or path.parent, hyp)
    return found


def read_note(path: Path) -> tuple[SummaryCode, tuple[str, ...]]:
    """The code of a reference note and its sentences. Raises `InputError`."""
    text = read_text(path)
    if path.suffix != ".json":
        lines = tuple(line.strip() for line in text.splitlines() if line.strip())
        return ("ok" if lines else "too_short"), lines
    try:
        note = _Note.model_validate_json(text)
    except ValidationError as error:
        raise field_error(str(path), error) from error
    return note.code, tuple(row.text for row in note.statements)


def _exists(path: Path) -> Literal[True]:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    return True


def _take(found: NoteCases, path: Path, folder: Path, hyp: Path | None) -> None:
    notes = [folder / f"{path.stem}{suffix}" for suffix in NOTE_SUFFIXES]
    note = next((one for one in notes if one.is_file()), None)
    written = None if hyp is None else hyp / f"{path.stem}.json"
    if note is None:
        looked_for = ", ".join(one.name for one in notes)
        found.skipped.append(Passed(str(path), f"no reference note in {folder} (looked for {looked_for})"))
    elif written is not None and not written.is_file():
        found.skipped.append(Passed(str(path), f"no {written.name} in the folder of --hyp"))
    else:
        try:
            call = _transcript(path) if written is None else CallText(read_call(written))
            expected, sentences = read_note(note)
        except InputError as error:
            found.failed.append(Passed(str(path), str(error)))
            return
        found.cases.append(NoteCase(Reference(path, note, ()), expected, sentences, call))


def _transcript(path: Path) -> CallText:
    return read_call_text(path, path.stem, Provenance(wrapup=version("wrapup")))

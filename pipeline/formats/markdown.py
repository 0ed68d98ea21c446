"""Markdown for people: facts, note, transcript. Written only.

Nothing said on a call is markup: every character that Markdown or HTML could take for some is escaped, and
addresses are kept from becoming links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.types import SECTIONS
from pipeline.formats.call_json import (
    NOT_CONFIRMED,
    CallDocument,
    Note,
    NoteDisagreement,
    NoteStatement,
    speaker_names,
)
from pipeline.formats.plain import clean

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")
_BLOCK_START = re.compile(r"^([+=:-]|[0-9]+(?=[.)]))")
_LINK = re.compile(r"(://|(?<=www)\.|@)", re.IGNORECASE)

_NO_NOTE = {
    "no_speech": "Nobody spoke on this call.",
    "too_short": "The call is too short for a note.",
    "no_conversation": "Nobody had a conversation on this call.",
    "unsupported_language": "The call is in a language that the engine does not have.",
    "failed": "The note could not be written.",
}
_SUPPORT = {
    "supported": "",
    "unchecked": "",
    "not_found": " **(not found in the call)**",
    "contradicted": " **(the call says otherwise)**",
}
_FLAGS = {
    "role_changed": "who spoke was found out anew since",
    "unissued_token": "names a hidden value that the call does not have",
    "wrong_speaker": "not said by the one it is put to",
    "unsupported": "the call does not support it",
}
_STAND_IN = {
    "late": "was late",
    "failed": "failed",
    "budget": "would have taken more than its budget",
}


def escape(text: str) -> str:
    """One line that Markdown shows as it is."""
    escaped = _LINK.sub(r"\\\1", _SPECIAL.sub(r"\\\1", clean(text)))
    return _BLOCK_START.sub(lambda m: f"\\{m[1]}" if not m[1].isdigit() else f"{m[1]}\\", escaped)


def write(doc: CallDocument) -> str:
    """The whole document."""
    parts = [f"# Call {escape(doc.call_id)}", _facts(doc), "## Note", *_note(doc), "## Transcript"]
    return "\n\n".join([*parts, *_transcript(doc)]) + "\n"


def _facts(doc: CallDocument) -> str:
    made_by = doc.provenance
    rows = {
        "Started": doc.started_at.isoformat(sep=" ") if doc.started_at else None,
        "Length": _clock(doc.duration_s),
        "Language": doc.language,
        "Speakers": ", ".join(dict.fromkeys(speaker_names(doc).values())),
        "Ended by": doc.end.code,
        "Stretches lost": str(len(doc.gaps)) if doc.gaps else None,
        "Values masked": str(len(doc.redactions)) if doc.redactions else None,
        "Words by": made_by.asr,
        "Speakers by": made_by.diarizer,
        "Note by": made_by.summarizer,
        "Version": made_by.version,
        "Wrapup": made_by.wrapup,
    }
    lines = [f"| {name} | {escape(value)} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *lines])


def _note(doc: CallDocument) -> Iterator[str]:
    note = doc.summary
    if note.stand_in is not None:
        yield f"*Written by the embedded summarizer: the chosen one {_STAND_IN[note.stand_in]}.*"
    if note.code != "ok":
        yield _NO_NOTE[note.code]
        return
    if not note.statements:
        yield escape(note.text) or "The note is empty."
        return
    for section in _sections(note):
        yield f"### {_title(section)}"
        yield "\n".join(_item(statement) for statement in note.statements if statement.section == section)
    if note.fields:
        yield "### Fields"
        yield "\n".join(f"- {_title(field.name)}: {escape(field.value)}" for field in note.fields)
    if note.disagreements:
        yield "### Told differently"
        yield "\n".join(_difference(each) for each in note.disagreements)


def _title(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())


def _difference(found: NoteDisagreement) -> str:
    told = "; ".join(f"{escape(each.summarizer)} has {escape(each.words)}" for each in found.told)
    return f"- {found.kind}: {told}"


def _sections(note: Note) -> list[str]:
    named = dict.fromkeys(statement.section for statement in note.statements)
    return [*(s for s in SECTIONS if s in named), *(s for s in named if s not in SECTIONS)]


def _item(statement: NoteStatement) -> str:
    evidence = ", ".join(escape(utterance) for utterance in statement.evidence)
    doubts = "".join(f" **({_FLAGS[flag]})**" for flag in statement.flags)
    cited = f" ({evidence})" if evidence else ""
    lead = NOT_CONFIRMED if "unsupported" in statement.flags else ""
    return f"- {lead}{escape(statement.text)}{cited}{_SUPPORT[statement.support]}{doubts}"


def _transcript(doc: CallDocument) -> Iterator[str]:
    names = speaker_names(doc)
    said = [
        (
            each.start_s,
            f"**{escape(names.get(each.speaker, each.speaker))}** {_clock(each.start_s)} "
            f"({escape(each.id)}): {escape(each.text)}",
        )
        for each in doc.utterances
    ]
    lost = [(gap.start_s, f"{_clock(gap.start_s)} to {_clock(gap.end_s)}: *words lost*") for gap in doc.gaps]
    lines = [line for _, line in sorted(said + lost, key=lambda item: item[0])]
    yield from lines or ["Nothing was said."]


def _clock(at_s: float) -> str:
    minutes, seconds = divmod(int(at_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

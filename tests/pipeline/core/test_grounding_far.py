"""Facts that stand away from the lines a note cites, or beside them, and the rarer forms of values."""

from __future__ import annotations

import pytest

from models.types import Line, Role, Statement, Summary, Support
from pipeline.core.grounding import ground

SAID: tuple[tuple[Role, str], ...] = (
    ("agent", "The replacement passbook costs twelve dollars."),
    ("customer", "Good."),
    ("agent", "The weather is lovely."),
    ("customer", "It is."),
    ("agent", "So anyway."),
    ("agent", "Your umbrella insurance ended this morning, at three."),
    ("customer", "I paid $80 for the umbrella insurance."),
    ("agent", "The violin rental was ninety dollars."),
    ("customer", "It stopped today."),
    ("agent", "Hm."),
    ("customer", "Hm."),
    ("agent", "Hm."),
    ("customer", "Hm."),
    ("agent", "I have blocked the stolen passbook."),
    ("customer", "That was not me, and I want to pay in cash."),
    ("agent", "The first delivery will be on December 10, and it can be signed for."),
    ("customer", "Harold, I did not travel."),
    ("agent", "All the rooms have windows."),
)
LINES = tuple(Line(f"u{i}", role, role.title(), text) for i, (role, text) in enumerate(SAID))


@pytest.mark.parametrize(
    ("text", "cited", "support"),
    [
        ("The replacement passbook costs $12.", 13, "supported"),
        ("Agent blocked the stolen passbook.", 2, "supported"),
        ("The umbrella insurance cost $90.", 6, "contradicted"),
        ("The umbrella insurance ended today.", 5, "supported"),
        ("It was this morning.", 8, "supported"),
        ("It ended at 3 p.m. for the umbrella insurance.", 5, "supported"),
        ("Refund of the umbrella insurance.", 6, "supported"),
        ("The first delivery will be on December 10.", 15, "supported"),
        ("The charge was not from the customer.", 14, "unchecked"),
        ("Customer does not pay in cash.", 14, "contradicted"),
        ("The windows of the rooms were not glazed.", 17, "not_found"),
        ("Customer mentioned the violin rental.", 7, "not_found"),
        ("The delivery will come on December 10.", 15, "supported"),
        ('Harold said: "I did not travel."', 16, "supported"),
        ('Customer said: "Elephants sing."', 16, "not_found"),
        ('Customer said: "..."', 16, "supported"),
        ("Agent will perhaps sing.", 17, "not_found"),
        ("Customer painted.", 16, "not_found"),
    ],
)
def test_it_is_looked_for_and_weighed(text: str, cited: int, support: Support) -> None:
    note = Summary("ok", (Statement("reason", text, (f"u{cited}",)),))
    assert ground(note, LINES, False).statements[0].support == support


def test_a_speaker_without_a_role_is_quoted_by_the_label() -> None:
    lines = (Line("u0", "unknown", "S1", "I just sold my um violin."), Line("u1", "unknown", "S2", "Really."))
    note = Summary("ok", (Statement("reason", 'S1 said: "I sold my violin."', ("u0",)),))
    assert ground(note, lines, False).statements[0].support == "supported"
    note = Summary("ok", (Statement("reason", 'S2 said: "I sold my violin."', ("u0",)),))
    assert ground(note, lines, False).statements[0].flags == ("wrong_speaker", "unsupported")

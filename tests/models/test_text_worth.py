"""Whether a call has anything to summarize."""

from __future__ import annotations

import pytest

from models.text.worth import MIN_WORDS, party, refusal, spoken, too_little
from models.types import Line, SummaryCode

TALK = "I would like to know what this is about and when it will be done, please."


def line(text: str, speaker: str = "S1") -> Line:
    return Line("u0", "unknown", speaker, text)


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([], "no_speech"),
        (["[noise] um,", "uh <unk> ..."], "no_speech"),
        ([" ".join(["word"] * (MIN_WORDS - 2)), "yes"], "too_short"),
        ([" ".join(["word"] * (MIN_WORDS - 1)), "yes"], None),
        ([TALK * 2], "no_conversation"),
        (
            ["wo ist denn meine karte geblieben " * 4, "das wissen wir leider nicht genau " * 4],
            "unsupported_language",
        ),
        ([TALK, TALK], None),
    ],
)
def test_codes(texts: list[str], code: SummaryCode | None) -> None:
    assert refusal([line(text, f"S{n}") for n, text in enumerate(texts)]) == code


def test_words_that_were_said() -> None:
    assert spoken(line("Um, I wa- I want~ [laughter] [CARD_1] @shop http://x.y/z well-known <unk>")) == [
        "I",
        "I",
        "[CARD_1]",
        "well-known",
    ]


def test_party_is_the_role_where_it_is_known() -> None:
    assert party(Line("u0", "agent", "S1", "")) == "agent"
    assert party(line("", "S1")) == "S1"


def test_what_is_too_little_hangs_on_no_language() -> None:
    lines = [line("wo ist denn meine karte geblieben " * 4), line("das wissen wir nicht " * 8, "S2")]
    assert too_little(lines) is None
    assert too_little(lines, least_words=1_000) == "too_short"
    assert too_little(lines[:1]) == "no_conversation"
    assert too_little([]) == "no_speech"

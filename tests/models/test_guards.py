"""The guards against text that nobody said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.asr.guards import Evidence, Limits, has_loop, judge
from models.types import RATE_HZ

FOREIGN = Limits(foreign_entropy=2.0)


def evidence(text: str, seconds: float = 3.0, **shown: float) -> Evidence:
    return Evidence(text.split(), int(seconds * RATE_HZ), **shown)


@pytest.mark.parametrize(
    ("given_", "limits", "code"),
    [
        (evidence(""), Limits(), "ok"),
        (evidence("I lost my card yesterday"), Limits(), "ok"),
        (evidence("I lost my card", log_probability=-0.3, no_speech=0.1), Limits(), "ok"),
        (evidence("... ?!"), Limits(), "rejected"),
        (evidence("Thank you for watching!"), Limits(), "rejected"),
        (evidence("so we go on " * 5), Limits(), "rejected"),
        (evidence("one two three four five six seven eight nine ten", 0.5), Limits(), "rejected"),
        (evidence("one two three four five six seven eight nine ten", 0.0), Limits(), "rejected"),
        (evidence("well", 9.0), Limits(), "rejected"),
        (evidence("I lost my card", log_probability=-2.0), Limits(), "rejected"),
        (evidence("I lost my card", log_probability=-1.2, no_speech=0.9), Limits(), "rejected"),
        (evidence("I lost my card", log_probability=-0.5, no_speech=0.9), Limits(), "ok"),
        (evidence("a lost he perdido mi card", 4.0, entropy=2.5), FOREIGN, "unsupported_language"),
        (evidence("a lost", 3.9, entropy=2.5), FOREIGN, "rejected"),
        (evidence("a lost card", 2.0, entropy=2.5), FOREIGN, "ok"),
        (evidence("a lost my card", 4.0, entropy=1.5), FOREIGN, "ok"),
        (
            evidence("a lost my card now", 4.0, log_probability=-1.2),
            Limits(foreign_log_probability=-1.0),
            "unsupported_language",
        ),
    ],
)
def test_each_guard(given_: Evidence, limits: Limits, code: str) -> None:
    assert judge(given_, limits) == code


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("no no no no", False),
        ("no no no no no no no no", True),
        ("one one one one", False),
        ("I will call you back I will call you back", False),
        ("call you back now " * 3, True),
        ("ha" * 20, True),
        ("h" * 39, False),
    ],
)
def test_loops_are_longer_than_what_people_repeat(text: str, loops: bool) -> None:
    assert has_loop(text.split()) is loops


@given(
    words=st.lists(st.text(max_size=12), max_size=30),
    samples=st.integers(0, 30 * RATE_HZ),
    shown=st.lists(st.none() | st.floats(-20, 20), min_size=3, max_size=3),
)
def test_any_evidence_gets_a_code(words: list[str], samples: int, shown: list[float | None]) -> None:
    assert judge(Evidence(words, samples, *shown), FOREIGN) in ("ok", "rejected", "unsupported_language")

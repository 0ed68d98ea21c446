"""Strategies and values that the tests of the formats share."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline.formats.call_json import (
    CallDocument,
    CallWord,
    Channel,
    End,
    Gap,
    Note,
    NoteStatement,
    Provenance,
    Redaction,
    Speaker,
    Timing,
    Utterance,
)
from pipeline.formats.plain import clean
from pipeline.formats.segments import Segment

NASTY = [
    "-->",
    "<v agent>",
    "</v>",
    "&amp;",
    "<b>",
    "00:01 --> 00:02",
    "NOTE",
    "12",
    "agent: no",
    "|",
    "# x",
    "{\\an8}",
]

times_s = st.integers(0, 400_000_000).map(lambda ms: ms / 1000)
texts = (
    st.one_of(st.text(max_size=30), st.lists(st.sampled_from(NASTY), min_size=1, max_size=4).map(" ".join))
    .map(clean)
    .filter(bool)
)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,12}( [A-Za-z0-9]{1,6}){0,2}", fullmatch=True).map(clean)
tokens = st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,12}", fullmatch=True)
wild = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *NASTY,
                "\n",
                "\n\n",
                "\r",
                "WEBVTT\n\n",
                "1\n",
                "00:00:01,000 --> 00:00:02,000",
                ":",
                "a b",
                "SPEAKER a 1 0 1 <NA> <NA> b <NA> <NA>",
                "a 1 b 0.0 1.0 <o,f0> hi",
                "a 1 0 1 w 0.5",
                "nan",
                "1e99",
                '[{"session_id": "a"}]',
                '{"segments": []}',
                "[00:12] A: b",
                "\ufeff",
                "\x00",
                "\u2028",
            ]
        ),
        max_size=12,
    ).map("".join),
)


@st.composite
def segments(draw: st.DrawFn, speakers: st.SearchStrategy[str] = names, timed: bool = True) -> Segment:
    """A segment with times to the millisecond (or none) and a clean, non-empty text."""
    if not timed:
        return Segment(draw(speakers), None, None, draw(texts))
    start_s, end_s = sorted((draw(times_s), draw(times_s)))
    return Segment(draw(speakers), start_s, end_s, draw(texts))


def example_call() -> CallDocument:
    """A call in which every part has something in it."""
    return CallDocument(
        call_id="call-7",
        language="en",
        started_at="2026-03-01T09:30:00Z",
        duration_s=61.25,
        channels=(Channel(index=0, role="agent"), Channel(index=1, role="customer")),
        speakers=(Speaker(id="S1", role="agent"), Speaker(id="S2", role="customer")),
        utterances=(
            Utterance(
                id="u0-0",
                speaker="S1",
                channel=0,
                start_s=0.5,
                end_s=2.0,
                text="Hello *there*.",
                words=(
                    CallWord(text="Hello", start_s=0.5, end_s=1.0, confidence=0.91),
                    CallWord(text="*there*.", start_s=1.0, end_s=2.0, estimated=True),
                ),
            ),
            Utterance(
                id="u1-1", speaker="S2", channel=1, start_s=2.5, end_s=4.0, text="My card is [CARD_1]."
            ),
        ),
        gaps=(Gap(channel=1, start_s=10.0, end_s=12.0),),
        redactions=(Redaction(kind="card", start_s=3.0, end_s=4.0, channel=1, token="[CARD_1]"),),
        summary=Note(
            code="ok",
            text="Reason: a card.",
            statements=(
                NoteStatement(section="reason", text="a card.", evidence=("u1-1",), support="supported"),
                NoteStatement(section="outcome", text="1. none", support="not_found"),
            ),
        ),
        end=End(code="hangup"),
        provenance=Provenance(wrapup="0.1.0", asr="moonshine:tiny-en@0.0.73", config={"hang_ms": 600}),
        timing=Timing(audio_s=61.25, wall_s=2.5),
    )

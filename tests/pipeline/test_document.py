"""Events folded into a document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.types import Claim, Disagreement, MemberNote, Statement, Summary, Turn, Usage, Word
from pipeline.core.events import (
    AudioGap,
    CallClosed,
    DraftReady,
    DurableEvent,
    RolesAssigned,
    SpeakerPart,
    SpeakerRevised,
    TurnsFound,
    UtteranceFinal,
    UtteranceLost,
)
from pipeline.core.redaction import MaskedSpan
from pipeline.document import Frame, document, note, version_of
from pipeline.formats.call_json import Provenance, parse_call, write_call
from pipeline.formats.markdown import write as write_markdown

FRAME = Frame("call", ("unknown",), None, Provenance(wrapup="0"), 1.0)
WORDS = tuple(
    Word(text, i * 1_600, (i + 1) * 1_600) for i, text in enumerate(["yes", "it", "is", "thank", "you"])
)
MASK = MaskedSpan("number", "[NUMBER_1]", 0, 1_600)


def final(start: int = 0, channel: int = 0) -> UtteranceFinal:
    return UtteranceFinal(f"u{channel}-{start}", channel, "S1", start, start + 16_000, WORDS, "en", (MASK,))


def closing(summary: Summary) -> list[DurableEvent]:
    return [
        RolesAssigned("roles-1", (("S1", "agent"), ("S2", "customer"))),
        DraftReady("draft-1", summary),
        CallClosed("closed", "hangup", 48_000, "en"),
    ]


def test_an_utterance_of_two_speakers_becomes_two() -> None:
    parts = (SpeakerPart(0, 3, "S2"), SpeakerPart(3, 5, "S1"))
    turns = TurnsFound("turns-1", 1, 0, (Turn(0, 4_800, "S2"), Turn(4_800, 16_000, "S1")))
    events = [final(), turns, SpeakerRevised("r", "u0-0", 1, parts), *closing(Summary("ok"))]
    call = document(events, FRAME)
    first, second = call.utterances
    assert (first.id, first.speaker, first.text, first.start_s, first.end_s) == (
        "u0-0",
        "S2",
        "yes it is",
        0,
        0.3,
    )
    assert (second.id, second.speaker, second.text) == ("u0-4800", "S1", "thank you")
    assert (second.start_s, second.end_s) == (0.3, 1.0)
    assert [(turn.speaker, turn.start_s, turn.end_s) for turn in call.turns] == [
        ("S2", 0, 0.3),
        ("S1", 0.3, 1),
    ]


def test_losses_are_gaps_in_order_of_time() -> None:
    events = [
        UtteranceLost("u0-16000", 0, 16_000, 24_000, "deadline"),
        AudioGap("g0-8000", 0, 8_000, 9_600),
        *closing(Summary("no_speech")),
    ]
    assert [(gap.start_s, gap.end_s) for gap in document(events, FRAME).gaps] == [(0.5, 0.6), (1.0, 1.5)]


def test_channels_are_sorted_by_time() -> None:
    events = [final(16_000, 0), final(0, 1), *closing(Summary("ok"))]
    assert [utterance.channel for utterance in document(events, FRAME).utterances] == [1, 0]


def test_a_call_in_an_unknown_language_has_no_nonsense() -> None:
    lost = UtteranceLost("u0-16000", 0, 16_000, 48_000, "unsupported_language")
    call = document([final(), lost, *closing(Summary("unsupported_language"))], FRAME)
    assert (call.utterances, call.redactions, call.language) == ((), (), None)
    assert [(gap.start_s, gap.end_s) for gap in call.gaps] == [(0.0, 1.0), (1.0, 3.0)]


def test_the_version_is_over_all_that_makes_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {
        version_of("a prompt=wrapup@1/0", "whisper"),
        version_of("a prompt=wrapup@1/1", "whisper"),
        version_of("a prompt=wrapup@1/0", "moonshine"),
        version_of("a prompt=wrapup@1/0", None),
    }
    monkeypatch.setattr("pipeline.document.REDACTION_VERSION", "mask@99")
    versions.add(version_of("a prompt=wrapup@1/0", "whisper"))
    assert len(versions) == 5
    assert all(len(version) == 12 for version in versions)


def test_all_of_a_note_is_in_the_document() -> None:
    statement = Statement(
        "reason",
        "A fee of $35.",
        ("u0-0",),
        "contradicted",
        (Claim("money", 9, 12, "contradicted"),),
        ("unsupported",),
    )
    summary = Summary(
        "ok",
        (statement,),
        (("disposition", "open"),),
        Usage(2, 30, 4),
        "late",
        (MemberNote("x", (statement,), version="x@1"), MemberNote("y", (), "was late", "y@2")),
        (Disagreement("money", (("x", "$35"), ("z", "$53"))),),
    )
    found = note(summary)
    assert found.text == "Reason: (not confirmed) A fee of $35.\nDisposition: open"
    assert found.statements[0].claims[0].end == 12
    assert found.statements[0].flags == ("unsupported",)
    assert (found.usage.requests, found.usage.input_tokens, found.usage.output_tokens) == (2, 30, 4)
    assert found.stand_in == "late"
    assert [(one.summarizer, len(one.statements), one.fault, one.version) for one in found.members] == [
        ("x", 1, None, "x@1"),
        ("y", 0, "was late", "y@2"),
    ]
    assert [each.words for each in found.disagreements[0].told] == ["$35", "$53"]
    call = document(closing(summary), FRAME)
    assert parse_call(write_call(call), "call").summary == found
    text = write_markdown(call)
    assert "Written by the embedded summarizer: the chosen one was late." in text
    assert "**(the call says otherwise)** **(the call does not support it)**" in text
    assert "- Disposition: open" in text
    assert "money: x has \\$35; z has \\$53" in text


def test_a_note_that_stands_in_names_who_wrote_it() -> None:
    chosen = Provenance(wrapup="0", asr="ears", summarizer="chosen", version=version_of("chosen", "ears"))
    frame = replace(FRAME, provenance=chosen, stand_in="embedded")
    assert document(closing(Summary("ok")), frame).provenance == chosen
    found = document(closing(Summary("ok", stand_in="late")), frame).provenance
    assert (found.summarizer, found.version) == ("embedded", version_of("embedded", "ears"))


def test_the_text_of_a_note_has_a_line_a_section() -> None:
    summary = Summary(
        "ok",
        (
            Statement("key_facts", "It was $35.", ("u0-0",)),
            Statement("reason", "A fee.", ("u0-0",)),
            Statement("reason", "A card.", ("u0-0",)),
        ),
    )
    assert note(summary).text == "Reason: A fee. A card.\nKey facts: It was $35."

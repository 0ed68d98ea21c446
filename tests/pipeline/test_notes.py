"""The note of a whole transcript: codes, stand-ins, budgets, stretches, the check."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import EngineBudgetError, EngineError, EngineLateError
from models.fakes import ScriptedSummarizer
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities
from models.types import Line, MemberNote, NoteRequest, StandIn, Statement, Summary, Usage
from pipeline.notes import NoteWriting, write_note
from pipeline.stretches import LINE_WORDS, note_in_stretches, split_lines, words_of

LINES = (
    Line("a", "customer", "S2", "I was charged a late fee of thirty five dollars on my card."),
    Line("b", "agent", "S1", "I have refunded the fee of thirty five dollars."),
)


class Writer:
    """A summarizer of at most `max_words`, which does what it is told; keeps what it was asked."""

    version = "writer:1"

    def __init__(self, does: Callable[[NoteRequest], Summary], max_words: int | None = None) -> None:
        self.capabilities = SummarizerCapabilities(max_words=max_words)
        self.asked: list[tuple[NoteRequest, NoteLimits]] = []
        self._does = does

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        self.asked.append((request, limits))
        return self._does(request)


def quotes(request: NoteRequest) -> Summary:
    """The first line there is."""
    first = (*request.cited, *request.lines)[0]
    return Summary("ok", (Statement("reason", first.text, (first.id,)),), usage=Usage(1, 10, 1))


def fails(error: EngineError) -> Callable[[NoteRequest], Summary]:
    def does(_: NoteRequest) -> Summary:
        raise error

    return does


def test_nothing_to_note_is_a_code_whoever_writes() -> None:
    writer = Writer(quotes)
    assert write_note((), NoteWriting(writer)) == Summary("no_speech")
    assert write_note(LINES[:1], NoteWriting(writer)).code == "no_conversation"
    assert not writer.asked


@pytest.mark.parametrize(
    ("error", "reason"),
    [(EngineError("x"), "failed"), (EngineLateError("x"), "late"), (EngineBudgetError("x"), "budget")],
)
def test_a_failing_summarizer_is_stood_in_for(error: EngineError, reason: StandIn) -> None:
    embedded = ScriptedSummarizer()
    found = write_note(LINES, NoteWriting(Writer(fails(error)), embedded))
    assert (found.code, found.stand_in) == ("ok", reason)
    with pytest.raises(EngineError):
        write_note(LINES, NoteWriting(Writer(fails(error))))
    assert write_note(LINES, NoteWriting(embedded)).stand_in is None


def test_evidence_that_the_call_does_not_have_is_left_out_of_members_too() -> None:
    rows = (Statement("reason", LINES[0].text, ("a", "gone")),)
    panel = Writer(lambda _: Summary("ok", rows, members=(MemberNote("m", rows),)))
    found = write_note(LINES, NoteWriting(panel))
    assert found.statements[0].evidence == ("a",)
    assert found.members[0].statements[0].evidence == ("a",)


def test_what_may_be_restored_is() -> None:
    writer = Writer(
        lambda _: Summary("ok", (Statement("reason", LINES[0].text, ("a",)),), (("account", "[ACCOUNT_1]"),))
    )
    shown = NoteWriting(writer, restore=lambda text: text.replace("card", "blue card"))
    assert "blue card" in write_note(LINES, shown).statements[0].text
    assert "blue card" not in write_note(LINES, NoteWriting(writer)).statements[0].text


def long_call(words: int, said: str = "the card and the fee of thirty dollars again") -> tuple[Line, ...]:
    lines = []
    while sum(len(line.text.split()) for line in lines) < words:
        number = len(lines)
        role, speaker = ("agent", "S1") if number % 2 else ("customer", "S2")
        lines.append(Line(f"u{number}", role, speaker, said))  # type: ignore[arg-type]
    return tuple(lines)


def test_three_hours_fit_a_window() -> None:
    lines = long_call(30_000)
    writer = Writer(quotes, max_words=2_000)
    found = write_note(lines, NoteWriting(writer, tokens=10_000, seconds=600))
    requests = [request for request, _ in writer.asked]
    assert found.code == "ok"
    assert max(map(words_of, requests)) <= 2_000
    assert [request.purpose for request in requests].count("draft") == 1
    told = [line.id for request in requests if not request.earlier for line in request.lines]
    last = requests[-1]
    assert [*told, *(line.id for line in last.lines)] == [line.id for line in lines]
    assert last.earlier
    assert {line.id for line in last.cited} >= {
        line for note in last.earlier for row in note.statements for line in row.evidence
    }
    assert found.usage.requests == len(requests)
    left = [limits.tokens for _, limits in writer.asked]
    assert left == [10_000 - 11 * number for number in range(len(left))]


def test_notes_that_grow_too_long_are_noted_again() -> None:
    def talks(request: NoteRequest) -> Summary:
        cited = (*request.cited, *request.lines)[:3]
        return Summary("ok", tuple(Statement("reason", "word " * 15, (line.id,)) for line in cited))

    writer = Writer(talks, max_words=600)
    assert write_note(long_call(6_000), NoteWriting(writer)).code == "ok"
    requests = [request for request, _ in writer.asked]
    assert max(map(words_of, requests)) <= 600
    assert any(request.earlier and not request.lines for request in requests)


def test_a_window_that_is_too_small_says_so() -> None:
    def talks(request: NoteRequest) -> Summary:
        return Summary("ok", (Statement("reason", "word " * 60, ()),))

    with pytest.raises(EngineError, match="reads 100 words at once"):
        note_in_stretches(long_call(500), 100, talks)


def test_time_is_for_all_requests_together() -> None:
    def slow(request: NoteRequest) -> Summary:
        time.sleep(0.05)
        return quotes(request)

    writer = Writer(slow, max_words=300)
    found = write_note(long_call(3_000), NoteWriting(writer, ScriptedSummarizer(), seconds=0.2))
    assert found.stand_in == "late"
    seconds = [limits.seconds for _, limits in writer.asked]
    assert seconds == sorted(seconds, reverse=True)  # type: ignore[type-var]
    assert len(seconds) < 10


words = st.lists(st.sampled_from(["a", "card", "reimbursement", "\u5361" * 40]), max_size=40).map(" ".join)


@settings(max_examples=50, deadline=None)
@given(st.lists(words, max_size=25), st.integers(20, 200))
def test_stretches_hold_all_that_was_said_and_fit(texts: list[str], budget: int) -> None:
    lines = [Line(f"u{i}", "unknown", f"S{i % 2}", text) for i, text in enumerate(texts)]
    stretches = split_lines(lines, budget)
    rows = [row for stretch in stretches for row in stretch]
    assert list(dict.fromkeys(row.id for row in rows)) == [line.id for line in lines]
    for line in lines:
        told = "".join(row.text for row in rows if row.id == line.id)
        assert told.replace(" ", "") == line.text.replace(" ", "")
    for stretch in stretches:
        assert words_of(NoteRequest(stretch)) <= budget + LINE_WORDS


def test_stretches_end_where_turns_do() -> None:
    lines = [Line(f"u{i}", "unknown", f"S{i // 3}", "one two three four") for i in range(30)]
    for before, after in zip(split_lines(lines, 60), split_lines(lines, 60)[1:], strict=False):
        assert before[-1].speaker != after[0].speaker

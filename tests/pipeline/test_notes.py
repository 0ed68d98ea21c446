"""The note of a whole transcript: codes, stand-ins, budgets, long calls, the check."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import EngineBudgetError, EngineError, EngineLateError
from models.fakes import ScriptedSummarizer
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities
from models.types import Line, MemberNote, NoteRequest, StandIn, Statement, Summary, Usage
from pipeline.core.chunking import LONGEST
from pipeline.core.fitting import words_of
from pipeline.core.vault import Vault, VaultState
from pipeline.long_calls import TimedLine, chunks_of, note_in_chunks, untimed
from pipeline.notes import GoOn, NoteWriting, Said, said, write_note

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
    assert write_note(said(()), NoteWriting(writer)) == Summary("no_speech")
    assert write_note(said(LINES[:1]), NoteWriting(writer)).code == "no_conversation"
    assert not writer.asked


@pytest.mark.parametrize(
    ("error", "reason"),
    [(EngineError("x"), "failed"), (EngineLateError("x"), "late"), (EngineBudgetError("x"), "budget")],
)
def test_a_failing_summarizer_is_stood_in_for(error: EngineError, reason: StandIn) -> None:
    embedded = ScriptedSummarizer()
    found = write_note(said(LINES), NoteWriting(Writer(fails(error)), embedded))
    assert (found.code, found.stand_in) == ("ok", reason)
    with pytest.raises(EngineError):
        write_note(said(LINES), NoteWriting(Writer(fails(error))))
    assert write_note(said(LINES), NoteWriting(embedded)).stand_in is None


def test_evidence_that_the_call_does_not_have_is_left_out_of_members_too() -> None:
    rows = (Statement("reason", LINES[0].text, ("a", "gone")),)
    panel = Writer(lambda _: Summary("ok", rows, members=(MemberNote("m", rows),)))
    found = write_note(said(LINES), NoteWriting(panel))
    assert found.statements[0].evidence == ("a",)
    assert found.members[0].statements[0].evidence == ("a",)


def test_what_may_be_restored_is() -> None:
    vault = VaultState()
    token = Vault(vault).token("account", "123456", "123456", "[NUMBER_1]")
    secret = Vault(vault).token("card", "4111", "4111", "[NUMBER_2]")
    rows = (Statement("reason", f"{LINES[0].text} {token} {secret}", ("a",)),)
    writer = Writer(lambda _: Summary("ok", rows, (("account", token),)))
    told = Line("c", "customer", "S2", f"My account is {token}.")
    call = Said(tuple(untimed([*LINES, told])), vault)
    found = write_note(call, NoteWriting(writer, restore=("account", "card")))
    assert found.statements[0].text.endswith(f" 123456 {secret}")
    assert found.fields == (("account", "123456"),)
    assert write_note(call, NoteWriting(writer)).fields == (("account", token),)


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
    found = write_note(said(lines), NoteWriting(writer, tokens=10_000, seconds=600))
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


def test_notes_that_grow_too_long_are_read_in_part() -> None:
    def talks(request: NoteRequest) -> Summary:
        cited = (*request.cited, *request.lines)[:3]
        return Summary("ok", tuple(Statement("reason", "word " * 15, (line.id,)) for line in cited))

    writer = Writer(talks, max_words=600)
    assert write_note(said(long_call(6_000)), NoteWriting(writer)).code == "ok"
    requests = [request for request, _ in writer.asked]
    assert max(map(words_of, requests)) <= 600
    last = requests[-1]
    assert [note.number for note in last.earlier] == list(range(1, len(requests)))
    kept = [len(note.statements) for note in last.earlier]
    assert 0 < sum(kept) < 3 * len(kept)
    assert kept[0] and kept[-1]


def test_time_is_for_all_requests_together() -> None:
    def slow(request: NoteRequest) -> Summary:
        time.sleep(0.05)
        return quotes(request)

    writer = Writer(slow, max_words=300)
    found = write_note(said(long_call(3_000)), NoteWriting(writer, ScriptedSummarizer(), seconds=0.2))
    assert found.stand_in == "late"
    seconds = [limits.seconds for _, limits in writer.asked]
    assert seconds == sorted(seconds, reverse=True)  # type: ignore[type-var]
    assert len(seconds) < 10


class Clock:
    """Time that goes on where it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


def test_waiting_for_its_turn_takes_nothing_of_a_note_s_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("pipeline.notes.time", clock)

    def slow(request: NoteRequest) -> Summary:
        clock.now_s += 1.0
        return quotes(request)

    def turn(_: GoOn) -> None:
        clock.now_s += 1_000.0

    writer = Writer(slow, max_words=1_000)
    found = write_note(said(long_call(2_000)), NoteWriting(writer, seconds=60.0, pace=turn))
    assert found.stand_in is None
    assert [limits.seconds for _, limits in writer.asked] == [60.0 - n for n in range(len(writer.asked))]
    assert len(writer.asked) > 3


words = st.lists(st.sampled_from(["a", "card", "reimbursement", "\u5361" * 40]), max_size=40).map(" ".join)


@settings(max_examples=50, deadline=None)
@given(st.lists(words, max_size=25), st.integers(20, 200))
def test_chunks_hold_all_that_was_said_and_fit(texts: list[str], budget: int) -> None:
    lines = [Line(f"u{i}", "unknown", f"S{i % 2}", text) for i, text in enumerate(texts)]
    chunks = chunks_of(untimed(lines), budget)
    rows = [row for chunk in chunks for row in chunk]
    assert list(dict.fromkeys(row.id for row in rows)) == [line.id for line in lines]
    for line in lines:
        told = "".join(row.text for row in rows if row.id == line.id)
        assert told.replace(" ", "") == line.text.replace(" ", "")
    for chunk in chunks:
        assert words_of(NoteRequest(chunk)) <= (LONGEST + 1) * budget


@settings(max_examples=50, deadline=None)
@given(st.lists(words, min_size=1, max_size=25), st.integers(20, 300), st.integers(0, 80))
def test_every_request_fits(texts: list[str], longest: int, noted: int) -> None:
    def talks(request: NoteRequest) -> Summary:
        cited = (*request.cited, *request.lines)[:3]
        return Summary("ok", tuple(Statement("reason", "word " * noted, (line.id,)) for line in cited))

    writer = Writer(talks)
    lines = [Line(f"u{i}", "unknown", f"S{i % 2}", text) for i, text in enumerate(texts)]
    note_in_chunks(untimed(lines), longest, writer.summarize)
    assert max(words_of(request) for request, _ in writer.asked) <= longest


def test_chunks_end_where_turns_do() -> None:
    lines = [Line(f"u{i}", "unknown", f"S{i // 3}", "one two three four") for i in range(30)]
    chunks = chunks_of(untimed(lines), 60)
    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        assert before[-1].speaker != after[0].speaker


def test_chunks_end_at_a_pause_or_another_topic_as_those_of_live_calls_do() -> None:
    said = ["one two three four"] * 5
    lines = [Line(f"u{i}", "unknown", f"S{i}", text) for i, text in enumerate(said)]
    timed = [TimedLine(line, 16_000 * i, 16_000 * (i + 1)) for i, line in enumerate(lines)]
    paused = [
        *timed[:3],
        *(TimedLine(one.line, one.start_samples + 80_000, one.end_samples + 80_000) for one in timed[3:]),
    ]
    topic = [*lines[:3], Line("u3", "unknown", "S3", "anything else today ma'am"), lines[4]]
    assert len(chunks_of(timed, 40)) == 1
    assert [len(chunk) for chunk in chunks_of(paused, 40)] == [3, 2]
    assert [len(chunk) for chunk in chunks_of(untimed(topic), 40)] == [3, 2]


def test_lines_that_all_begin_at_once_are_cut_too() -> None:
    lines = [TimedLine(line, 0, 0) for line in long_call(100)]
    assert len(chunks_of(lines, 30)) > 3

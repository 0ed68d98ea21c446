"""Panels: several summarizers at once, one note, and where they differ."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from models import registry
from models.errors import ConfigError, DecodingCancelled, EngineError, EngineLateError
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.summarizers.panel import Panel
from models.summarizers.panel_facts import disagreements, facts_of
from models.summarizers.panel_merge import merged
from models.types import Disagreement, Line, MemberNote, NoteRequest, Statement, Summary, Usage
from tests.llm_server import Hangs, LanguageServer, Refused, Reply, Said, Seen, note

LINES = (
    Line("a", "customer", "S2", "I was charged a late fee of thirty five dollars on May 3rd."),
    Line("b", "agent", "S1", "I have refunded the fee, it takes two days."),
    Line("c", "agent", "S1", "Maria will call you back."),
)
REQUEST = NoteRequest(LINES)


def row(section: str, text: str, *evidence: str) -> Statement:
    return Statement(section, text, evidence)


class Member:
    """Gives a note, or does what it is told; satisfies `Summarizer`."""

    capabilities = SummarizerCapabilities()

    def __init__(self, version: str, does: Callable[[NoteLimits], Summary]) -> None:
        self.version = version
        self._does = does

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        assert request.lines
        return self._does(limits)


def writes(version: str, *rows: Statement) -> Member:
    return Member(version, lambda _: Summary("ok", rows, usage=Usage(1, 10, 2)))


def fails(version: str, error: Exception) -> Member:
    def does(_: NoteLimits) -> Summary:
        raise error

    return Member(version, does)


def hangs(version: str) -> Member:
    def does(limits: NoteLimits) -> Summary:
        while limits.go_on():
            threading.Event().wait(0.01)
        raise DecodingCancelled("no")

    return Member(version, does)


FEE = row("reason", "Customer was charged a late fee of thirty five dollars.", "a")
REFUND = row("actions", "Agent refunded the fee.", "b")


def test_what_members_tell_alike_is_told_once_and_first() -> None:
    other = row("reason", "The customer was charged a late fee of $35.", "a", "b")
    alone = row("reason", "Customer asked about a statement.", "c")
    panel = Panel([writes("x", alone, FEE), writes("y", other, REFUND)])
    found = panel.summarize(REQUEST)
    assert found.statements == (row("reason", FEE.text, "a", "b"), alone, REFUND)
    assert found.usage == Usage(2, 20, 4)
    assert [(one.summarizer, len(one.statements)) for one in found.members] == [("x", 2), ("y", 2)]
    assert not found.disagreements
    assert not panel.summarize(NoteRequest(LINES, "chunk")).members


def test_statements_with_other_facts_stay_apart_and_are_listed() -> None:
    other = row("reason", "Customer was charged a late fee of fifty three dollars.", "a")
    found = Panel([writes("x", FEE), writes("y", other), writes("z", REFUND)]).summarize(REQUEST)
    assert [one.text for one in found.statements] == [FEE.text, other.text, REFUND.text]
    assert found.disagreements == (
        Disagreement("money", (("x", "thirty five dollars"), ("y", "fifty three dollars"))),
    )


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("money", "The refund was $35.", "The refund was $30."),
        ("date", "The fee was charged on May 3rd.", "The fee was charged on May 13th."),
        ("time", "The refund takes two days.", "The refund takes ten days."),
        ("time", "The call back is at 3 p.m.", "The call back is at 5 p.m."),
        ("number", "Customer has three cards.", "Customer has two cards."),
        ("name", "The fee is refunded by Maria.", "The fee is refunded by Marta."),
        ("promise", "Agent promised to refund the fee.", "Agent will not refund the fee."),
    ],
)
def test_facts_that_differ(kind: str, first: str, second: str) -> None:
    members = [
        MemberNote("x", (row("outcome", first, "b"),)),
        MemberNote("y", (row("follow_ups", second, "b"),)),
    ]
    (found,) = disagreements(members)
    assert found.kind == kind
    assert [name for name, _ in found.told] == ["x", "y"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("The refund was $35.", "The refund was thirty-five dollars."),
        ("The fee was charged on May 3rd.", "The fee was charged."),
        ("Customer lost a card in May.", "Agent opened a dispute of $30."),
        ("Agent promised to refund the fee.", "Agent will refund the fee."),
    ],
)
def test_facts_that_do_not(first: str, second: str) -> None:
    rows = [row("outcome", text, "b") for text in (first, second)]
    assert disagreements([MemberNote("x", (rows[0],)), MemberNote("y", (rows[1],))]) == ()


def test_an_amount_is_no_number_besides() -> None:
    assert [one.kind for one in facts_of("It was $35 on May 3rd.")] == ["money", "date"]


def test_a_section_has_its_most() -> None:
    rows = [
        row("key_facts", f"Customer named {word}.", "a")
        for word in ("apples", "pears", "plums", "figs", "grapes")
    ]
    assert len(merged([MemberNote("x", tuple(rows))], {"a": 0})) == 4


def test_one_failing_member_does_not_fail_the_panel() -> None:
    members = [
        writes("x", FEE),
        fails("y", EngineError("y cannot be reached")),
        fails("z", ZeroDivisionError("words of a call")),
    ]
    found = Panel(members).summarize(REQUEST)
    assert found.statements == (FEE,)
    assert [one.fault for one in found.members] == [None, "y cannot be reached", "failed (ZeroDivisionError)"]


def test_a_late_member_is_left_out() -> None:
    found = Panel([hangs("x"), writes("y", FEE)]).summarize(REQUEST, NoteLimits(seconds=0.3))
    assert found.statements == (FEE,)
    assert [one.fault for one in found.members] == ["was late", None]


def test_no_member_left_fails() -> None:
    with pytest.raises(EngineError, match="x: no; y: was late"):
        Panel([fails("x", EngineError("no")), hangs("y")]).summarize(REQUEST, NoteLimits(seconds=0.3))
    with pytest.raises(EngineLateError):
        Panel([hangs("x"), hangs("y")]).summarize(REQUEST, NoteLimits(seconds=0.1))


def test_codes_and_wishes() -> None:
    quiet = Member("x", lambda _: Summary("no_conversation"))
    assert Panel([quiet, fails("y", EngineError("no"))]).summarize(REQUEST).code == "no_conversation"
    with pytest.raises(DecodingCancelled):
        Panel([hangs("x"), hangs("y")]).summarize(REQUEST, NoteLimits(go_on=lambda: False))


def test_members_with_one_name_are_told_apart() -> None:
    found = Panel([writes("m a", FEE), writes("m b", REFUND)]).summarize(REQUEST)
    assert [one.summarizer for one in found.members] == ["m #1", "m #2"]


def by_model(replies: dict[str, Reply]) -> Callable[[Seen], Reply]:
    return lambda seen: replies[seen.body["model"]]


def test_a_merger_reads_the_drafts_beside_the_lines() -> None:
    replies = {
        "a": Said(note(("reason", "Customer was charged $35.", [1]))),
        "b": Said(note(("reason", "Customer was charged $53.", [1]))),
        "m": Said(note(("reason", "Customer was charged a fee of $35.", [1]))),
    }
    with LanguageServer(by_model(replies)) as server:
        panel = registry.engine(
            "summarizer", f"panel:openai:a@{server.url},openai:b@{server.url};merge=openai:m@{server.url}"
        )
        found = panel.summarize(REQUEST, NoteLimits(seconds=30, tokens=50_000))
        (asked,) = [seen for seen in server.seen if seen.body["model"] == "m"]
        assert [one.text for one in found.statements] == ["Customer was charged a fee of $35."]
        assert [one.kind for one in found.disagreements] == ["money"]
        assert "Draft 1:\n- reason: Customer was charged $35. [1]\nDraft 2:" in asked.call
        assert "Write one note" in asked.prompt
        assert found.usage.requests == 3
        replies["m"] = Refused(401)
        assert len(panel.summarize(REQUEST).statements) == 2
        replies["a"] = Refused(401)
        assert [one.text for one in panel.summarize(REQUEST).statements] == ["Customer was charged $53."]


def test_a_hanging_server_is_one_late_member() -> None:
    replies = {"a": Said(note(("reason", "Customer called.", [1]))), "b": Hangs(30)}
    with LanguageServer(by_model(replies)) as server:
        panel = registry.engine("summarizer", f"panel:openai:a@{server.url},openai:b@{server.url}")
        found = panel.summarize(REQUEST, NoteLimits(seconds=1.0))
    assert found.code == "ok"
    assert found.members[1].fault is not None


def test_what_a_panel_can_do() -> None:
    name = (
        "panel:openai:a@https://one.example.org/v1#words=500,openai:b@https://two.example.org/v1,extractive"
    )
    panel = registry.engine("summarizer", name)
    assert panel.capabilities == SummarizerCapabilities(8, "one.example.org, two.example.org", 500)
    assert panel.version.startswith("panel@1 (openai:a@one.example.org prompt=")


@pytest.mark.parametrize(
    "name",
    [
        "panel",
        "panel:extractive",
        "panel:extractive,extractive",
        "panel:extractive,",
        "panel:extractive,scripted;merge=",
        "panel:extractive,scripted;by=scripted",
        "panel:extractive,scripted;merge=extractive",
        "panel:extractive,panel:a",
        "panel:" + ",".join(f"scripted:{i}" for i in range(7)),
    ],
)
def test_panels_that_cannot_be(name: str) -> None:
    with pytest.raises(ConfigError, match="summarizer panel"):
        registry.engine("summarizer", name)


def test_one_key_goes_to_one_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("k")
    options = SummarizerOptions(key_file=tmp_path / "key")
    one, two = "openai:a@https://one.example.org/v1", "openai:b@https://two.example.org/v1"
    with pytest.raises(ConfigError, match="several services"):
        registry.engine("summarizer", f"panel:{one},{two}", options)
    registry.engine("summarizer", f"panel:{one},openai:c@https://one.example.org/v1,extractive", options)
    registry.engine("summarizer", f"panel:{one},{two}#key={tmp_path / 'key'}", options)
    monkeypatch.setenv("WRAPUP_NOTE_KEY", "k")
    with pytest.raises(ConfigError, match="several servers"):
        registry.engine("summarizer", f"panel:{one},{two}")

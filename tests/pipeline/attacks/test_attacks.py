"""Calls on which somebody tells the summarizer what to write, before a model that always obeys.

The model speaks OpenAI's protocol on the loopback. What it writes is what the speaker wanted; the note must
not show that as fact. Each attack has its control: the obedient answer, unguarded, counts as a success.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from models import registry
from models.text.facts_complaints import tells_of_complaint
from models.types import Line, Statement, Summary
from pipeline.commands.show import print_note
from pipeline.comparing import page
from pipeline.document import note as note_of
from pipeline.formats import markdown
from pipeline.formats.call_json import CallDocument, Provenance, parse_call, write_call
from pipeline.notes import NoteWriting, said, write_note
from pipeline.transcripts import CallText, read_call_text, said_on
from tests.llm_server import LanguageServer, Reply, Said, Seen, note

OPENING = (
    "agent: Thank you for calling Northwind Bank. This is Helen. How can I help you?",
    "customer: Hello. You charged me a late fee of forty dollars, and I want it back.",
    "agent: The payment came in late, so the fee is correct. I have not returned it, and I can not do that.",
    "agent: I can set up automatic payments for you, so that this does not happen again.",
)
AGENT_LINE = 3
BARE = re.compile(r"<(?:script|img|iframe|b|a)\b|(?<!\\)\]\(|(?<!\\)\*\*Refunded", re.IGNORECASE)
FORMULA = re.compile(r"^\s*[=+\-@\t]")


@dataclass(frozen=True)
class Attack:
    """See attacks.toml."""

    id: str
    aim: str
    turns: list[str]
    section: str
    note: str
    cites: str

    def obeyed(self, lines: int) -> str:
        """What the model answers, citing numbers of lines."""
        cited = {"attack": [lines], "agent": [AGENT_LINE], "none": []}[self.cites]
        return note((self.section, self.note, cited))

    def succeeds(self, statements: tuple[Statement, ...]) -> bool:
        """Whether the note says as fact what it must not, or keeps quiet about what it must tell."""
        shown = [row for row in statements if "unsupported" not in row.flags]
        if self.aim == "complaint":
            return not any(tells_of_complaint(row.text) for row in shown)
        if self.aim == "token":
            return any("unissued_token" not in row.flags for row in statements)
        return self.aim == "claim" and any(_same(self.note, row.text) for row in shown)


def _same(wanted: str, written: str) -> bool:
    return re.sub(r"\W+", "", wanted) == re.sub(r"\W+", "", written)


ATTACKS = [
    Attack(**row)
    for row in tomllib.loads((Path(__file__).parent / "attacks.toml").read_text("utf-8"))["attacks"]
]


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    with LanguageServer() as running:
        yield running


def call_of(attack: Attack, folder: Path) -> CallText:
    spoken = [turn.replace("\n", " ") for turn in (*OPENING, *attack.turns)]
    path = folder / "call.txt"
    path.write_text("\n".join(f"{turn[0].upper()}{turn[1:]}" for turn in spoken), "utf-8")
    return read_call_text(path, "call", Provenance(wrapup="0", summarizer="obedient"))


@dataclass(frozen=True)
class Outcome:
    """What became of an attack."""

    lines: list[Line]
    seen: Seen
    summary: Summary
    document: CallDocument


def attacked(attack: Attack, server: LanguageServer, folder: Path) -> Outcome:
    call = call_of(attack, folder)
    heard = said_on(call)
    lines = [timed.line for timed in heard.lines]

    def obey(seen: Seen) -> Reply:
        return Said(attack.obeyed(len(seen.lines)))

    server.script = obey
    engine = registry.engine("summarizer", f"openai:obedient@{server.url}")
    summary = write_note(heard, NoteWriting(engine))
    document = call.document.model_copy(update={"summary": note_of(summary)})
    return Outcome(lines, server.seen[-1], summary, document)


def printed(document: CallDocument) -> str:
    out = io.StringIO()
    print_note(document, Console(file=out, width=300, highlight=False))
    return out.getvalue()


def test_there_are_enough_attacks_of_every_aim() -> None:
    assert len(ATTACKS) >= 60
    assert len({attack.id for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.aim for attack in ATTACKS} == {"claim", "complaint", "token", "markup"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_no_attack_succeeds(attack: Attack, server: LanguageServer, tmp_path: Path) -> None:
    found = attacked(attack, server, tmp_path)
    assert found.summary.statements
    assert not attack.succeeds(found.summary.statements)
    known = {line.id for line in found.lines}
    assert all(set(row.evidence) <= known for row in found.summary.statements)
    assert len(found.seen.lines) == len(found.lines), "a speaker made a line of the data"
    assert len(re.findall(r"^(?:BEGIN|END) CALL \w+$", found.seen.prompt, re.MULTILINE)) == 2
    assert parse_call(write_call(found.document), "call").summary == found.document.summary


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_every_form_marks_what_is_no_fact_and_escapes_the_rest(
    attack: Attack, server: LanguageServer, tmp_path: Path
) -> None:
    found = attacked(attack, server, tmp_path)
    written = markdown.write(found.document)
    html = page(found.document)
    assert not BARE.search(written.split("## Transcript")[0].replace("**(", ""))
    assert "<script>alert" not in html and "<img src=x" not in html and "<iframe" not in html
    assert 'href="javascript' not in html and 'evil.example"' not in html
    assert not any(FORMULA.match(line) for line in found.document.summary.text.splitlines())
    shown = printed(found.document)
    for row in found.summary.statements:
        if "unsupported" in row.flags:
            assert f"(not confirmed) {row.text}" in found.document.summary.text
            assert f"(not confirmed) {markdown.escape(row.text)}" in written
            assert f"(not confirmed) {row.text}" in shown


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_the_obedient_answer_unguarded_would_succeed(attack: Attack) -> None:
    row = Statement(attack.section, attack.note, ("u0-0",))
    if attack.aim == "markup":
        assert BARE.search(row.text) or FORMULA.match(row.text) or row.text.startswith("#")
    else:
        assert attack.succeeds((row,))


def test_a_call_with_nothing_to_summarize_never_reaches_a_model_that_invents(server: LanguageServer) -> None:
    server.script = lambda _: Said(note(("outcome", "Agent refunded the fee of $40.", [1])))
    engine = registry.engine("summarizer", f"openai:obedient@{server.url}")
    asked = len(server.seen)
    for code, lines in (
        ("no_speech", []),
        ("too_short", [Line("a", "agent", "S1", "Hello?"), Line("b", "customer", "S2", "Yes?")]),
        ("no_conversation", [Line("a", "agent", "S1", "Hello, are you there? " * 8)]),
    ):
        assert write_note(said(lines), NoteWriting(engine)) == Summary(code)  # type: ignore[arg-type]
    assert len(server.seen) == asked

"""The embedded summarizer: a structured note out of the call's own words. Needs no model and no network.

Each clause is weighed by what it gives away (`cues`) and by who says it: only the agent's words can be an
action, an outcome or a promise of the agent; a customer's words only show what the customer said, asked or
will do. Nothing said is an instruction. Same lines, same note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from models.errors import ConfigError
from models.ports import UNLIMITED, NoteLimits, SummarizerCapabilities, SummarizerOptions
from models.summarizers import cues, facts
from models.summarizers.choose import (
    MAX_CLAUSE_WORDS,
    MAX_IN_SECTION,
    Pick,
    choose,
    content_words,
    factual,
    opens_question,
    stems,
    topic,
)
from models.summarizers.clauses import Clause, party, split, spoken
from models.summarizers.person import quoted, told, ungrounded
from models.summarizers.wordlists import COMMON, DANGLING
from models.types import SECTIONS, Line, NoteRequest, Statement, Summary, SummaryCode

VERSION: Final = "extractive@1"
MIN_WORDS: Final = 12
"""Fewer spoken words than this, in the whole call, are too little for a note."""
MAX_STATEMENTS: Final = 9
_SAME_OVERLAP = 0.6


def open_engine(argument: str, options: SummarizerOptions | None = None) -> Extractive:
    """The engine; it takes no argument. Raises `ConfigError` if one is given."""
    del options
    if argument:
        raise ConfigError("the summarizer extractive takes no argument: write just extractive")
    return Extractive()


@dataclass(slots=True)
class _Note:
    """Statements so far, with what they already tell."""

    lines: Sequence[Line]
    statements: list[Statement] = field(default_factory=list)
    content: list[frozenset[str]] = field(default_factory=list)

    def add(self, section: str, text: str, lines: Iterable[int]) -> None:
        rows = sorted(set(lines))
        speakers = {self.lines[row].speaker for row in rows if self.lines[row].role == "unknown"}
        missing = ungrounded(text, (self.lines[row].text for row in rows), " ".join(speakers))
        evidence = tuple(self.lines[row].id for row in rows)
        self.statements.append(Statement(section, text, evidence, "unchecked" if missing else "supported"))
        self.content.append(stems(content_words(text)))

    def tells(self, section: str, words: frozenset[str]) -> bool:
        """Whether one statement has most of the words, or the reason and this section have all of them."""
        words = stems(words)
        share = _SAME_OVERLAP if len(words) > 3 else 1
        near = [
            told
            for told, row in zip(self.content, self.statements, strict=True)
            if row.section in {"reason", section}
        ]
        together = frozenset[str]().union(*near)
        return words <= together or any(len(words & told) >= share * len(words) for told in self.content)

    def knows(self, marks: frozenset[str]) -> bool:
        """Whether every amount, date and reference is told already."""
        return marks <= frozenset[str]().union(*(facts.marks(row.text) for row in self.statements))


class Extractive:
    """See the module; satisfies `models.ports.Summarizer`."""

    @property
    def version(self) -> str:
        """Name and revision of the rules."""
        return VERSION

    @property
    def capabilities(self) -> SummarizerCapabilities:
        """It computes here, and reads any length."""
        return SummarizerCapabilities()

    def summarize(self, request: NoteRequest, limits: NoteLimits = UNLIMITED) -> Summary:
        """The note, or a code: "no_speech", "too_short", "no_conversation", "unsupported_language".

        Of earlier stretches it reads the lines that their notes rest on.
        """
        del limits
        lines = (*request.cited, *request.lines)
        code = _refusal(lines)
        if code is not None:
            return Summary(code)
        clauses = _without_meta(split(lines))
        note = _Note(lines)
        picks = choose(clauses)
        for section in SECTIONS[:-1]:
            _write(note, [pick for pick in picks if pick.section == section])
        _write_open_end(note, clauses)
        _write_facts(note, clauses)
        order = {section: place for place, section in enumerate(SECTIONS)}
        statements = sorted(note.statements, key=lambda statement: order[statement.section])[:MAX_STATEMENTS]
        return Summary("ok", tuple(statements)) if statements else Summary("no_conversation")


def _refusal(lines: Sequence[Line]) -> SummaryCode | None:
    words = [(party(line), word.lower().strip(".,?!")) for line in lines for word in spoken(line)]
    if not words:
        return "no_speech"
    if len(words) < MIN_WORDS:
        return "too_short"
    if len({who for who, _ in words}) < 2:
        return "no_conversation"
    common = sum(word in COMMON for _, word in words)
    return "unsupported_language" if len(words) >= 40 and common < 0.1 * len(words) else None


def _without_meta(clauses: Sequence[Clause]) -> list[Clause]:
    """Without words addressed to the summarizer, and what the same turn says after them."""
    stopped: set[int] = set()
    kept = []
    for clause in clauses:
        if clause.role != "agent" and cues.META.search(clause.norm):
            stopped.add(clause.turn)
        if clause.turn not in stopped:
            kept.append(clause)
    return kept


def _write(note: _Note, picks: Sequence[Pick]) -> None:
    """Statements of one section; two that follow each other in one turn become one sentence."""
    written = 0
    previous: Pick | None = None
    for pick in picks:
        if written >= MAX_IN_SECTION[pick.section]:
            break
        words = topic(content_words(pick.clause.norm))
        text = _rendered(pick.clause)
        if note.tells(pick.section, words) and note.knows(facts.marks(pick.clause.text)):
            continue
        joined = (
            _joined(note.statements[-1].text, text)
            if previous and previous.clause.turn == pick.clause.turn
            else None
        )
        if joined is not None and previous is not None:
            note.statements.pop()
            note.content.pop()
            note.add(pick.section, joined, previous.clause.lines + pick.clause.lines)
            previous = None
            continue
        note.add(pick.section, text, pick.clause.lines)
        previous = pick
        written += 1


def _joined(first: str, second: str) -> str | None:
    """ "Customer lost their card." and "Customer asked ..." as one sentence."""
    name = first.partition(" ")[0]
    short = len(first.split()) + len(second.split()) <= 24
    plain = '"' not in first + second and " and " not in first
    verb, after = (text.removeprefix(f"{name} ").partition(" ")[0] for text in (first, second))
    fits = (
        after in {"asked", "would", "wants", "needs", "is", "has", "will"}
        or verb in {"was", "lost", "said"}
        or verb.endswith("ed")
    )
    if not short or not plain or not fits or not second.startswith(f"{name} ") or name.endswith("'s"):
        return None
    return f"{first.removesuffix('.')} and {second.removeprefix(f'{name} ')}"


def _rendered(clause: Clause) -> str:
    name, other = _names(clause)
    if len(clause.tokens) > MAX_CLAUSE_WORDS:
        return quoted(_shortened(clause), name, False)
    text = clause.text
    asks = clause.asks or bool(opens_question(clause.norm))
    told_text = told(text, name, other)
    if told_text is None or ungrounded(told_text, [clause.text], name):
        return quoted(text, name, asks)
    return told_text if not (asks and not told_text.startswith(f"{name} asked")) else quoted(text, name, True)


def _names(clause: Clause) -> tuple[str, str]:
    if clause.role == "agent":
        return "Agent", "the customer"
    return (clause.speaker, "the other party") if clause.role == "unknown" else ("Customer", "the agent")


def _shortened(clause: Clause) -> str:
    """At most so many words, cut before a joint of the sentence where there is one."""
    tokens = clause.tokens
    joints = [
        place
        for place in range(8, MAX_CLAUSE_WORDS)
        if tokens[place].norm in {"and", "but", "because", "so", "which", "or"}
        or tokens[place - 1].text.endswith(",")
    ]
    end = joints[-1] if joints else MAX_CLAUSE_WORDS
    return " ".join(token.text for token in tokens[:end]).rstrip(" ,") + " ..."


def _write_open_end(note: _Note, clauses: Sequence[Clause]) -> None:
    """How the call ended, if it broke off: the last words, and no more than that."""
    ending = clauses[-3:]
    if not note.statements or any(cues.FAREWELL.search(clause.norm) for clause in ending):
        return
    turn = [clause for clause in clauses if clause.turn == ending[-1].turn]
    tokens = tuple(token for clause in turn if content_words(clause.norm) for token in clause.tokens)[
        -MAX_CLAUSE_WORDS:
    ]
    if len(tokens) < 3:
        return
    last = replace(turn[-1], tokens=tokens)
    resolved = any(statement.section in {"outcome", "follow_ups"} for statement in note.statements)
    broken = last.tokens[-1].norm in DANGLING or last.tokens[-1].text.endswith(("-", "...", "\u2026"))
    if broken or not resolved or last.role == "customer":
        name, _ = _names(last)
        said = quoted(last.text, name if last.role == "unknown" else f"the {name.lower()}", last.asks)
        note.add("outcome", f"The call ended after {said}", last.lines)


def _write_facts(note: _Note, clauses: Sequence[Clause]) -> None:
    """Answers to the agent's questions, then clauses with an amount or a date that is not told yet."""
    room = min(MAX_IN_SECTION["key_facts"], MAX_STATEMENTS - len(note.statements))
    rows = [(fact.text, fact.lines, fact.text.partition(":")[2]) for fact in facts.answers(clauses)]
    rows += [(_rendered(clause), clause.lines, "") for clause in factual(clauses)]
    for text, lines, answer in rows:
        words = stems(content_words(answer))
        old = any(words <= told for told in note.content) if answer else note.knows(facts.marks(text))
        if room > 0 and not old:
            note.add("key_facts", text, lines)
            room -= 1

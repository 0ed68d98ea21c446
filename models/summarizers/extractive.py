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
from models.summarizers import cues, facts, talk
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
from models.summarizers.clauses import Clause, split
from models.summarizers.peers import told_by_name
from models.summarizers.person import quoted, told, ungrounded
from models.summarizers.wordlists import DANGLING
from models.text.worth import refusal
from models.types import SECTIONS, Line, NoteRequest, Statement, Summary

VERSION: Final = "extractive@2"
MAX_STATEMENTS: Final = 9
MAX_REASONS_OF_A_TALK: Final = 2
_OPENING_SHARE: Final = 1 / 3
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
    labels: str = ""

    def __post_init__(self) -> None:
        """Labels are names only of those whose role is not known."""
        names = dict.fromkeys(line.speaker for line in self.lines if line.role == "unknown")
        self.labels = " ".join(names)

    def add(self, section: str, text: str, lines: Iterable[int]) -> None:
        rows = sorted(set(lines))
        labels = self.labels if any(self.lines[row].role == "unknown" for row in rows) else ""
        missing = ungrounded(text, (self.lines[row].text for row in rows), labels)
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
        return extract((*request.cited, *request.lines))


def extract(lines: Sequence[Line]) -> Summary:
    """The note of a call, or the code that says why there is none."""
    code = refusal(lines)
    if code is not None:
        return Summary(code)
    note = _Note(lines)
    if all(line.role == "unknown" for line in lines):
        _write_talk(note)
    else:
        _write_call(note)
    order = {section: place for place, section in enumerate(SECTIONS)}
    statements = sorted(note.statements, key=lambda statement: order[statement.section])[:MAX_STATEMENTS]
    return Summary("ok", tuple(statements)) if statements else Summary("no_conversation")


def _write_call(note: _Note) -> None:
    """Of a call whose agent or customer is known: cues say what each clause is."""
    clauses = _without_meta(split(note.lines))
    picks = choose(clauses)
    for section in SECTIONS[:-1]:
        _write(note, [pick for pick in picks if pick.section == section])
    _write_open_end(note, clauses)
    _write_facts(note, clauses)


def _write_talk(note: _Note) -> None:
    """Of a talk in which nobody's role is known: its opening is the reason, the rest are key facts."""
    clauses = _without_meta(split(note.lines, talk.MAX_SENTENCE_WORDS))
    speakers = tuple(dict.fromkeys(clause.speaker for clause in clauses))
    opening = clauses[-1].turn * _OPENING_SHARE if clauses else 0
    reasons = 0
    for passage in talk.choose(clauses):
        first = passage.clauses[0]
        early = not reasons or (first.turn <= opening and reasons < MAX_REASONS_OF_A_TALK)
        reasons += early
        others = [name for name in speakers if name != first.speaker]
        text = _passage(passage, others[0] if len(others) == 1 else None)
        lines = [line for clause in passage.clauses for line in clause.lines]
        note.add("reason" if early else "key_facts", text, lines)
    _write_open_end(note, clauses)


def _passage(passage: talk.Passage, other: str | None) -> str:
    """One sentence in the third person where that is safe; else, and of more sentences, a quote."""
    clause = passage.clauses[0]
    if len(passage.clauses) == 1:
        return _rendered(clause, other, talk.MAX_SENTENCE_WORDS)
    sentences = [_ended(part.text, part.asks) for part in passage.clauses]
    return quoted(" ".join(sentences), clause.speaker, passage.clauses[-1].asks)


def _ended(text: str, asks: bool) -> str:
    """A sentence that stands before another one in a quote."""
    bare = text.rstrip(" ,;:.?!-")
    return f"{bare[:1].upper()}{bare[1:]}{'?' if asks else '.'}"


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


def _rendered(clause: Clause, other: str | None = None, longest: int = MAX_CLAUSE_WORDS) -> str:
    """The clause as a sentence of at most about `longest` words; `other` is who an unknown role speaks to."""
    name, listener = _names(clause)
    if len(clause.tokens) > longest:
        return quoted(_shortened(clause, longest), name, False)
    text = clause.text
    asks = clause.asks or bool(opens_question(clause.norm))
    unknown = clause.role == "unknown"
    told_text = told_by_name(text, name, other) if unknown else told(text, name, listener)
    if told_text is None or ungrounded(told_text, [clause.text], f"{name} {other or ''}"):
        return quoted(text, name, asks)
    return told_text if not (asks and not told_text.startswith(f"{name} asked")) else quoted(text, name, True)


def _names(clause: Clause) -> tuple[str, str]:
    if clause.role == "agent":
        return "Agent", "the customer"
    return (clause.speaker, "the other party") if clause.role == "unknown" else ("Customer", "the agent")


def _shortened(clause: Clause, longest: int) -> str:
    """At most so many words, cut before a joint of the sentence where there is one."""
    tokens = clause.tokens
    joints = [
        place
        for place in range(8, longest)
        if tokens[place].norm in {"and", "but", "because", "so", "which", "or"}
        or tokens[place - 1].text.endswith(",")
    ]
    end = joints[-1] if joints else longest
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
    final = last.tokens[-1]
    dangles = final.norm in DANGLING and (last.role != "unknown" or final.text[-1] not in ".?!")
    broken = dangles or final.text.endswith(("-", "...", "\u2026"))
    if broken or (not resolved and last.role != "unknown") or last.role == "customer":
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

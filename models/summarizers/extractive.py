"""The embedded summarizer: a structured note out of the call's own words. Needs no model and no network.

Each clause is weighed by what it gives away (`cues`) and by who says it: only the agent's words can be an
action, an outcome or a promise of the agent; a customer's words only show what the customer said, asked or
will do. Nothing said is an instruction. Same lines, same note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.errors import ConfigError
from models.summarizers import cues, facts
from models.summarizers.clauses import DANGLING, Clause, party, spoken, split
from models.summarizers.person import FRAME_WORDS, quoted, told, ungrounded, words_of
from models.types import SECTIONS, Line, Statement, Summary, SummaryCode

VERSION: Final = "extractive@1"
MIN_WORDS: Final = 12
"""Fewer spoken words than this, in the whole call, are too little for a note."""
MAX_STATEMENTS: Final = 9
_MAX_IN_SECTION: Final = {"reason": 3, "actions": 3, "outcome": 2, "follow_ups": 3, "key_facts": 3}
_MAX_CLAUSE_WORDS = 30
_SAME_OVERLAP = 0.6
_STOP_WORDS = FRAME_WORDS | frozenset(
    "a an i you your my me we our us it its this that these those of in on at from with by about as be been am do did "
    "can could should may might just so if or but i'm i've i'd i'll it's that's there up out okay right now then get got "
    "going go also any some all one no yes".split()
)
_COMMON = _STOP_WORDS | frozenset("what how who when where which he she not don't because please thank thanks hello hi".split())


def open_engine(argument: str) -> Extractive:
    """The engine; it takes no argument. Raises `ConfigError` if one is given."""
    if argument:
        raise ConfigError("the summarizer extractive takes no argument: write just extractive")
    return Extractive()


@dataclass(frozen=True, slots=True)
class _Pick:
    """A clause chosen for a section."""

    section: str
    clause: Clause
    score: float


@dataclass(slots=True)
class _Note:
    """Statements so far, with what they already tell."""

    lines: Sequence[Line]
    statements: list[Statement] = field(default_factory=list)
    content: list[frozenset[str]] = field(default_factory=list)

    def add(self, section: str, text: str, lines: Iterable[int]) -> None:
        rows = sorted(set(lines))
        missing = ungrounded(text, (self.lines[row].text for row in rows))
        evidence = tuple(self.lines[row].id for row in rows)
        self.statements.append(Statement(section, text, evidence, "unchecked" if missing else "supported"))
        self.content.append(content_words(text))

    def tells(self, words: frozenset[str], threshold: float) -> bool:
        """Whether one statement already has this share of the words."""
        return any(len(words & told_words) >= threshold * max(len(words), 1) for told_words in self.content)


class Extractive:
    """See the module; satisfies `models.ports.Summarizer`."""

    @property
    def version(self) -> str:
        """Name and revision of the rules."""
        return VERSION

    def summarize(self, lines: Sequence[Line]) -> Summary:
        """The note, or a code: "no_speech", "too_short", "no_conversation", "unsupported_language"."""
        code = _refusal(lines)
        if code is not None:
            return Summary(code)
        clauses = _without_meta(split(lines))
        note = _Note(lines)
        picks = _picks(clauses)
        for section in SECTIONS[:-1]:
            _write(note, [pick for pick in picks if pick.section == section])
        _write_open_end(note, clauses)
        _write_facts(note, clauses)
        order = {section: place for place, section in enumerate(SECTIONS)}
        statements = sorted(note.statements, key=lambda statement: order[statement.section])[:MAX_STATEMENTS]
        return Summary("ok", tuple(statements)) if statements else Summary("no_conversation")


def content_words(text: str) -> frozenset[str]:
    """Words that carry meaning."""
    return frozenset(words_of(text)) - _STOP_WORDS


def _refusal(lines: Sequence[Line]) -> SummaryCode | None:
    words = [(party(line), word.lower().strip(".,?!")) for line in lines for word in spoken(line)]
    if not words:
        return "no_speech"
    if len(words) < MIN_WORDS:
        return "too_short"
    if len({who for who, _ in words}) < 2:
        return "no_conversation"
    common = sum(word in _COMMON for _, word in words)
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


def _picks(clauses: Sequence[Clause]) -> list[_Pick]:
    """Chosen clauses of all sections but key facts, each section in order of time."""
    weighed = _reasons([clause for clause in clauses if clause.role != "agent"], clauses)
    weighed += [pick for clause in clauses for pick in _weigh(clause)]
    chosen = []
    for section in SECTIONS[:-1]:
        found = [pick for pick in weighed if pick.section == section]
        if section == "outcome":
            found = [_Pick(pick.section, pick.clause, pick.score + place / len(found)) for place, pick in enumerate(found)]
        best = sorted(found, key=lambda pick: -pick.score)[: _MAX_IN_SECTION[section] + 1]
        chosen += [pick for pick in found if pick in best]
    return chosen


def _reasons(said: Sequence[Clause], clauses: Sequence[Clause]) -> list[_Pick]:
    """The first substantial request or problem and what belongs to it, then later topics."""
    reopened = {clause.turn + 1 for clause in clauses if clause.role == "agent" and cues.ANYTHING_ELSE.search(clause.norm)}
    picks: list[_Pick] = []
    heard = 0
    for clause in said:
        score = _reason_score(clause)
        near = bool(picks) and clause.turn - picks[0].clause.turn <= 2 and len(picks) < 2
        strong = bool(cues.REQUEST.search(clause.norm)) and score >= 3
        later = bool(picks) and strong and (clause.turn in reopened or bool(cues.ANOTHER_TOPIC.search(clause.norm)))
        if (not picks and score >= 2) or (near and score >= 2) or later:
            picks.append(_Pick("reason", clause, score + (4 if not picks else 2 if later else 0)))
        heard += len(clause.tokens) > 3
    if picks:
        return picks
    opening = [clause for clause in said[: max(4, len(said) // 3)] if len(content_words(clause.norm)) >= 3]
    best = max(opening, key=lambda clause: len(content_words(clause.norm)), default=None)
    usable = best is not None and not cues.CHATTER.search(best.norm)
    return [_Pick("reason", best, 1)] if best is not None and usable else []


def _reason_score(clause: Clause) -> float:
    norm, content = clause.norm, content_words(clause.norm)
    if not content or cues.CHATTER.search(norm) or (len(content) < 2 and len(clause.tokens) < 4):
        return 0
    request = 2.5 if cues.REQUEST.search(norm) else 0
    problem = min(2, len(set(cues.PROBLEM.findall(norm)))) * 1.5
    return request + problem + min(len(content), 8) * 0.2 if request or problem else 0


def _weigh(clause: Clause) -> list[_Pick]:
    """The one section, if any, that a clause can serve besides reason."""
    norm = clause.norm
    if clause.asks or len(clause.tokens) < 3 or cues.META.search(norm):
        return []
    if clause.role == "customer":
        promised = cues.OWN_PROMISE.search(norm) and not cues.CHATTER.search(norm) and len(content_words(norm)) >= 2
        return [_Pick("follow_ups", clause, 1.5)] if promised else []
    if clause.role != "agent" or not content_words(norm):
        return []
    section, score = _agent_section(norm)
    return [_Pick(section, clause, score + 0.1 * len(facts.marks(norm)))] if score else []


def _agent_section(norm: str) -> tuple[str, float]:
    chatter = cues.CHATTER.search(norm)
    if cues.REPORTED.search(norm) or (chatter and not cues.RESOLVED.search(norm) and not cues.DONE.search(norm)):
        return "", 0
    if cues.FOLLOW.search(norm) and cues.FUTURE.search(norm) and not cues.REFUSED.search(norm):
        return "follow_ups", 3
    if cues.REFUSED.search(norm) and not cues.IDLE_REFUSED.search(norm):
        return "outcome", 2.5
    if cues.DONE.search(norm):
        return "actions", 1 if cues.SMALL_DONE.search(norm) else 3
    if cues.RESOLVED.search(norm):
        return "outcome", 3
    if cues.GOING.search(norm) and not cues.IDLE_GOING.search(norm):
        return "actions", 2
    if facts.marks(norm) and norm.startswith(("your ", "the ", "it's ", "that's ", "it is ")):
        return "outcome", 1.5
    return "", 0


def _write(note: _Note, picks: Sequence[_Pick]) -> None:
    """Statements of one section; two that follow each other in one turn become one sentence."""
    written = 0
    previous: _Pick | None = None
    for pick in picks:
        if written >= _MAX_IN_SECTION[pick.section]:
            break
        words = content_words(pick.clause.norm)
        text = _rendered(pick.clause)
        if note.tells(words, 1 - (1 - _SAME_OVERLAP) * (len(words) > 3)):
            continue
        joined = _joined(note.statements[-1].text, text) if previous and previous.clause.turn == pick.clause.turn else None
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
    """"Customer lost their card." and "Customer asked ..." as one sentence."""
    name = first.partition(" ")[0]
    short = len(first.split()) + len(second.split()) <= 24
    plain = '"' not in first + second and " and " not in first
    if not short or not plain or not second.startswith(f"{name} ") or name.endswith("'s"):
        return None
    return f"{first.removesuffix('.')} and {second.removeprefix(f'{name} ')}"


def _rendered(clause: Clause) -> str:
    name, other = _names(clause)
    text = _shortened(clause)
    asks = clause.asks or bool(_opens_question(clause.norm))
    told_text = told(text, name, other)
    if told_text is None or ungrounded(told_text, [clause.text]):
        return quoted(text, name, asks)
    return told_text if not (asks and not told_text.startswith(f"{name} asked")) else quoted(text, name, True)


def _names(clause: Clause) -> tuple[str, str]:
    if clause.role == "agent":
        return "Agent", "the customer"
    return (clause.speaker, "the other party") if clause.role == "unknown" else ("Customer", "the agent")


def _opens_question(norm: str) -> bool:
    return norm.split(" ", 1)[0] in {"what", "how", "why", "which", "who", "where", "is", "are", "do", "does", "did"}


def _shortened(clause: Clause) -> str:
    """At most so many words, cut before a joint of the sentence where there is one."""
    tokens = clause.tokens
    if len(tokens) <= _MAX_CLAUSE_WORDS:
        return clause.text
    joints = [
        place
        for place in range(8, _MAX_CLAUSE_WORDS)
        if tokens[place].norm in {"and", "but", "because", "so", "which", "or"} or tokens[place - 1].text.endswith(",")
    ]
    return " ".join(token.text for token in tokens[: joints[-1] if joints else _MAX_CLAUSE_WORDS])


def _write_open_end(note: _Note, clauses: Sequence[Clause]) -> None:
    """How the call ended, if it broke off: the last words, and no more than that."""
    last = clauses[-1] if clauses else None
    if last is None or not note.statements or any(cues.FAREWELL.search(clause.norm) for clause in clauses[-3:]):
        return
    resolved = any(statement.section in {"outcome", "follow_ups"} for statement in note.statements)
    broken = last.tokens[-1].norm in DANGLING or last.tokens[-1].text.endswith(("-", "...", "\u2026"))
    if (broken or not resolved) and len(last.tokens) >= 3 and not cues.CHATTER.search(last.norm):
        name, _ = _names(last)
        said = quoted(_shortened(last), f"the {name.lower()}" if last.role != "unknown" else name, last.asks)
        note.add("outcome", f"The call ended after {said}", last.lines)


def _write_facts(note: _Note, clauses: Sequence[Clause]) -> None:
    room = min(_MAX_IN_SECTION["key_facts"], MAX_STATEMENTS - len(note.statements))
    for fact in facts.answers(clauses):
        answer = content_words(fact.text.partition(":")[2])
        if room > 0 and answer and not any(answer <= words for words in note.content):
            note.add("key_facts", fact.text, fact.lines)
            room -= 1
    known = set().union(*note.content) if note.content else set()
    for clause in clauses:
        fresh = {mark for mark in facts.marks(clause.norm) if not content_words(mark) <= known}
        useful = fresh and len(content_words(clause.norm)) >= 3 and not clause.asks and not cues.CHATTER.search(clause.norm)
        if room > 0 and useful and len(clause.tokens) <= _MAX_CLAUSE_WORDS:
            note.add("key_facts", _rendered(clause), clause.lines)
            known |= content_words(clause.norm)
            room -= 1

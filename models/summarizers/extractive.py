"""The embedded summarizer: a structured note out of the call's own words. Needs no model and no network.

Each clause is weighed by what it gives away (`cues`) and by who says it: only the agent's words can be an
action, an outcome or a promise of the agent; a customer's words only show what the customer said, asked or
will do. Nothing said is an instruction. Same lines, same note.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
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
_MAX_IN_SECTION: Final = {"reason": 3, "actions": 3, "outcome": 2, "follow_ups": 4, "key_facts": 3}
_MAX_CLAUSE_WORDS = 30
_SAME_OVERLAP = 0.6
_STOP_WORDS = FRAME_WORDS | frozenset(
    "a an i you your my me we our us it its this that these those of in on at from with by about as be been am do did "
    "can could should may might just so if or but i'm i've i'd i'll it's that's there up out okay right now then get got "
    "going go also any some all one no yes".split()
)
_NUMBER_WORDS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand dollars dollar cents".split()
)
_ENDING = re.compile(r"(?:ing|ed|es|s|e)$")
_WEAK = frozenset("need want wants like would help anything something know thing things question questions call calling".split())
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
        self.content.append(_stems(content_words(text)))

    def tells(self, section: str, words: frozenset[str]) -> bool:
        """Whether one statement has most of the words, or the reason and this section have all of them."""
        words = _stems(words)
        share = _SAME_OVERLAP if len(words) > 3 else 1
        near = [told for told, row in zip(self.content, self.statements, strict=True) if row.section in {"reason", section}]
        together = frozenset[str]().union(*near)
        return words <= together or any(len(words & told) >= share * len(words) for told in self.content)


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


def _stems(words: frozenset[str]) -> frozenset[str]:
    """Words without the commonest endings, for comparison only."""
    return frozenset(_ENDING.sub("", word) if len(word) > 4 else word for word in words)


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
    weighed = [pick for clause in clauses for pick in _weigh(clause)]
    chosen = _reasons(clauses)
    for section in SECTIONS[1:-1]:
        found = [pick for pick in weighed if pick.section == section]
        if any(pick.score >= 2 for pick in found):
            found = [pick for pick in found if pick.score >= 1.5]
        ranked = sorted(enumerate(found), key=lambda row: -_rank(row[1], row[0], len(found)))
        best = {place for place, _ in ranked[: _MAX_IN_SECTION[section] + 1]}
        chosen += [pick for place, pick in enumerate(found) if place in best]
    return chosen


def _rank(pick: _Pick, place: int, count: int) -> float:
    """Facts make a clause worth more; of outcomes, the later one holds."""
    late = place / count if pick.section == "outcome" else 0
    return pick.score + 0.1 * len(facts.marks(pick.clause.norm)) + late


def _reasons(clauses: Sequence[Clause]) -> list[_Pick]:
    """The first substantial request or problem and what belongs to it, then later topics."""
    said = [clause for clause in clauses if clause.role != "agent"]
    reopened = {clause.turn + 1 for clause in clauses if clause.role == "agent" and cues.ANYTHING_ELSE.search(clause.norm)}
    picks = [_Pick("reason", clause, 4) for clause in _called_about(clauses)]
    outbound = bool(picks)
    topic_turn = -9
    for place, clause in enumerate(said):
        score = _reason_score(clause)
        request = bool(cues.REQUEST.search(clause.norm)) and score >= 3
        first = not picks and score >= 2
        later = bool(picks) and request and (clause.turn in reopened or bool(cues.ANOTHER_TOPIC.search(clause.norm)))
        more = score >= 2 and clause.turn - topic_turn <= 2 and len(picks) < 3 and not clause.asks
        if first and place and _leads_to(said[place - 1], clause):
            picks.append(_Pick("reason", said[place - 1], 2))
        if first or later or (more and not outbound):
            picks.append(_Pick("reason", clause, score))
            topic_turn = clause.turn if first or later else topic_turn
    return picks or _fallback_reason(said)


def _called_about(clauses: Sequence[Clause]) -> list[Clause]:
    """What the agent calls about, if the agent placed the call."""
    opening = [clause for clause in clauses if clause.role == "agent"][:6]
    if not any(cues.OUTBOUND.search(clause.norm) for clause in opening):
        return []
    about = [clause for clause in opening if _states_business(clause)]
    return about[:1]


def _states_business(clause: Clause) -> bool:
    calling = "calling about" in clause.norm or "calling regarding" in clause.norm or "calling because" in clause.norm
    named = clause.norm.startswith(("this is ", "my name "))
    problem = not named and cues.PROBLEM.search(clause.norm) and not cues.CHATTER.search(clause.norm)
    return not clause.asks and (calling or bool(problem)) and len(content_words(clause.norm)) >= 3


def _leads_to(before: Clause, clause: Clause) -> bool:
    """A statement in the same breath, on which the request that follows rests."""
    plain = not before.asks and not cues.CHATTER.search(before.norm) and len(before.tokens) <= 20
    return before.turn == clause.turn and plain and len(content_words(before.norm)) >= 2


def _fallback_reason(said: Sequence[Clause]) -> list[_Pick]:
    """Without any cue: the customer's richest early clause."""
    opening = [clause for clause in said[: max(4, len(said) // 3)] if not cues.CHATTER.search(clause.norm)]
    best = max(opening, key=lambda clause: len(content_words(clause.norm)), default=None)
    return [_Pick("reason", best, 1)] if best is not None and len(content_words(best.norm)) >= 3 else []


def _reason_score(clause: Clause) -> float:
    norm, content = clause.norm, content_words(clause.norm)
    if not content - _WEAK - _NUMBER_WORDS or cues.CHATTER.search(norm) or cues.META.search(norm) or len(clause.tokens) < 3:
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
    if clause.role != "agent" or len(content_words(norm)) < 2:
        return []
    section, score = _agent_section(norm)
    return [_Pick(section, clause, score)] if score else []


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
        return "outcome", 1.4
    return "", 0


def _write(note: _Note, picks: Sequence[_Pick]) -> None:
    """Statements of one section; two that follow each other in one turn become one sentence."""
    written = 0
    previous: _Pick | None = None
    for pick in picks:
        if written >= _MAX_IN_SECTION[pick.section]:
            break
        words = _topic(content_words(pick.clause.norm))
        text = _rendered(pick.clause)
        if note.tells(pick.section, words):
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


def _topic(words: frozenset[str]) -> frozenset[str]:
    """Without number words, if enough is left: two sentences with one amount may tell two things."""
    plain = frozenset(word for word in words if word not in _NUMBER_WORDS and not word[:1].isdigit())
    return plain if len(plain) >= 2 else words


def _joined(first: str, second: str) -> str | None:
    """"Customer lost their card." and "Customer asked ..." as one sentence."""
    name = first.partition(" ")[0]
    short = len(first.split()) + len(second.split()) <= 24
    plain = '"' not in first + second and " and " not in first
    verb, after = (text.removeprefix(f"{name} ").partition(" ")[0] for text in (first, second))
    fits = after in {"asked", "would", "wants", "needs", "is", "has", "will"} or verb in {"was", "lost", "said"} or verb.endswith("ed")
    if not short or not plain or not fits or not second.startswith(f"{name} ") or name.endswith("'s"):
        return None
    return f"{first.removesuffix('.')} and {second.removeprefix(f'{name} ')}"


def _rendered(clause: Clause) -> str:
    name, other = _names(clause)
    if len(clause.tokens) > _MAX_CLAUSE_WORDS:
        return quoted(_shortened(clause), name, False)
    text = clause.text
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
    return norm.split(" ", 1)[0] in {"what", "how", "why", "which", "who", "where", "is", "are", "do", "does", "did", "would", "should"}


def _shortened(clause: Clause) -> str:
    """At most so many words, cut before a joint of the sentence where there is one."""
    tokens = clause.tokens
    joints = [
        place
        for place in range(8, _MAX_CLAUSE_WORDS)
        if tokens[place].norm in {"and", "but", "because", "so", "which", "or"} or tokens[place - 1].text.endswith(",")
    ]
    end = joints[-1] if joints else _MAX_CLAUSE_WORDS
    return " ".join(token.text for token in tokens[:end]).rstrip(" ,") + " ..."


def _write_open_end(note: _Note, clauses: Sequence[Clause]) -> None:
    """How the call ended, if it broke off: the last words, and no more than that."""
    ending = clauses[-3:]
    if not note.statements or any(cues.FAREWELL.search(clause.norm) for clause in ending):
        return
    turn = [clause for clause in clauses if clause.turn == ending[-1].turn]
    tokens = tuple(token for clause in turn if content_words(clause.norm) for token in clause.tokens)[-_MAX_CLAUSE_WORDS:]
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
    room = min(_MAX_IN_SECTION["key_facts"], MAX_STATEMENTS - len(note.statements))
    for fact in facts.answers(clauses):
        answer = content_words(fact.text.partition(":")[2])
        if room > 0 and answer and not any(_stems(answer) <= words for words in note.content):
            note.add("key_facts", fact.text, fact.lines)
            room -= 1
    known = set().union(*note.content) if note.content else set()
    verified = {clause.turn + 1 for clause in clauses if clause.role == "agent" and cues.VERIFIES.search(clause.norm)}
    for clause in clauses:
        spelled = sum(len(token.norm) == 1 and token.norm.isalpha() for token in clause.tokens) > 3
        told_back = spelled or _opens_question(clause.norm) or (clause.role == "agent" and cues.REPORTED.search(clause.norm))
        fresh = {mark for mark in facts.marks(clause.norm) if not _stems(content_words(mark)) <= known}
        useful = fresh and not told_back and clause.turn not in verified and len(content_words(clause.norm)) >= 3 and not clause.asks and not cues.CHATTER.search(clause.norm)
        if room > 0 and useful and len(clause.tokens) <= _MAX_CLAUSE_WORDS:
            note.add("key_facts", _rendered(clause), clause.lines)
            known |= _stems(content_words(clause.norm))
            room -= 1

"""Which clauses of a call a note should tell, and in which section."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.summarizers import cues, facts
from models.summarizers.clauses import Clause
from models.summarizers.person import words_of
from models.summarizers.wordlists import CONDITIONS, NUMBER_WORDS, QUESTION_START, STOP_WORDS, WEAK
from models.types import SECTIONS

MAX_IN_SECTION: Final = {"reason": 3, "actions": 3, "outcome": 2, "follow_ups": 4, "key_facts": 3}
MAX_CLAUSE_WORDS: Final = 30
_ASKING: Final = ("may i ", "can i ", "could i ", "would you ", "do you ", "did you ", "are you ")
_ENDING: Final = re.compile(r"(?:ing|ed|es|s|e)$")


@dataclass(frozen=True, slots=True)
class Pick:
    """A clause chosen for a section."""

    section: str
    clause: Clause
    score: float


def content_words(text: str) -> frozenset[str]:
    """Words that carry meaning."""
    return frozenset(words_of(text)) - STOP_WORDS


def stems(words: frozenset[str]) -> frozenset[str]:
    """Words without the commonest endings, for comparison only."""
    return frozenset(_ENDING.sub("", word) if len(word) > 4 else word for word in words)


def topic(words: frozenset[str]) -> frozenset[str]:
    """Without number words, if enough is left: two sentences with one amount may tell two things."""
    plain = frozenset(word for word in words if word not in NUMBER_WORDS and not word[:1].isdigit())
    return plain if len(plain) >= 2 else words


def choose(clauses: Sequence[Clause]) -> list[Pick]:
    """Chosen clauses of all sections but key facts, each section in order of time."""
    weighed = [pick for clause in clauses for pick in _weigh(clause)]
    chosen = _reasons(clauses)
    for section in SECTIONS[1:-1]:
        found = [pick for pick in weighed if pick.section == section]
        if any(pick.score >= 2 for pick in found):
            found = [pick for pick in found if pick.score >= 1.5]
        ranked = sorted(enumerate(found), key=lambda row: -_rank(row[1], row[0], len(found)))
        best = {place for place, _ in ranked[: MAX_IN_SECTION[section] + 1]}
        chosen += [pick for place, pick in enumerate(found) if place in best]
    return chosen


def _rank(pick: Pick, place: int, count: int) -> float:
    """Facts make a clause worth more; of outcomes, the later one holds."""
    late = place / count if pick.section == "outcome" else 0
    return pick.score + 0.1 * len(facts.marks(pick.clause.text)) + late


def _reasons(clauses: Sequence[Clause]) -> list[Pick]:
    """The first substantial request or problem and what belongs to it, then later topics."""
    said = [clause for clause in clauses if clause.role != "agent"]
    reopened = {
        clause.turn + 1
        for clause in clauses
        if clause.role == "agent" and cues.ANYTHING_ELSE.search(clause.norm)
    }
    picks = [Pick("reason", clause, 4) for clause in _called_about(clauses)]
    outbound = bool(picks)
    opened_at: int | None = None
    for place, clause in enumerate(said):
        score = _reason_score(clause)
        fresh = clause.turn in reopened or cues.ANOTHER_TOPIC.search(clause.norm)
        if not picks and score >= 2:
            if place and _leads_to(said[place - 1], clause):
                picks.append(Pick("reason", said[place - 1], 2))
            opened_at = clause.turn
        elif picks and fresh and score >= 3 and cues.REQUEST.search(clause.norm):
            opened_at = clause.turn
        elif score < 2 or outbound or clause.asks or opened_at is None or clause.turn - opened_at > 2:
            continue
        picks.append(Pick("reason", clause, score))
    return picks or _fallback_reason(said)


def _called_about(clauses: Sequence[Clause]) -> list[Clause]:
    """What the agent calls about, if the agent placed the call."""
    opening = [clause for clause in clauses if clause.role == "agent"][:6]
    if not any(cues.OUTBOUND.search(clause.norm) for clause in opening):
        return []
    about = [clause for clause in opening if _states_business(clause)]
    return about[:1]


def _states_business(clause: Clause) -> bool:
    calling = (
        "calling about" in clause.norm
        or "calling regarding" in clause.norm
        or "calling because" in clause.norm
    )
    named = clause.norm.startswith(("this is ", "my name "))
    problem = not named and cues.PROBLEM.search(clause.norm) and not cues.CHATTER.search(clause.norm)
    return not clause.asks and (calling or bool(problem)) and len(content_words(clause.norm)) >= 3


def _leads_to(before: Clause, clause: Clause) -> bool:
    """A statement in the same breath, on which the request that follows rests."""
    plain = not before.asks and not cues.CHATTER.search(before.norm) and len(before.tokens) <= 20
    return before.turn == clause.turn and plain and len(content_words(before.norm)) >= 2


def _fallback_reason(said: Sequence[Clause]) -> list[Pick]:
    """Without any cue: the customer's richest early clause."""
    opening = [clause for clause in said[: max(4, len(said) // 3)] if not cues.CHATTER.search(clause.norm)]
    best = max(opening, key=lambda clause: len(content_words(clause.norm)), default=None)
    return [Pick("reason", best, 1)] if best is not None and len(content_words(best.norm)) >= 3 else []


def _reason_score(clause: Clause) -> float:
    norm, content = clause.norm, content_words(clause.norm)
    if (
        not content - WEAK - NUMBER_WORDS
        or cues.CHATTER.search(norm)
        or cues.META.search(norm)
        or len(clause.tokens) < 3
    ):
        return 0
    request = 2.5 if cues.REQUEST.search(norm) else 0
    problem = min(2, len(set(cues.PROBLEM.findall(norm)))) * 1.5
    return request + problem + min(len(content), 8) * 0.2 if request or problem else 0


def _weigh(clause: Clause) -> list[Pick]:
    """The one section, if any, that a clause can serve besides reason."""
    norm = clause.norm
    if clause.asks or norm.startswith(_ASKING) or len(clause.tokens) < 3 or cues.META.search(norm):
        return []
    if clause.role == "customer":
        promised = (
            cues.OWN_PROMISE.search(norm) and not cues.CHATTER.search(norm) and len(content_words(norm)) >= 2
        )
        return [Pick("follow_ups", clause, 1.5)] if promised else []
    if clause.role != "agent" or len(content_words(norm)) < 2:
        return []
    section, score = _agent_section(norm, bool(facts.marks(clause.text)))
    return [Pick(section, clause, score)] if score else []


def _agent_section(norm: str, has_marks: bool) -> tuple[str, float]:
    """Where the agent's words belong, and how much they weigh; ("", 0) if nowhere."""
    said_back = cues.REPORTED.search(norm)
    settled = cues.RESOLVED.search(norm) or cues.DONE.search(norm)
    if said_back or (cues.CHATTER.search(norm) and not settled):
        return "", 0
    refused = cues.REFUSED.search(norm)
    states = has_marks and norm.startswith(("your ", "the ", "it's ", "that's ", "it is "))
    happened = norm.split(" ", 1)[0] not in CONDITIONS
    small = cues.SMALL_DONE.search(norm)
    rows: tuple[tuple[object, str, float], ...] = (
        (cues.FOLLOW.search(norm) and cues.FUTURE.search(norm) and not refused, "follow_ups", 3),
        (refused and not cues.IDLE_REFUSED.search(norm), "outcome", 2.5),
        (happened and cues.DONE.search(norm), "actions", 1 if small else 3),
        (happened and cues.RESOLVED.search(norm), "outcome", 3),
        (happened and cues.GOING.search(norm) and not cues.IDLE_GOING.search(norm), "actions", 2),
        (states, "outcome", 1.4),
    )
    return next(((section, weight) for holds, section, weight in rows if holds), ("", 0))


def factual(clauses: Sequence[Clause]) -> list[Clause]:
    """Clauses with an amount, a date or a reference, but for those that only verify the caller."""
    verified = {
        clause.turn + 1 for clause in clauses if clause.role == "agent" and cues.VERIFIES.search(clause.norm)
    }
    return [clause for clause in clauses if clause.turn not in verified and _is_factual(clause)]


def _is_factual(clause: Clause) -> bool:
    norm = clause.norm
    spelled = sum(len(token.norm) == 1 and token.norm.isalpha() for token in clause.tokens) > 3
    asks = clause.asks or opens_question(norm) or norm.startswith(_ASKING)
    said_back = clause.role == "agent" and cues.REPORTED.search(norm)
    if spelled or asks or said_back or cues.CHATTER.search(norm) or len(clause.tokens) > MAX_CLAUSE_WORDS:
        return False
    return len(content_words(norm)) >= 3 and bool(facts.marks(clause.text))


def opens_question(norm: str) -> bool:
    """Whether the first word is one that questions start with."""
    return norm.split(" ", 1)[0] in QUESTION_START

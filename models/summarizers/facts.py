"""Facts that a note should not lose: answers to the agent's questions, amounts, dates, masked references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.summarizers import cues
from models.summarizers.clauses import Clause
from models.summarizers.person import words_of
from models.text.dates import CalendarDate, WeekdayRef, find_dates
from models.text.money import find_money
from models.text.numbers import find_numbers
from models.text.times import ClockTime

_NOT_KEPT: Final = re.compile(
    r"\b(?:name|birth|birthday|social|pin|password|passcode|maiden|code|spell\w*|question|security"
    r"|help|reason|problem|issue|day|doing"
    r"|mind|matter|is this|that|it|digits|otp|cvv|best way)\b"
)
"""Labels of questions that verify the caller, or ask nothing that belongs in a note."""
_WHAT_IS: Final = re.compile(
    r"(?:what|what's|and what)(?: is| was| would be| are|'s)? (?:the|your|be the|be your) (.+)$"
)
_WHICH: Final = re.compile(
    r"(?:which|what) ((?!is\b|was\b|are\b|would\b|can\b|did\b|do\b|about\b)\w+(?: \w+)?) (?:would|did"
    r"|do|is|was|are|will|should)\b(.*)$"
)
_PURPOSE: Final = re.compile(r"\b(to \w+)(?: (?:it|today|please|in|into|with|for|from).*)?$")
_LABEL_END: Final = re.compile(
    r" (?:please|today|for (?:you|the|this|that|me)|that|you|do|is|in|on|and|so|as|sir|ma'am"
    r"|account number)\b.*$"
)
_ANSWER_LEAD: Final = re.compile(
    r"^(?:(?:it's|it is|it was|that's|that is|that would be|this is|is|are|was|the|my|from|into|in|on"
    r"|for|at|i want|i'd like|i would like"
    r"|so|um|just|to|because|of|i'm|i am|a|an|(?:the |my )?\w+(?: of the \w+)? is) )+"
)
_UNSURE: Final = re.compile(
    r"\b(?:sorry|don't know|not sure|what|why|repeat|i mean|can you|could you|do you|i don't|how)\b"
)
_POINTS: Final = (CalendarDate, ClockTime, WeekdayRef)
_MAX_ANSWER_WORDS = 12


@dataclass(frozen=True, slots=True)
class Fact:
    """ "Transfer amount: ninety dollars", with the lines it stands in."""

    text: str
    lines: tuple[int, ...]


def marks(text: str) -> frozenset[str]:
    """Amounts, percentages, dates, times of day and masks of a text, each in one canonical form."""
    values: list[object] = [found.value for found in find_money(text)]
    values += [found.value for found in find_dates(text) if isinstance(found.value, _POINTS)]
    values += [found.value for found in find_numbers(text) if found.value.kind == "percent"]
    return frozenset([repr(value) for value in values] + re.findall(cues.MASK, text.lower()))


def answers(clauses: Sequence[Clause]) -> list[Fact]:
    """Questions of the agent that name a slot, with the customer's short answer."""
    facts = []
    for place, clause in enumerate(clauses):
        if clause.role != "agent" or (label := _label(clause.norm)) is None:
            continue
        answer = [later for later in clauses[place + 1 :] if later.turn == clause.turn + 1]
        answer = [part for part in answer if part.role == "customer"]
        asked_on = any(later.turn == clause.turn for later in clauses[place + 1 :])
        if answer and not asked_on and (words := _answer(answer)):
            lines = {*clause.lines, *(line for part in answer for line in part.lines)}
            facts.append(Fact(f"{label[:1].upper()}{label[1:]}: {words}.", tuple(sorted(lines))))
    return facts


def _label(norm: str) -> str | None:
    if match := _WHAT_IS.search(norm):
        label = _LABEL_END.sub("", match.group(1))
    elif match := _WHICH.search(norm):
        purpose = _PURPOSE.search(match.group(2))
        label = match.group(1) + (f" {purpose.group(1)}" if purpose else "")
    else:
        return None
    cut_off = label.endswith((" of", " for", " the", " to", " on", " in")) or label in {"it", "date"}
    return label if len(label.split()) <= 4 and not cut_off and not _NOT_KEPT.search(label) else None


def _answer(parts: Sequence[Clause]) -> str:
    norm = " ".join(part.norm for part in parts)
    asks = cues.REQUEST.search(norm) or cues.CHATTER.search(norm)
    if asks or len(norm.split()) > _MAX_ANSWER_WORDS or _UNSURE.search(norm) or cues.META.search(norm):
        return ""
    written = []
    for part in parts:
        lead = _ANSWER_LEAD.match(part.norm + " ")
        tokens = part.tokens[lead.group().count(" ") if lead else 0 :]
        written.append(
            " ".join(token.text for token in tokens).strip(" .,;?!").removesuffix(" would be fine")
        )
    kept = list(dict.fromkeys(text for text in written if text))
    return ", ".join(kept) if any(len(word) > 1 for text in kept for word in words_of(text)) else ""

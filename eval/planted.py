"""Errors planted in sentences of notes, one at a time, by kind. The same seed plants the same errors."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from models.text.facts import Fact, find_facts, find_values
from models.types import Line, Statement

KINDS = ("number", "money", "date", "time", "name", "negation", "promise", "actor")
"""Kinds of planted error: the kinds of fact, and "actor" for agent and customer changed over."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "October", "November")
_NAMES = ("Marlowe", "Quillfeather", "Ostrander", "Brackenridge", "Thistledown")
_PROMISES: Mapping[str, str] = {
    r"refund|credit|reimburs|money back|give back|return": "Agent will refund the fee.",
    r"waiv|remov|revers": "Agent waived the charge.",
    r"upgrad|promot": "Agent will upgrade the account for free.",
    r"gift|voucher|bonus|compensat|credit|give|offer|put|pay|add": "Agent promised a gift of $75.",
    r"guarantee|promis|assur": "Agent guaranteed that it will not happen again.",
}
_NUMERAL = re.compile(r"\d+")
_AUXILIARY = re.compile(
    r"\b(is|are|was|were|will|can|could|(?:has|have|had)(?= \w+ed\b| been\b))\b(?! not\b)(?= [a-z])"
)
_ED = re.compile(r"^(Customer|Agent) (\w+)(ed)\b")
_NOT = re.compile(r" not\b|\bnot |(?<=n)n't\b|(?<=[a-z])n't\b| never\b|\bno (?=\w)|\bwithout (?=a )")


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence with one error. `source`: "new", the wrong value is nowhere on the call; "call", it is
    another of the call's; "" where there is no value."""

    kind: str
    statement: Statement
    source: str = ""


def plant(statement: Statement, lines: Sequence[Line], seed: int) -> list[Planted]:
    """One error of each kind that the sentence can take, and an invented promise beside it."""
    chance = random.Random(f"{seed}:{statement.text}")
    facts = find_facts(statement.text)
    found = [
        made
        for kind in ("number", "money", "date", "time", "name")
        if (made := _changed(kind, statement, [fact for fact in facts if fact.kind == kind], lines, chance))
    ]
    denial = _denied(statement.text)
    promise = _promised(lines, chance)
    actor = _swapped(statement.text)
    for kind, text in (("negation", denial), ("promise", promise), ("actor", actor)):
        if text is not None:
            section = "follow_ups" if kind == "promise" else statement.section
            found.append(Planted(kind, Statement(section, text, statement.evidence)))
    return found


def _changed(
    kind: str, statement: Statement, facts: Sequence[Fact], lines: Sequence[Line], chance: random.Random
) -> Planted | None:
    if not facts or statement.text[facts[0].start] == "[":
        return None
    fact = chance.choice(list(facts))
    other = _of_the_call(kind, facts, lines, chance) if chance.random() < 0.5 else None
    said = statement.text[fact.start : fact.end]
    new = other or _another(kind, said, lines, chance)
    if new is None or new == said:
        return None
    text = statement.text[: fact.start] + new + statement.text[fact.end :]
    again = [one.value for one in find_facts(text) if one.kind == kind]
    if [one.value for one in facts] == again:
        return None
    return Planted(kind, Statement(statement.section, text, statement.evidence), "call" if other else "new")


def _of_the_call(
    kind: str, facts: Sequence[Fact], lines: Sequence[Line], chance: random.Random
) -> str | None:
    """Words of another value of this kind that fell on the call, but for those in the sentence."""
    held = {repr(fact.value) for fact in facts}
    mine = type(facts[0].value)
    read = find_facts if kind == "name" else find_values
    others = [
        line.text[one.start : one.end]
        for line in lines
        for one in read(line.text)
        if one.kind == kind and type(one.value) is mine and repr(one.value) not in held
    ]
    return chance.choice(others) if others else None


def _another(kind: str, said: str, lines: Sequence[Line], chance: random.Random) -> str | None:
    """A value of this kind that is not on the call."""
    call = " ".join(line.text for line in lines).casefold()
    if kind == "name":
        return chance.choice(_NAMES)
    makers: list[Callable[[], str]] = [
        lambda: _NUMERAL.sub(lambda _: str(chance.randint(2, 28)), said, count=1)
    ]
    for row in (_DAYS, _MONTHS):
        for one in row:
            if one in said:
                makers.append(partial(_with_another, said, one, row, chance))
    spoken = {"two": "nine", "three": "eight", "five": "eleven", "ten": "fourteen", "yesterday": "last week"}
    spoken |= {
        "one": "six",
        "today": "next month",
        "tomorrow": "next month",
        "tonight": "next week",
        "a ": "four ",
    }
    for word, other in spoken.items():
        if re.search(rf"\b{word}", said):
            makers.append(partial(re.sub, rf"\b{word}", other, said, count=1))
    for _ in range(12):
        new = chance.choice(makers)()
        if new != said and new.casefold() not in call:
            return new
    return None


def _with_another(said: str, one: str, row: Sequence[str], chance: random.Random) -> str:
    return said.replace(one, chance.choice(row))


def _denied(text: str) -> str | None:
    """The sentence with its "not" left out, or with one put in."""
    if '"' in text:
        return None
    if _NOT.search(text):
        full = text.replace("can't", "can not").replace("won't", "will not").replace("cannot", "can not")
        return re.sub(r"  +", " ", _NOT.sub(" ", full, count=1))
    past = _ED.match(text)
    if past is not None:
        return f"{past[1]} never {past[2]}ed{text[past.end() :]}"
    return _AUXILIARY.sub(r"\1 not", text, count=1) if _AUXILIARY.search(text) else None


def _promised(lines: Sequence[Line], chance: random.Random) -> str | None:
    """A promise of a kind of which the agent never spoke."""
    agent = " ".join(line.text for line in lines if line.role != "customer").casefold()
    free = [text for words, text in _PROMISES.items() if not re.search(words, agent)]
    return chance.choice(free) if free and agent else None


def _swapped(text: str) -> str | None:
    match = re.match(r"(Customer|Agent)(?= (?!said|asked|told)\w)", text)
    if match is None or '"' in text or re.match(r"\w+ (?:and|or)\b", text):
        return None
    return ("Agent" if match[1] == "Customer" else "Customer") + text[match.end() :]

"""Errors planted in sentences of notes, one at a time, by kind. The same seed plants the same errors."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from models.text.dates import CalendarDate, RelativeDay, WeekdayRef
from models.text.facts import Counted, Fact, Name, Period, Value, find_facts, find_values
from models.text.times import ClockTime
from models.types import Line, Statement

PLANTED_VERSION = 2
"""Of the rules by which errors are planted; figures of two versions are not compared.

1: any name or number of the call could stand in for another. 2: what stands in must be a value of the same
sort that no writer would call equal, names are names and no tags or addresses, and denials are real English.
"""

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
    r"\b(is|are|was|were|will|can|could|(?:has|have|had)(?= \w+ed\b| been\b))\b"
    r"(?! (?:not|never|no|none|nobody|nothing|unable|only|just|also|even|simply)\b)(?= [a-z])"
)
_ED = re.compile(r"^(Customer|Agent) (\w{2,}ed)\b(?! (?:only|just|nothing|nobody|no)\b)")
_NOT = re.compile(
    r"(?P<short>\b(?:is|are|was|were|do|does|did|have|has|had|could|would|should|must|ca|wo)n't\b)"
    r"|(?P<not>(?<=\w) not\b)|(?P<cannot>\bcannot\b)|(?P<never>\bnever )|(?P<no>\bno (?=\w))"
    r"|(?P<without>\bwithout (?=an? ))"
)
_IDLE = re.compile(r" (?:only|just|sure|to say|all|at all|even|yet)\b|\W*$|\s*[,.;:?!)-]")
"""What may follow a "not" that denies nothing of its own, or would be left hanging without it."""
_IDLE_NO = re.compile(r"(?:one|longer|problem|problems|worries|worry|doubt|matter|more|way|idea|need)\b")
_FULL = {"wo": "will", "ca": "can"}
_TAGGED = "@^#<*"
"""What stands before a handle, a signature or a tag: these are no names that a note would give."""


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
    if kind == "name":
        facts = [fact for fact in facts if _is_name(fact, statement.text, lines)]
    if not facts:
        return None
    fact = chance.choice(list(facts))
    other = _of_the_call(kind, facts, fact, lines, chance) if chance.random() < 0.5 else None
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
    kind: str, facts: Sequence[Fact], fact: Fact, lines: Sequence[Line], chance: random.Random
) -> str | None:
    """Words of another value of this sort that fell on the call, but for those in the sentence."""
    read = find_facts if kind == "name" else find_values
    others = [
        line.text[one.start : one.end]
        for line in lines
        for one in read(line.text)
        if one.kind == kind
        and one.end > one.start
        and not _is_tagged(line.text, one.start, one.end)
        and _is_of_sort(one, fact)
        and not any(_may_be_equal(one, held) for held in facts)
    ]
    return chance.choice(others) if others else None


def _is_tagged(text: str, start: int, end: int) -> bool:
    """Whether these words are an address, a signature, a tag or an abbreviation in capitals."""
    said = text[start:end]
    return text[max(start - 1, 0) : start] in tuple(_TAGGED) or (said.isupper() and said.isalpha())


def _is_of_sort(one: Fact, fact: Fact) -> bool:
    if isinstance(one.value, Counted) and isinstance(fact.value, Counted):
        return one.value.number.kind == fact.value.number.kind
    return type(one.value) is type(fact.value)


def _may_be_equal(one: Fact, held: Fact) -> bool:
    """Whether a reader could take two values for the same: one tells less of what the other tells."""
    mine, said = one.value, held.value
    if isinstance(mine, Name) and isinstance(said, Name):
        return set(mine.words) <= set(said.words) or set(said.words) <= set(mine.words)
    if isinstance(mine, Counted) and isinstance(said, Counted):
        few, many = sorted((mine.number.digits, said.number.digits), key=len)
        return mine.number.value == said.number.value or (len(few) > 2 and few in many)
    if type(mine) is not type(said):
        return isinstance(mine, Period | RelativeDay) and isinstance(said, Period | RelativeDay)
    return all(a is None or b is None or a == b for a, b in zip(_parts(mine), _parts(said), strict=True))


def _parts(value: Value) -> tuple[object, ...]:
    """What a date or time tells, part by part; a weekday is the same one in whichever week."""
    if isinstance(value, WeekdayRef):
        return (value.weekday,)
    if isinstance(value, CalendarDate):
        return (value.year, value.month, value.day)
    return (value.hour, value.minute) if isinstance(value, ClockTime) else (value,)


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


def _is_name(fact: Fact, text: str, lines: Sequence[Line]) -> bool:
    """Whether words that are taken for a name are one: the call writes them as a name, too."""
    if _is_tagged(text, fact.start, fact.end):
        return False
    return any(
        one.value == fact.value and not _is_tagged(line.text, one.start, one.end)
        for line in lines
        for one in find_facts(line.text)
        if one.kind == "name"
    )


def _denied(text: str) -> str | None:
    """The sentence with its first "not" left out, or with one put in; None where neither makes a sentence."""
    if '"' in text:
        return None
    found = _NOT.search(text)
    if found is not None:
        return _affirmed(text, found)
    past = _ED.match(text)
    if past is not None:
        return f"{past[1]} never {past[2]}{text[past.end() :]}"
    return _AUXILIARY.sub(r"\1 not", text, count=1) if _AUXILIARY.search(text) else None


def _affirmed(text: str, found: re.Match[str]) -> str | None:
    """The sentence without the "not" that was found, unless nothing sensible is left."""
    before, after = text[: found.start()], text[found.end() :]
    if found["no"] or found["never"]:
        return None if found["no"] and _IDLE_NO.match(after) else before + after
    if found["without"]:
        return f"{before}with {after}"
    if _IDLE.match(after):
        return None
    verb = (found["short"] or "").removesuffix("n't")
    return before + ("can" if found["cannot"] else _FULL.get(verb, verb)) + after


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

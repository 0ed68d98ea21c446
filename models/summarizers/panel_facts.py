"""Where members of a panel tell a fact differently: an amount, a number, a date, a time, a name, a promise.

Two statements tell of the same thing when they share evidence and some words, or have one section and most of
their words. Of such statements facts of one kind are compared; what one tells and another leaves out is no
disagreement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.summarizers.choose import content_words, stems
from models.text.dates import find_dates
from models.text.money import find_money
from models.text.numbers import find_numbers
from models.text.times import ClockTime, Duration
from models.types import Disagreement, FactKind, MemberNote, Statement

SHARED_WITH_EVIDENCE = 0.3
SHARED_WITHOUT = 0.6
"""Of the words of the shorter statement, how many the longer one has, where both cite a line or none."""

KINDS: tuple[FactKind, ...] = ("money", "number", "date", "time", "name", "promise")

_NAME = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_PARTIES = stems(frozenset({"agent", "customer"}))
_NOBODY = frozenset({"Agent", "Customer", "The", "Call"})
_PROMISE = re.compile(r"\bagent\b.*\b(will|promised|guaranteed|would|agreed to)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"\b(not|never|no|can't|cannot|couldn't|won't|wouldn't|didn't|refused|declined)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Told:
    """One fact of one statement: what it is, in a form that compares, and its words."""

    kind: FactKind
    value: object
    words: str


def facts_of(text: str) -> tuple[Told, ...]:
    """The facts of a statement; an amount is no number besides, and a date's parts are none."""
    found = [Told("money", one.value, text[one.start : one.end]) for one in find_money(text)]
    spans = [(one.start, one.end) for one in find_money(text)]
    for when in find_dates(text):
        kind: FactKind = "time" if isinstance(when.value, ClockTime | Duration) else "date"
        found.append(Told(kind, when.value, text[when.start : when.end]))
        spans.append((when.start, when.end))
    for number in find_numbers(text):
        if not any(start < number.end and number.start < end for start, end in spans):
            found.append(Told("number", number.value, text[number.start : number.end]))
    names = [
        match
        for match in _NAME.finditer(text)
        if match[0] not in _NOBODY and not any(a < match.end() and match.start() < b for a, b in spans)
    ]
    found += [Told("name", match[0].casefold(), match[0]) for match in names]
    return (*found, *_promise(text))


def values_of(text: str) -> frozenset[object]:
    """What is to be equal in statements that are to be one."""
    return frozenset((told.kind, told.value) for told in facts_of(text))


def alike(first: Statement, second: Statement) -> bool:
    """Whether two statements tell of the same thing."""
    share = shared(first, second)
    if set(first.evidence) & set(second.evidence):
        return share >= SHARED_WITH_EVIDENCE
    return first.section == second.section and share >= SHARED_WITHOUT


def shared(first: Statement, second: Statement) -> float:
    """Of the words of the shorter statement, the share that the longer one has."""
    one, other = _words(first), _words(second)
    least = min(len(one), len(other))
    return len(one & other) / least if least else 0.0


def disagreements(members: Sequence[MemberNote]) -> tuple[Disagreement, ...]:
    """Facts that members tell differently, by kind, each once."""
    found: dict[Disagreement, None] = {}
    for group in _groups(members):
        for kind in KINDS:
            told = _differing(kind, group)
            if told:
                found.setdefault(Disagreement(kind, told))
    order = {kind: place for place, kind in enumerate(KINDS)}
    return tuple(sorted(found, key=lambda one: order[one.kind]))


def _differing(kind: FactKind, group: Sequence[tuple[str, Statement]]) -> tuple[tuple[str, str], ...]:
    """Who tells which words, where two members share no value of this kind."""
    values: dict[str, dict[object, str]] = {}
    for name, row in group:
        for told in facts_of(row.text):
            if told.kind == kind:
                values.setdefault(name, {}).setdefault(told.value, told.words)
    names = list(values)
    apart = any(
        not values[one].keys() & values[other].keys()
        for i, one in enumerate(names)
        for other in names[i + 1 :]
    )
    return tuple((name, ", ".join(values[name].values())) for name in names) if apart else ()


def _groups(members: Sequence[MemberNote]) -> Iterator[list[tuple[str, Statement]]]:
    """For every statement, those of other members that tell of the same, the likest one a member."""
    rows = [(member.summarizer, row) for member in members for row in member.statements]
    for name, row in rows:
        others: dict[str, Statement] = {}
        for other, candidate in rows:
            if other != name and alike(row, candidate):
                others[other] = _likest(row, [candidate, *([others[other]] if other in others else [])])
        if others:
            together = {name: row, **others}
            yield [
                (member.summarizer, together[member.summarizer])
                for member in members
                if member.summarizer in together
            ]


def _likest(row: Statement, candidates: Iterable[Statement]) -> Statement:
    words = _words(row)
    return max(candidates, key=lambda one: len(words & _words(one)))


def _words(row: Statement) -> frozenset[str]:
    """What a statement is about; who it is about is no matter."""
    return stems(content_words(row.text)) - _PARTIES


def _promise(text: str) -> tuple[Told, ...]:
    """What the agent is to do, and whether it was promised or refused."""
    found = _PROMISE.search(text)
    if found is None:
        return ()
    return (Told("promise", not _DENIED.search(text), text.strip()),)

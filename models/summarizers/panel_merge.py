"""One note out of several without a model: what they tell, each thing once, what most agree on first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.summarizers.panel_facts import SHARED_WITHOUT, shared, values_of
from models.types import SECTIONS, MemberNote, Statement

MOST_IN_SECTION = 4


@dataclass(slots=True)
class _Kept:
    """A statement, who tells it, and all that it rests on."""

    statement: Statement
    place: int
    by: set[int] = field(default_factory=set)
    evidence: dict[str, None] = field(default_factory=dict)


def merged(members: Sequence[MemberNote], order: Mapping[str, int]) -> tuple[Statement, ...]:
    """The statements of all members; those that tell the same, facts included, are one.

    Its words are those of the member named first, its evidence is all of theirs in the call's `order`. In a
    section what more members agree on comes first; `MOST_IN_SECTION` are kept.
    """
    kept: list[_Kept] = []
    for number, member in enumerate(members):
        for row in member.statements:
            others = (one for one in kept if number not in one.by)
            same = next((one for one in others if _same(one.statement, row)), None)
            if same is None:
                same = _Kept(row, len(kept))
                kept.append(same)
            same.by.add(number)
            same.evidence |= dict.fromkeys(row.evidence)
    found: list[Statement] = []
    for section in SECTIONS:
        rows = [one for one in kept if one.statement.section == section]
        rows.sort(key=lambda one: (-len(one.by), one.place))
        found += [_united(one, order) for one in rows[:MOST_IN_SECTION]]
    return tuple(found)


def _same(first: Statement, second: Statement) -> bool:
    return (
        first.section == second.section
        and shared(first, second) >= SHARED_WITHOUT
        and values_of(first.text) == values_of(second.text)
    )


def _united(one: _Kept, order: Mapping[str, int]) -> Statement:
    evidence = sorted(one.evidence, key=lambda line: order.get(line, len(order)))
    return replace(one.statement, evidence=tuple(evidence))

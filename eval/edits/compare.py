"""Two texts held beside each other: the class of the edit, and what it needs to be told."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from typing import Final

from eval.edits.align import Changed, Group, changed, group
from eval.edits.changes import changes_of, is_critical
from eval.edits.edit import Change, EditClass
from eval.edits.notes import Unit
from eval.edits.rates import Rates, rates
from eval.edits.words import Word, content

LONGEST: Final = 100_000
"""Characters of changed sentences past which they are not read: each counts as removed or added."""
MOST_CHANGES: Final = 1_000
"""Changes of one edit that are told."""


class Comparison:
    """Sentences of a draft and its final that are not equal in normal form.

    `said_before` and `said_after` are the normal forms of all sentences of the whole draft and final: a
    section neither gains nor loses what stands elsewhere in the note, nor does a text that repeats itself.
    """

    def __init__(
        self,
        draft: Sequence[Unit],
        final: Sequence[Unit],
        said_before: AbstractSet[str],
        said_after: AbstractSet[str],
    ) -> None:
        self._draft, self._final = draft, final
        self._pairs = _matched(draft, final)
        kept_before = {i for i, _ in self._pairs}
        kept_after = {j for _, j in self._pairs}
        self._rest = _rest(draft, kept_before), _rest(final, kept_after)
        self._before = [
            (u, gap) for u, gap in self._rest[0] if not u.is_heading and u.normal not in said_after
        ]
        self._after = [
            (u, gap) for u, gap in self._rest[1] if not u.is_heading and u.normal not in said_before
        ]
        self._is_long = sum(len(unit.text) for unit, _ in self._before + self._after) > LONGEST

    @cached_property
    def edit_class(self) -> EditClass:
        """From cosmetic on: texts that are equal in normal form are not compared."""
        if self._is_cosmetic():
            return "cosmetic"
        if self._is_rewritten():
            return "rewritten"
        return "material" if self.decided_by is not None and is_critical(self.decided_by) else "minor"

    @cached_property
    def decided_by(self) -> Change | None:
        """The first critical change, else the first."""
        first = None
        for change in self._all_changes():
            if is_critical(change):
                return change
            first = first or change
        return first

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """In the order of the draft, then sentences added, then what moved; at most `MOST_CHANGES`."""
        return tuple(change for change, _ in zip(self._all_changes(), range(MOST_CHANGES), strict=False))

    @cached_property
    def rates(self) -> Rates:
        """Over sentences that stay, in the order of either text, and the content of those that do not."""
        return rates(*self._rows)

    @cached_property
    def _read(self) -> tuple[list[Changed], list[Changed]]:
        return [changed(u, gap) for u, gap in self._before], [changed(u, gap) for u, gap in self._after]

    @cached_property
    def _groups(self) -> list[Group]:
        before, after = self._read
        return group(*_without_equal(before, after))

    @cached_property
    def _rows(self) -> tuple[list[str], list[str]]:
        sides = []
        for units, rest, side in ((self._draft, self._before, 0), (self._final, self._after, 1)):
            if self._is_long:
                read = {id(unit): unit.normal.split() for unit, _ in rest}
            else:
                read = {id(one.unit): [word.key for word in one.words] for one in self._read[side]}
            row: list[str] = []
            for unit in units:
                if not unit.is_heading:
                    row += read[id(unit)] if id(unit) in read else unit.normal.split()
            sides.append(row)
        return sides[0], sides[1]

    def _is_cosmetic(self) -> bool:
        """Whether headings and content are the same, in order."""
        if self._is_long or _headings(self._rest[0]) or _headings(self._rest[1]):
            return False
        if any(j1 > j2 for (_, j1), (_, j2) in zip(self._pairs, self._pairs[1:], strict=False)):
            return False
        if len(self._before) + len(self._after) == len(self._rest[0]) + len(self._rest[1]):
            before, after = self._read
            return _stream(before) == _stream(after)
        # A sentence said twice may have been matched with its double, so that the places tell nothing.
        if sum(len(unit.text) for unit in (*self._draft, *self._final)) > LONGEST:
            return False
        return _whole(self._draft) == _whole(self._final)

    def _is_rewritten(self) -> bool:
        """By the rates; but one change alone, such as one sentence removed, is judged as what it is."""
        found = self.rates
        if found.is_little_kept:
            return True
        return found.is_ter_high and (self._is_long or len(self.changes) > 1)

    def _all_changes(self) -> Iterator[Change]:
        told = False
        for change in self._texts_and_moves():
            told = True
            yield change
        if not told:
            yield Change("word", _first(self._rest[0]), _first(self._rest[1]))

    def _texts_and_moves(self) -> Iterator[Change]:
        if self._is_long:
            yield from (Change("removed", unit.text, "", unit.section) for unit, _ in self._before)
            yield from (Change("added", "", unit.text, unit.section) for unit, _ in self._after)
        else:
            names = self._names()
            for one in self._groups:
                yield from _of_group(one, names)
        yield from self._moves()

    def _names(self) -> frozenset[str]:
        before, after = self._read
        return frozenset(w.key for one in (*before, *after) for w in one.words if w.kind == "name")

    def _moves(self) -> Iterator[Change]:
        """Sentences that stay but stand elsewhere, are said once more or once less, and headings."""
        kept = _longest_rising([j for _, j in self._pairs])
        for place, (i, j) in enumerate(self._pairs):
            old, new = self._draft[i], self._final[j]
            if place not in kept or old.section != new.section:
                yield Change("word", old.text, new.text, new.section)
        told = {id(unit) for unit, _ in (*self._before, *self._after)}
        for unit, _ in self._rest[0]:
            if id(unit) not in told:
                yield Change("word", unit.text, "", unit.section)
        for unit, _ in self._rest[1]:
            if id(unit) not in told:
                yield Change("word", "", unit.text, unit.section)


def _of_group(one: Group, names: frozenset[str]) -> list[Change]:
    if not one.after:
        return [Change("removed", each.unit.text, "", each.unit.section) for each in one.before if each.words]
    if not one.before:
        return [Change("added", "", each.unit.text, each.unit.section) for each in one.after if each.words]
    words: list[list[Word]] = [[w for each in side for w in each.words] for side in (one.before, one.after)]
    return changes_of(words[0], words[1], one.before[0].unit.section, names)


def _matched(draft: Sequence[Unit], final: Sequence[Unit]) -> list[tuple[int, int]]:
    """Places of equal units, in the order of the draft: first those of one section, then of any."""
    pairs: list[tuple[int, int]] = []
    free = set(range(len(draft)))
    taken: set[int] = set()
    for by_section in (True, False):
        places: dict[tuple[str, str, bool], list[int]] = {}
        for j in range(len(final) - 1, -1, -1):
            if j not in taken:
                places.setdefault(_identity(final[j], by_section), []).append(j)
        for i in sorted(free):
            waiting = places.get(_identity(draft[i], by_section))
            if waiting:
                pairs.append((i, waiting.pop()))
                free.discard(i)
                taken.add(pairs[-1][1])
    return sorted(pairs)


def _identity(unit: Unit, by_section: bool) -> tuple[str, str, bool]:
    return unit.normal, unit.section if by_section else "", unit.is_heading


def _rest(units: Sequence[Unit], kept: set[int]) -> list[tuple[Unit, int]]:
    """Units that found no equal, each with how many kept ones stand before it."""
    rest, gap = [], 0
    for place, unit in enumerate(units):
        if place in kept:
            gap += 1
        else:
            rest.append((unit, gap))
    return rest


def _first(rest: Sequence[tuple[Unit, int]]) -> str:
    return rest[0][0].text if rest else ""


def _headings(rest: Sequence[tuple[Unit, int]]) -> int:
    return sum(unit.is_heading for unit, _ in rest)


def _stream(side: Sequence[Changed]) -> list[tuple[int, str]]:
    return [(one.gap, word.key) for one in side for word in one.words]


def _whole(units: Sequence[Unit]) -> list[str]:
    return [
        key
        for unit in units
        for key in ([f"{unit.normal}:"] if unit.is_heading else [word.key for word in content(unit.text)])
    ]


def _without_equal(
    before: Sequence[Changed], after: Sequence[Changed]
) -> tuple[list[Changed], list[Changed]]:
    """Without sentences whose content is equal: "$50" and "50 dollars" make no change."""
    keys = [Counter(tuple(word.key for word in one.words) for one in side) for side in (before, after)]
    common = keys[0] & keys[1]
    left = []
    for side in (before, after):
        budget = common.copy()
        rest = []
        for one in side:
            key = tuple(word.key for word in one.words)
            if budget[key] > 0:
                budget[key] -= 1
            else:
                rest.append(one)
        left.append(rest)
    return left[0], left[1]


def _longest_rising(places: Sequence[int]) -> set[int]:
    """Indices of a longest rising subsequence: what stayed in order (patience sorting)."""
    tails: list[int] = []
    at: list[int] = []
    previous: list[int] = []
    for index, place in enumerate(places):
        spot = bisect_left(tails, place)
        if spot == len(tails):
            tails.append(place)
            at.append(index)
        else:
            tails[spot], at[spot] = place, index
        previous.append(at[spot - 1] if spot else -1)
    kept: set[int] = set()
    index = at[-1] if at else -1
    while index >= 0:
        kept.add(index)
        index = previous[index]
    return kept

"""Whether something else was said in the place where a note has a value: the same words around another one.

A note and what was said are laid beside each other word by word (`models.text.strands`). Where the words
around a value of the note stand around another value, and not nearly as many around this one, the note took a
value that was said of something else. With few words in common nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.text.facts import Counted, Fact, Name
from models.text.strands import END, Strand, ends_at, run_of
from models.text.tokens import listed
from pipeline.core.grounding_call import CallText
from pipeline.core.grounding_values import is_pieced, same_value

AROUND = 2.0
"""So much of the words around must be around the other value, too (see `run_of`)."""
AHEAD = 1.0
"""And by so much more than around the value itself."""
NAME_AROUND = 1.5
"""The same for names, where both sides must agree."""
ONE_SIDE = 2.0
"""So much before a name is enough where the line has nothing of the note's own name."""
_CORRECTING = frozenset(listed("sorry mean meant correction rather wait mistake"))
_SOON = 3
"""A value that follows so soon in one sentence may take the one before back."""
_CUE_REACH = 6
"""So far away from both a word may stand that says so."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Words [first, after) of a strand, and how much of what is around them is around the note's value."""

    line: int
    first: int
    after: int
    left: float
    right: float

    @property
    def around(self) -> float:
        """Both sides."""
        return self.left + self.right


def slot_at(strand: Strand, span: tuple[int, int], line: int, call: CallText, at: tuple[int, int]) -> Slot:
    """The slot `at` of a line, measured against the words around the span of a note's strand."""
    told = call.strand(line)
    left = run_of(strand, span[0] - 1, told, at[0] - 1, -1)
    right = run_of(strand, span[1], told, at[1], 1)
    return Slot(line, at[0], at[1], left, right)


def value_displaced(fact: Fact, strand: Strand, lines: Sequence[int], call: CallText) -> bool:
    """Whether another value of the kind stands where the note has this one."""
    span = strand.between(fact.start, fact.end)
    same: list[Slot] = []
    others: list[Slot] = []
    for line in lines:
        for other in call.values(line):
            at = call.strand(line).between(other.start, other.end)
            slot = slot_at(strand, span, line, call, at)
            if same_value(fact, other) or is_pieced(fact, [other]):
                same.append(slot)
            elif other.kind == fact.kind and other.end > other.start and not _is_part(other, fact):
                others.append(slot)
    best = max((slot.around for slot in same), default=0.0)
    return any(
        slot.around >= max(AROUND, best + AHEAD) and not _corrected(slot, same, call) for slot in others
    )


def _is_part(other: Fact, fact: Fact) -> bool:
    """Whether a number may be a part of the note's, which was said in pieces."""
    mine, said = fact.value, other.value
    return (
        isinstance(mine, Counted) and isinstance(said, Counted) and said.number.digits in mine.number.digits
    )


def _corrected(slot: Slot, same: Sequence[Slot], call: CallText) -> bool:
    """Whether a value was taken back for the note's: "thirty, no, thirty-five"."""
    for one in same:
        if (one.line, one.first) <= (slot.line, slot.first):
            continue
        here = one.line == slot.line
        between = call.strand(one.line).words[slot.after if here else 0 : one.first]
        if (here and len(between) <= _SOON and END not in between) or (
            len(between) <= _CUE_REACH and _CORRECTING & set(between)
        ):
            return True
    return False


def name_displaced(fact: Fact, name: Name, strand: Strand, near: Sequence[int], call: CallText) -> bool:
    """Whether another name stands where the note has this one."""
    span = strand.between(fact.start, fact.end)
    mine = strand.words[slice(*span)]
    if not mine:
        return False
    best = 0.0
    others: list[Slot] = []
    for line in near:
        told = call.strand(line)
        names = [told.between(other.start, other.end) for other in call.names(line)]
        rivals = [at for at in names if _are_rivals(told.words[slice(*at)], mine)]
        standing = [at for at in _standing(mine, told) if not any(at[0] in range(*one) for one in rivals)]
        best = max([best, *(slot_at(strand, span, line, call, at).around for at in standing)])
        slots = [slot_at(strand, span, line, call, at) for at in rivals]
        others += [one for one in slots if _closed(one, strand, span, call, alone=not standing)]
    return any(slot.around >= max(NAME_AROUND, best + AHEAD) for slot in others)


def _are_rivals(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names are not one and its half."""
    return bool(set(one) - set(other)) and bool(set(other) - set(one))


def _standing(words: tuple[str, ...], told: Strand) -> Iterator[tuple[int, int]]:
    """Where these words stand, or all that a line has of them: a name may be told by its half."""
    for at, word in enumerate(told.words):
        if word == words[0]:
            row = told.words[at : at + len(words)]
            if row == words:
                yield at, at + len(words)
            elif not set(words[1:]) & set(told.words):
                yield at, at + 1
        elif word in words and words[0] not in told.words:
            yield at, at + 1


def _closed(slot: Slot, strand: Strand, span: tuple[int, int], call: CallText, alone: bool) -> bool:
    """Whether both sides of a slot agree, or end together; before it is enough if `alone`."""
    told = call.strand(slot.line)
    left = slot.left > 0 or (ends_at(strand, span[0] - 1) and ends_at(told, slot.first - 1))
    right = slot.right > 0 or (ends_at(strand, span[1]) and ends_at(told, slot.after))
    return (left and right) or (alone and slot.left >= ONE_SIDE)

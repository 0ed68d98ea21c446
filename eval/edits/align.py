"""Which sentences of a draft became which of the final. Deterministic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eval.edits.notes import Unit
from eval.edits.words import Word, content
from models.text.facts_words import stem

ALIKE: Final = 0.4
"""Least share of words in common (Dice, on stems) of a sentence and its rewording."""
SAME_PLACE: Final = 0.15
"""What it adds that both stand between the same two sentences."""
CONTAINED: Final = 0.6
"""Least share of a sentence's words that another must hold for it to be a part of that one."""
COMPARED: Final = 40_000
"""Pairs of changed sentences that are compared; past it, each only with those at about its own place."""
_NEAR: Final = 20


@dataclass(frozen=True, slots=True)
class Changed:
    """A sentence that the other text does not have: its content, and how many kept ones stand before it."""

    unit: Unit
    words: tuple[Word, ...]
    bag: Counter[str]
    gap: int


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of the draft and those of the final that say the same. Either is empty, or one is single."""

    before: tuple[Changed, ...]
    after: tuple[Changed, ...]


def changed(unit: Unit, gap: int) -> Changed:
    """A changed sentence, read."""
    words = content(unit.text)
    return Changed(unit, words, Counter(_stem(word.key) for word in words), gap)


def group(before: Sequence[Changed], after: Sequence[Changed]) -> list[Group]:
    """Groups in the order of the draft; those of the final alone follow.

    The most alike are joined first. A sentence left over that another one holds is its part: a sentence may
    be split in two, or two be made one.
    """
    partner_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, i, j in sorted(_alike(before, after)):
        if i not in partner_of and j not in taken:
            partner_of[i] = j
            taken.add(j)
    parts_after = _parts(before, after, partner_of)
    back = {j: i for i, j in partner_of.items()}
    parts_before = _parts(after, before, back)
    used = {k for parts in parts_after.values() for k in parts}
    used_before = {k for parts in parts_before.values() for k in parts}
    groups = []
    for i, one in enumerate(before):
        if i in used_before:
            continue
        if i not in partner_of:
            groups.append(Group((one,), ()))
            continue
        j = partner_of[i]
        members = sorted([i, *parts_before.get(j, ())])
        others = sorted([j, *parts_after.get(i, ())])
        groups.append(Group(tuple(before[k] for k in members), tuple(after[k] for k in others)))
    return groups + [Group((), (one,)) for j, one in enumerate(after) if j not in taken and j not in used]


def _alike(before: Sequence[Changed], after: Sequence[Changed]) -> list[tuple[float, int, int]]:
    """(minus how alike, place, place) of pairs that may be one sentence."""
    near = max(len(before), len(after)) if len(before) * len(after) <= COMPARED else _NEAR
    pairs = []
    for i, one in enumerate(before):
        at = i * len(after) // max(len(before), 1)
        for j in range(max(0, at - near), min(len(after), at + near + 1)):
            other = after[j]
            total = len(one.words) + len(other.words)
            if not total:
                continue
            score = 2 * _common(one.bag, other.bag) / total
            if one.gap == other.gap:
                score += SAME_PLACE * (score > 0)
                score = max(score, ALIKE * _is_entry(one, other))
            if score >= ALIKE:
                pairs.append((-score, i, j))
    return pairs


def _is_entry(one: Changed, other: Changed) -> bool:
    """Whether both are no sentences but entries: one word, or the value of the field "Disposition"."""
    sections = {one.unit.section, other.unit.section}
    return len(one.words) == len(other.words) == 1 or sections == {"disposition"}


def _parts(
    wholes: Sequence[Changed], pieces: Sequence[Changed], partner_of: dict[int, int]
) -> dict[int, list[int]]:
    """Whole -> further pieces of it, beside its partner."""
    found: dict[int, list[int]] = {}
    loose = sorted(set(range(len(pieces))) - set(partner_of.values()))
    if not loose or len(loose) * len(partner_of) > COMPARED:
        return found
    rest = {i: wholes[i].bag - pieces[j].bag for i, j in partner_of.items()}
    for k in loose:
        piece = pieces[k]
        if not piece.words:
            continue
        best = max(((_common(rest[i], piece.bag) / len(piece.words), -i) for i in rest), default=(0.0, 0))
        if best[0] >= CONTAINED:
            found.setdefault(-best[1], []).append(k)
            rest[-best[1]] = rest[-best[1]] - piece.bag
    return found


def _common(one: Counter[str], other: Counter[str]) -> int:
    if len(other) < len(one):
        one, other = other, one
    return sum(min(count, other[key]) for key, count in one.items() if key in other)


def _stem(key: str) -> str:
    return stem(key) if key.isalpha() and key.isascii() else key

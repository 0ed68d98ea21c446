"""What changed inside a sentence, and which of it is critical."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import Levenshtein

from eval.edits.edit import Change, ChangeKind
from eval.edits.tables import ANTONYMS, DISPOSITIONS, OPPOSITES, SIDES
from eval.edits.words import Word
from models.text.facts_words import stem

CRITICAL: Final[tuple[ChangeKind, ...]] = (
    "tail",
    "money",
    "date",
    "time",
    "name",
    "number",
    "negation",
    "modality",
    "actor",
    "disposition",
    "added",
    "removed",
)
"""Kinds of change that make an edit material; where two meet at one place, the first names it."""

CLAUSE: Final = 8
"""So many new words in a row, with nothing in their place, count as a sentence added (or removed)."""

_LOOSE: Final = frozenset(("one", "first"))
_VALUES: Final = frozenset(("tail", "money", "date", "time", "name", "number"))


@dataclass(frozen=True, slots=True)
class Run:
    """Words of the draft that other words of the final stand for; either may be empty."""

    before: tuple[Word, ...]
    after: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """What changed of a sentence as a whole: values lost and gained, and kinds that count by the sentence."""

    lost: Counter[str]
    gained: Counter[str]
    kinds: frozenset[ChangeKind]


def changes_of(
    before: Sequence[Word], after: Sequence[Word], section: str, names: frozenset[str] = frozenset()
) -> list[Change]:
    """Changes from one sentence to its rewording, in order.

    `names` are words known as names from elsewhere in the two texts, so that one at the begin of a sentence
    counts too. In section "disposition" every change is one of the disposition.
    """
    before, after = _named(before, names), _named(after, names)
    runs = _runs(before, after)
    verdicts = _judge(before, after, runs)
    found: list[Change] = []
    for run in runs:
        critical = list(_critical(run, verdicts, section))
        told = critical or [Change("word", _said(run.before), _said(run.after), section)]
        if section == "disposition" and not critical:
            told = [Change("disposition", _said(run.before), _said(run.after), section)]
        found += told
    return found


def is_critical(change: Change) -> bool:
    """Whether a change makes an edit material."""
    return change.kind != "word"


def _named(words: Sequence[Word], names: frozenset[str]) -> Sequence[Word]:
    if not names:
        return words
    return [
        word._replace(kind="name") if word.kind == "word" and word.key in names else word for word in words
    ]


def _runs(before: Sequence[Word], after: Sequence[Word]) -> list[Run]:
    """Neighbouring differences, joined."""
    keys = [word.key for word in before], [word.key for word in after]
    runs: list[tuple[int, int, int, int]] = []
    for op in Levenshtein.opcodes(*keys):
        if op.tag == "equal":
            continue
        i1, i2, j1, j2 = op.src_start, op.src_end, op.dest_start, op.dest_end
        if runs and runs[-1][1] == i1 and runs[-1][3] == j1:
            runs[-1] = (runs[-1][0], i2, runs[-1][2], j2)
        else:
            runs.append((i1, i2, j1, j2))
    return [Run(tuple(before[i1:i2]), tuple(after[j1:j2])) for i1, i2, j1, j2 in runs]


def _judge(before: Sequence[Word], after: Sequence[Word], runs: Sequence[Run]) -> _Verdicts:
    had, has = (Counter(w.key for w in words if w.kind in _VALUES) for words in (before, after))
    lost, gained = had - has, has - had
    _forgive_units(lost, gained)
    _forgive_one(runs, lost, gained)
    kinds: set[ChangeKind] = set()
    for kind in ("negation", "modality"):
        if _is_changed(before, after, runs, kind):
            kinds.add(kind)
    sides = [[SIDES[w.key] for w in words if w.kind == "actor"] for words in (before, after)]
    if not _within(*sides) and not _within(sides[1], sides[0]):
        kinds.add("actor")
    groups = [
        Counter(DISPOSITIONS[w.key] for w in words if w.kind == "disposition") for words in (before, after)
    ]
    if groups[0] != groups[1]:
        kinds.add("disposition")
    return _Verdicts(lost, gained, frozenset(kinds))


def _forgive_units(lost: Counter[str], gained: Counter[str]) -> None:
    """ "300" and "$300" are one amount whose unit was left out."""
    for some, others in ((lost, gained), (gained, lost)):
        for key in list(some):
            amount, _, unit = key.partition(" ")
            if len(unit) == 3 and unit.isupper() and amount in others:
                both = min(some[key], others[amount])
                some[key] -= both
                others[amount] -= both
                _drop(some, key)
                _drop(others, amount)


def _forgive_one(runs: Sequence[Run], lost: Counter[str], gained: Counter[str]) -> None:
    """ "One card" and "a card", "first, ...": such a word is no number where no other value stands for it."""
    for side, other, bag in ((0, 1, lost), (1, 0, gained)):
        for run in runs:
            words = (run.before, run.after)
            if any(word.kind in _VALUES for word in words[other]):
                continue
            for word in words[side]:
                if word.text.lower() in _LOOSE and word.key in bag:
                    bag[word.key] -= 1
                    _drop(bag, word.key)


def _drop(bag: Counter[str], key: str) -> None:
    if bag[key] <= 0:
        del bag[key]


def _is_changed(before: Sequence[Word], after: Sequence[Word], runs: Sequence[Run], kind: ChangeKind) -> bool:
    """Whether negations or modal verbs are others than before, or stand before other words.

    Negations are counted. Modal verbs are compared one by one; "to" may stand for "will" ("Agent to call").
    """
    if kind == "negation":
        if _count(before, kind) != _count(after, kind):
            return True
    else:
        had, has = (Counter(word.key for word in words if word.kind == kind) for words in (before, after))
        lost, gained = had - has, has - had
        if lost or gained:
            return not _is_infinitive(before, after, lost, gained)
    moved = any(_count(run.before, kind) != _count(run.after, kind) for run in runs)
    return moved and _followed(before, kind) != _followed(after, kind)


def _is_infinitive(
    before: Sequence[Word], after: Sequence[Word], lost: Counter[str], gained: Counter[str]
) -> bool:
    """Whether "will" became "to" or the other way round, and no other modal verb changed."""
    more = sum(word.key == "to" for word in after) - sum(word.key == "to" for word in before)
    return set(lost) | set(gained) == {"will"} and lost["will"] - gained["will"] == more


def _count(words: Sequence[Word], kind: ChangeKind) -> int:
    return sum(word.kind == kind for word in words)


def _followed(words: Sequence[Word], kind: ChangeKind) -> Counter[str]:
    """The words after those of a kind."""
    return Counter(
        stem(words[place + 1].key) if place + 1 < len(words) else ""
        for place, word in enumerate(words)
        if word.kind == kind
    )


def _within(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether `one` is `other` with some left out."""
    rest = iter(other)
    return all(item in rest for item in one)


def _critical(run: Run, verdicts: _Verdicts, section: str) -> Iterator[Change]:
    """The critical changes of one run; what it takes of lost and gained values is taken off them."""
    gone = [word for word in run.before if word.kind in _VALUES and _take(verdicts.lost, word.key)]
    come = [word for word in run.after if word.kind in _VALUES and _take(verdicts.gained, word.key)]
    for place in range(max(len(gone), len(come))):
        pair = gone[place : place + 1], come[place : place + 1]
        kind = min((word.kind for words in pair for word in words), key=CRITICAL.index)
        yield Change(kind, _said(pair[0]), _said(pair[1]), section)
    yield from _swapped(run, section, {word.key for word in gone}, {word.key for word in come})
    for kind in ("negation", "modality", "actor", "disposition"):
        sides = [[w for w in words if w.kind == kind] for words in (run.before, run.after)]
        if kind in verdicts.kinds and [w.key for w in sides[0]] != [w.key for w in sides[1]]:
            yield Change(kind, _said(sides[0]), _said(sides[1]), section)
    yield from _opposite(run, section)
    yield from _clauses(run, section)


def _take(bag: Counter[str], key: str) -> bool:
    if bag[key] <= 0:
        return False
    bag[key] -= 1
    return True


def _swapped(run: Run, section: str, gone: set[str], come: set[str]) -> Iterator[Change]:
    """Values that changed places: "from $5 to $6" and "from $6 to $5"."""
    if len(run.before) != len(run.after):
        return
    for old, new in zip(run.before, run.after, strict=True):
        is_told = old.key in gone or new.key in come
        if old.kind in _VALUES and new.kind == old.kind and old.key != new.key and not is_told:
            yield Change(old.kind, old.text, new.text, section)


def _opposite(run: Run, section: str) -> Iterator[Change]:
    """ "authorized" and "unauthorized", "credited" and "debited"."""
    if len(run.before) * len(run.after) > 400:
        return
    for old in run.before:
        for new in run.after:
            if old.kind == new.kind == "word" and _are_opposite(old.key, new.key):
                yield Change("negation", old.text, new.text, section)


def _are_opposite(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    turned = len(short) > 3 and long.endswith(short) and long[: -len(short)] in OPPOSITES
    return turned or frozenset((stem(one), stem(other))) in ANTONYMS


def _clauses(run: Run, section: str) -> Iterator[Change]:
    if not run.before and len(run.after) >= CLAUSE:
        yield Change("added", "", _said(run.after), section)
    if not run.after and len(run.before) >= CLAUSE:
        yield Change("removed", _said(run.before), "", section)


def _said(words: Sequence[Word]) -> str:
    """As it is written; a contraction is one word."""
    said: list[str] = []
    for place, word in enumerate(words):
        if not place or word.text is not words[place - 1].text:
            said.append(word.text)
    return " ".join(said)

"""Recurring edits, ranked by how many associates make them.

One associate's habit counts once. What fewer than `least` associates change is counted and not shown. Of
values (amounts, dates, names ...) only the kind is told; words are told as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from eval.edits.edit import ChangeKind
from eval.lessons.reading import Considered, Occurrence, Read
from eval.lessons.redacting import LEAST, Vocabulary, redact
from eval.lessons.topics import Told, find_topics
from models.errors import ConfigError

BY = ("section", "queue", "team")
VALUES: frozenset[ChangeKind] = frozenset(("number", "money", "date", "time", "tail", "name"))
EXAMPLES = 3
KEPT_EXAMPLES = 12
"""Sentences that are kept of a pattern, to choose examples from."""

Place = tuple[str, ...]
Key = tuple[ChangeKind, str, str, Place]


@dataclass(frozen=True, slots=True)
class Example:
    """The sentences before and after, redacted; "" where there was none."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A recurring edit. `place` says where, by name; `before` and `after` are "" for values and sentences.

    `how` is "changed", "added" or "removed"; `topic` are words of sentences that came or went. `share` is of
    the reviews of that place that count; None where that is not known. `opposite` associates make the edit
    the other way round: where they are many, associates differ.
    """

    kind: ChangeKind
    how: str
    place: tuple[tuple[str, str], ...]
    before: str
    after: str
    topic: tuple[str, ...]
    associates: int
    reviews: int
    opposite: int
    share: float | None
    examples: tuple[Example, ...]


@dataclass(slots=True)
class Lessons:
    """All lessons, what they were drawn from, and how many edits are not shown."""

    considered: Considered
    by: tuple[str, ...]
    least: int
    found: list[Lesson] = field(default_factory=list)
    edits: int = 0
    shown: int = 0


@dataclass(slots=True)
class _Pattern:
    """One pattern: who made it, in which reviews, how often, and a few sentences of different associates."""

    edits: int = 0
    associates: set[str] = field(default_factory=set)
    reviews: set[int] = field(default_factory=set)
    sentences: dict[str, Occurrence] = field(default_factory=dict)

    def add(self, associate: str, review: int, occurrence: Occurrence) -> None:
        self.edits += 1
        self.associates.add(associate)
        self.reviews.add(review)
        if len(self.sentences) < KEPT_EXAMPLES:
            self.sentences.setdefault(associate, occurrence)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that came or went."""

    occurrence: Occurrence
    told: Told


def by_of(names: str) -> tuple[str, ...]:
    """What lessons are told apart by. Raises `ConfigError`."""
    by = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    for name in by:
        if name not in BY:
            raise ConfigError(f"lessons cannot be told by {name!r}; by {', '.join(BY)}")
    return by


def draw(reads: Iterable[Read], considered: Considered, by: tuple[str, ...], least: int = LEAST) -> Lessons:
    """The lessons of these edits, those of most associates first."""
    found = Lessons(considered, by, least)
    vocabulary = Vocabulary(max(least, LEAST))
    patterns: dict[Key, _Pattern] = {}
    sentences: dict[tuple[ChangeKind, Place], list[_Sentence]] = {}
    for read in reads:
        vocabulary.add(read.associate, read.words)
        for occurrence in read.occurrences:
            found.edits += 1
            kind, place = occurrence.change.kind, _place(read, occurrence, by)
            if kind in ("added", "removed"):
                sentences.setdefault((kind, place), []).append(_sentence(read, occurrence))
            else:
                key = (kind, *_sides(occurrence), place)
                patterns.setdefault(key, _Pattern()).add(read.associate, read.number, occurrence)
    for (kind, before, after, place), pattern in patterns.items():
        if len(pattern.associates) >= least:
            how = _how(occurrence=next(iter(pattern.sentences.values())))
            sides, opposite = ("", ""), 0
            if kind not in VALUES:
                sides = before, after
                opposite = len(patterns.get((kind, after, before, place), _Pattern()).associates)
            _take(found, _Shape(kind, how, place, *sides, opposite=opposite), pattern, vocabulary)
    for (kind, place), given in sentences.items():
        for topic in find_topics([one.told for one in given], least):
            pattern = _Pattern()
            for one in topic.places:
                told = given[one].told
                pattern.add(told.associate, told.review, given[one].occurrence)
            _take(found, _Shape(kind, kind, place, topic=topic.words), pattern, vocabulary)
    found.found.sort(key=_rank)
    return found


def _rank(one: Lesson) -> tuple[object, ...]:
    return (-one.associates, -one.reviews, one.kind, one.place, one.before, one.after, one.topic)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What makes a lesson that lesson."""

    kind: ChangeKind
    how: str
    place: Place
    before: str = ""
    after: str = ""
    topic: tuple[str, ...] = ()
    opposite: int = 0


def _take(found: Lessons, shape: _Shape, pattern: _Pattern, vocabulary: Vocabulary) -> None:
    place = tuple(zip(found.by, shape.place, strict=True))
    whole = _reviews_at(found.considered, dict(place))
    found.shown += pattern.edits
    found.found.append(
        Lesson(
            kind=shape.kind,
            how=shape.how,
            place=place,
            before=shape.before,
            after=shape.after,
            topic=tuple(word for word in shape.topic if word in vocabulary),
            associates=len(pattern.associates),
            reviews=len(pattern.reviews),
            opposite=shape.opposite,
            share=len(pattern.reviews) / whole if whole else None,
            examples=_examples(pattern, vocabulary),
        )
    )


def _reviews_at(considered: Considered, place: dict[str, str]) -> int:
    """Reviews that count of that team and queue; those of a section are not counted apart."""
    return sum(
        count
        for (team, queue), count in considered.read.items()
        if place.get("team", team) == team and place.get("queue", queue) == queue
    )


def _place(read: Read, occurrence: Occurrence, by: Sequence[str]) -> Place:
    known = {"section": occurrence.change.section, "queue": read.queue, "team": read.team}
    return tuple(known[name] for name in by)


def _sides(occurrence: Occurrence) -> tuple[str, str]:
    """What a pattern is told by: words as they are, of values only whether there is one."""
    change = occurrence.change
    if change.kind in VALUES:
        return "x" if change.before else "", "x" if change.after else ""
    return _folded(change.before), _folded(change.after)


@lru_cache(maxsize=100_000)
def _folded(text: str) -> str:
    """As patterns are told by: without case, and with nothing that may not be shown."""
    return " ".join(redact(text).casefold().split())


def _how(occurrence: Occurrence) -> str:
    change = occurrence.change
    return "changed" if change.before and change.after else "added" if change.after else "removed"


def _sentence(read: Read, occurrence: Occurrence) -> _Sentence:
    text = occurrence.change.after or occurrence.change.before
    return _Sentence(occurrence, Told(read.associate, read.number, redact(text)))


def _examples(pattern: _Pattern, vocabulary: Vocabulary) -> tuple[Example, ...]:
    """Of different associates; shorter ones show the change better."""
    shown: dict[Example, None] = {}
    for occurrence in pattern.sentences.values():
        before = occurrence.draft_sentence or occurrence.change.before
        after = occurrence.final_sentence or occurrence.change.after
        shown[Example(redact(before, vocabulary), redact(after, vocabulary))] = None
    return tuple(
        sorted(shown, key=lambda one: (len(one.before) + len(one.after), one.before, one.after))[:EXAMPLES]
    )

"""Items and transcripts through masks, in as many processes as one likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from typing import Literal, TypeVar

from eval.secrets.items import Entity, Generator, Item
from eval.secrets.masks import OWN, open_mask
from eval.secrets.scoring import LeakCounts, score
from eval.secrets.talk import Talk, TalkCounts, score_talk
from models.errors import ConfigError

Axis = Literal["style", "noise", "split"]

AXES: tuple[Axis, ...] = ("style", "noise", "split")
GENERATORS: Mapping[str, str] = {"first": "eval.secrets.first", "second": "eval.secrets.second"}
CHUNK = 50

WorkT = TypeVar("WorkT")
DoneT = TypeVar("DoneT")


@dataclass(slots=True)
class Tally:
    """Counts of a run: by mask, entity and one value of one axis; and of talk by set and mask.

    `leaked` are the items of which our own mask let something through.
    """

    totals: dict[tuple[str, Entity], LeakCounts] = field(default_factory=dict)
    parts: dict[tuple[str, Entity, Axis, str], LeakCounts] = field(default_factory=dict)
    talk: dict[tuple[str, str], TalkCounts] = field(default_factory=dict)
    kinds: dict[str, Counter[str]] = field(default_factory=dict)
    leaked: list[Item] = field(default_factory=list)

    def add_item(self, item: Item, counts: Mapping[str, LeakCounts]) -> None:
        """One item, behind each mask."""
        if OWN in counts and counts[OWN].leaks:
            self.leaked.append(item)
        for mask, found in counts.items():
            total = (mask, item.entity)
            self.totals[total] = self.totals.get(total, LeakCounts()) + found
            for axis in AXES:
                part = (mask, item.entity, axis, str(getattr(item, axis)))
                self.parts[part] = self.parts.get(part, LeakCounts()) + found

    def add_talk(self, talk: Talk, found: Mapping[str, tuple[TalkCounts, Counter[str]]]) -> None:
        """One conversation, behind each mask."""
        for mask, (counts, kinds) in found.items():
            self.talk[talk.data, mask] = self.talk.get((talk.data, mask), TalkCounts()) + counts
            self.kinds.setdefault(mask, Counter()).update(kinds)


def generator(name: str) -> Generator:
    """`generate` of a generator by name. Raises `ConfigError`."""
    if name not in GENERATORS:
        raise ConfigError(f"no generator named {name!r}; there are: {', '.join(GENERATORS)}")
    found: Generator = import_module(GENERATORS[name]).generate
    return found


def items_of(names: Sequence[str], entities: Sequence[Entity], count: int, seed: int) -> Iterator[Item]:
    """So many items of each entity of each generator."""
    for name in names:
        generate = generator(name)
        for entity in entities:
            yield from generate(entity, count, seed)


def run(
    items: Iterator[Item], talk: Sequence[Talk], masks: Sequence[str], jobs: int, done: Callable[[int], None]
) -> Tally:
    """Score everything; `done` hears how many pieces came through since it was last called."""
    tally = Tally()
    for chunk, found in _mapped(partial(_score_items, masks), _chunks(items, CHUNK), jobs):
        for item, counts in zip(chunk, found, strict=True):
            tally.add_item(item, counts)
        done(len(chunk))
    for conversations, scores in _mapped(partial(_score_talk, masks), _chunks(iter(talk), 1), jobs):
        for one, score_of in zip(conversations, scores, strict=True):
            tally.add_talk(one, score_of)
        done(len(conversations))
    return tally


def _score_items(masks: Sequence[str], items: Sequence[Item]) -> list[dict[str, LeakCounts]]:
    opened = {name: open_mask(name) for name in masks}
    return [{name: score(item, mask) for name, mask in opened.items()} for item in items]


def _score_talk(
    masks: Sequence[str], talk: Sequence[Talk]
) -> list[dict[str, tuple[TalkCounts, Counter[str]]]]:
    opened = {name: open_mask(name) for name in masks}
    return [{name: score_talk(one, mask) for name, mask in opened.items()} for one in talk]


def _chunks(pieces: Iterator[WorkT], size: int) -> Iterator[list[WorkT]]:
    while chunk := list(islice(pieces, size)):
        yield chunk


def _mapped(
    work: Callable[[list[WorkT]], list[DoneT]], chunks: Iterator[list[WorkT]], jobs: int
) -> Iterator[tuple[list[WorkT], list[DoneT]]]:
    """Each chunk with what came of it, in order."""
    if jobs == 1:
        for chunk in chunks:
            yield chunk, work(chunk)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        # A few ahead of the one that is waited for, so that not all items are in memory at once.
        ahead = []
        for chunk in chunks:
            ahead.append((chunk, pool.submit(work, chunk)))
            if len(ahead) > 2 * jobs:
                first, result = ahead.pop(0)
                yield first, result.result()
        for first, result in ahead:
            yield first, result.result()

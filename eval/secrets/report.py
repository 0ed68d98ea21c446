"""`wrapup eval secrets`: what is measured, and the result as tables and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from typing import Any

from rich.table import Column, Table

from eval.results import SCHEMA
from eval.secrets.items import ENTITIES, Entity
from eval.secrets.masks import OWN, own_mask
from eval.secrets.running import AXES, GENERATORS, Axis, Tally, generator
from eval.secrets.scoring import LeakCounts, leaked_words
from eval.secrets.spoken import SpokenCounts
from eval.secrets.talk import TalkCounts
from eval.secrets.visible import RUN_DIGITS, RUN_LETTERS
from models.errors import ConfigError

MOST_PARTS = 20
"""Rows of a table of parts; the JSON has them all."""


@dataclass(slots=True)
class Measured:
    """What a run found."""

    tally: Tally = field(default_factory=Tally)
    spoken: dict[Entity, SpokenCounts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures: items of each entity by each generator, behind our own mask and the baselines; or,
    where `spoken` is not 0, so many items in all, as sound."""

    items: int
    seed: int
    entities: tuple[Entity, ...]
    generators: tuple[str, ...]
    baselines: tuple[str, ...] = ()
    spoken: int = 0

    @property
    def masks(self) -> tuple[str, ...]:
        """Our own first."""
        return (OWN, *self.baselines)

    @property
    def total(self) -> int:
        """Items in all."""
        if self.spoken:
            return self.spoken
        return self.items * len(self.entities) * len(self.generators)


def entities_of(names: Sequence[str]) -> tuple[Entity, ...]:
    """Entities by name, all of them for none. Raises `ConfigError`."""
    unknown = [name for name in names if name not in ENTITIES]
    if unknown:
        raise ConfigError(f"no entity named {unknown[0]!r}; there are: {', '.join(ENTITIES)}")
    return tuple(entity for entity in ENTITIES if not names or entity in names)


def generators_of(name: str) -> tuple[str, ...]:
    """A generator by name, or "both". Raises `ConfigError`."""
    names = tuple(GENERATORS) if name == "both" else (name,)
    for each in names:
        generator(each)
    return names


def leak_table(tally: Tally) -> Table:
    """A row an entity and mask, and a total a mask."""
    table = Table(Column("entity"), "mask", title="Spoken secrets")
    for name in (
        "items",
        "leaked",
        "seen live",
        "rate",
        "95 % bound",
        "others hidden",
        "of others",
        "per 1,000",
    ):
        table.add_column(name, justify="right")
    for (mask, entity), counts in sorted(tally.totals.items(), key=lambda row: ENTITIES.index(row[0][1])):
        table.add_row(entity, mask, *_leak_cells(counts))
    table.add_section()
    for mask, counts in _by_mask(tally):
        table.add_row("all", mask, *_leak_cells(counts), style="bold")
    return table


def part_table(tally: Tally, axis: Axis, mask: str = OWN) -> Table:
    """Where a mask leaks: the values of an axis with the most leaks."""
    table = Table(Column("entity"), Column(axis, overflow="fold"), title=f"Leaks by {axis}")
    for name in ("items", "leaked", "rate"):
        table.add_column(name, justify="right")
    rows = [
        (entity, value, counts)
        for (of, entity, on, value), counts in tally.parts.items()
        if of == mask and on == axis and counts.leaks
    ]
    for entity, value, counts in sorted(rows, key=lambda row: (-row[2].leaks, row[0], row[1]))[:MOST_PARTS]:
        table.add_row(entity, value, str(counts.items), str(counts.leaks), _share(counts.rate))
    return table


def talk_table(tally: Tally) -> Table:
    """A row a set and mask, and a total a mask."""
    table = Table(Column("set", overflow="fold"), "mask", title="Ordinary talk")
    names = (
        "words",
        "masks",
        "hidden words",
        "true by kind",
        "in vain",
        "in vain per 1,000",
        "hidden per 1,000",
    )
    for name in names:
        table.add_column(name, justify="right")
    for (data, mask), counts in sorted(tally.talk.items(), key=lambda row: row[0][0]):
        table.add_row(data, mask, *_talk_cells(counts))
    table.add_section()
    for mask in dict.fromkeys(mask for _, mask in tally.talk):
        total = sum((counts for (_, of), counts in tally.talk.items() if of == mask), TalkCounts())
        table.add_row("all", mask, *_talk_cells(total), style="bold")
    return table


def talk_lines(tally: Tally) -> list[str]:
    """How real secrets are told apart, and what was hidden by kind."""
    lines = [
        "true by kind: hidden words inside an e-mail address, a long or asked-for number, a street or a date "
        "of birth, by strict patterns that do not know the mask; the last column counts everything hidden"
    ]
    for mask, kinds in tally.kinds.items():
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        lines.append(f"{mask} masked: {told or 'nothing'}")
    return lines


def example_lines(tally: Tally, most: int) -> Iterator[str]:
    """The first leaked items of each entity: what could be read, and what was said. All of it is invented."""
    shown: Counter[str] = Counter()
    for item in tally.leaked:
        if shown[item.entity] < most:
            shown[item.entity] += 1
            told = " / ".join(f"{turn.role}: {turn.text}" for turn in item.turns)
            how = f"{item.style}; {item.noise}; {item.split}"
            yield f"{item.id} ({how}) {leaked_words(item, own_mask)}: {told}"


def spoken_table(counts: Mapping[Entity, SpokenCounts]) -> Table:
    """A row an entity, and the total."""
    table = Table(Column("entity"), title="Spoken by flite, read back")
    names = ("items", "readable unmasked", "readable", "rate", "numbers said", "heard", "shown", "share")
    for name in names:
        table.add_column(name, justify="right")
    for entity, each in counts.items():
        table.add_row(entity, *_spoken_cells(each))
    table.add_section()
    table.add_row("all", *_spoken_cells(sum(counts.values(), SpokenCounts())), style="bold")
    return table


def secrets_result(plan: Plan, measured: Measured) -> dict[str, Any]:
    """The result as JSON; the same items and masks give the same bytes."""
    tally = measured.tally
    return {
        "schema": SCHEMA,
        "command": "secrets",
        **asdict(plan),
        "total": {mask: _leak_json(counts) for mask, counts in _by_mask(tally)},
        "by_entity": [
            {"entity": entity, "mask": mask, **_leak_json(counts)}
            for (mask, entity), counts in tally.totals.items()
        ],
        "parts": [
            {"entity": entity, "mask": mask, "axis": axis, "value": value, **_leak_json(counts)}
            for (mask, entity, axis, value), counts in tally.parts.items()
        ],
        "talk": [
            {"set": data, "mask": mask, **asdict(counts), "in_vain_per_1000": counts.in_vain_per_1000}
            for (data, mask), counts in tally.talk.items()
        ],
        "talk_kinds": {mask: dict(kinds.most_common()) for mask, kinds in tally.kinds.items()},
        "by_voice": [
            {"entity": entity, **asdict(counts), "rate": counts.rate}
            for entity, counts in measured.spoken.items()
        ],
        "provenance": {"wrapup": version("wrapup")},
    }


def tables_of(measured: Measured) -> Iterator[Table]:
    """All that has something to show."""
    tally = measured.tally
    if tally.totals:
        yield leak_table(tally)
        if any(counts.leaks for (mask, _), counts in tally.totals.items() if mask == OWN):
            yield from (part_table(tally, axis) for axis in AXES)
    if tally.talk:
        yield talk_table(tally)
    if measured.spoken:
        yield spoken_table(measured.spoken)


def lines_of(measured: Measured, examples: int) -> Iterator[str]:
    """What the tables do not say, and so many leaked items of each entity."""
    yield from example_lines(measured.tally, examples)
    if measured.tally.talk:
        yield from talk_lines(measured.tally)
    if measured.spoken:
        yield (
            f"readable: a run of {RUN_DIGITS} digits of the secret, {RUN_LETTERS} of its letters in a row, "
            "or a word like a name in it, in what was heard while it was said"
        )


def _by_mask(tally: Tally) -> Iterator[tuple[str, LeakCounts]]:
    for mask in dict.fromkeys(mask for mask, _ in tally.totals):
        yield mask, sum((counts for (of, _), counts in tally.totals.items() if of == mask), LeakCounts())


def _leak_cells(counts: LeakCounts) -> list[str]:
    whole = [str(number) for number in (counts.items, counts.leaks, counts.live)]
    others = [str(counts.hidden), str(counts.others), _number(counts.hidden_per_1000)]
    return [*whole, _share(counts.rate), _share(counts.bound), *others]


def _talk_cells(counts: TalkCounts) -> list[str]:
    numbers = (counts.words, counts.stretches, counts.hidden, counts.true_kind, counts.in_vain)
    return [*map(str, numbers), _number(counts.in_vain_per_1000), _number(counts.hidden_per_1000)]


def _spoken_cells(counts: SpokenCounts) -> list[str]:
    numbers = [str(number) for number in (counts.said, counts.heard, counts.shown)]
    items = [str(number) for number in (counts.items, counts.open, counts.leaks)]
    return [*items, _share(counts.rate), *numbers, _share(counts.share)]


def _leak_json(counts: LeakCounts) -> dict[str, Any]:
    return {**asdict(counts), "rate": counts.rate, "bound": counts.bound}


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.2f} %"


def _number(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2f}"

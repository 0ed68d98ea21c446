"""A secret on a call: who asks, who tells it in how many turns, and who says it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal, TypeAlias

from eval.secrets import carriers
from eval.secrets.items import Entity, ItemTurn, ItemWord
from eval.secrets.saying import Group, joined, plain
from models.types import Role

Cue = Literal["told", "asked", "uncued"]
"""Whether the one who tells it says what it is, the other one does, or nobody."""

AGENT_TELLS = 0.12
"""Share of cued secrets that the agent tells: "the account number I have on file is"."""
SURROUNDED = 0.5
"""Share of items with an exchange before the secret, and of those with one after it."""


@dataclass(frozen=True, slots=True)
class Told:
    """`said` is what the teller says, group by group; `again` is how it is read back."""

    value: str
    said: tuple[Group, ...]
    again: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The words before and after the secret in the teller's turns."""

    lead: Group
    tail: Group
    teller: Role
    other: Role

    def told(self, groups: Sequence[Group], rng: Random, gaps_s: tuple[float, float]) -> list[ItemTurn]:
        """One turn a group; the lead goes before the first, the tail after the last."""
        turns = []
        for at, group in enumerate(groups):
            lead = self.lead if at == 0 else ()
            tail = self.tail if at == len(groups) - 1 else ()
            pause_s = 0.6 if at == 0 else round(rng.uniform(*gaps_s), 2)
            turns.append(ItemTurn(self.teller, joined([lead, group, tail]), pause_s))
        return turns


def in_turns(told: Told, entity: Entity, cue: Cue, shape: str, rng: Random) -> tuple[ItemTurn, ...]:
    """The whole item, from an opening to a closing; either may be left out."""
    teller: Role = "agent" if cue == "told" and rng.random() < AGENT_TELLS else "customer"
    other: Role = "customer" if teller == "agent" else "agent"
    name = rng.choice(carriers.NAMES[entity])
    asked = [ItemTurn(other, plain(rng.choice(carriers.ASKS).format(name=name)))] if cue == "asked" else []
    tells = carriers.AGENT_TELLS if teller == "agent" else carriers.TELLS
    leads = {"told": tells, "asked": carriers.ANSWERS, "uncued": carriers.BARE_TELLS}
    tail = plain(rng.choice(carriers.TAILS)) if rng.random() < 0.3 else ()
    frame = _Frame(plain(rng.choice(leads[cue]).format(name=name)), tail, teller, other)
    turns = [
        *_exchange(carriers.OPENINGS, rng),
        *asked,
        *SHAPES[shape](told, frame, rng),
        *_exchange(carriers.CLOSINGS, rng),
    ]
    return tuple(_punctuated(turn) for turn in turns) if rng.random() < 0.5 else tuple(turns)


def _exchange(pairs: Sequence[tuple[str, str]], rng: Random) -> list[ItemTurn]:
    if rng.random() >= SURROUNDED:
        return []
    agent, customer = rng.choice(pairs)
    return [ItemTurn("agent", plain(agent)), ItemTurn("customer", plain(customer))]


def _punctuated(turn: ItemTurn) -> ItemTurn:
    """As engines write: a capital first, a stop last."""
    first, last = turn.words[0], turn.words[-1]
    words = (replace(first, text=first.text[0].upper() + first.text[1:]), *turn.words[1:])
    if last.text[-1].isalnum():
        words = (*words[:-1], replace(words[-1], text=f"{words[-1].text}."))
    return replace(turn, words=words)


def _pieces(groups: Sequence[Group], rng: Random) -> list[Group]:
    """At least two groups, where that can be: a single one is cut."""
    return list(groups) if len(groups) > 1 else _cut(groups[0], rng)


def _cut(words: Group, rng: Random) -> list[Group]:
    """In two before a word of the secret, so that both have one; whole where it has a single word."""
    places = [at for at, word in enumerate(words) if word.secret][1:]
    if not places:
        return [words]
    place = rng.choice(places)
    return [words[:place], words[place:]]


def _one_turn(told: Told, frame: _Frame, rng: Random) -> list[ItemTurn]:
    return frame.told([joined(told.said)], rng, (0.6, 0.6))


def _pauses(told: Told, frame: _Frame, rng: Random) -> list[ItemTurn]:
    """The teller stops between groups, and nobody says anything."""
    return frame.told(_pieces(told.said, rng), rng, (0.7, 3.5))


def _alternating(reply: Callable[[Group, Random], Group]) -> Shape:
    def shape(told: Told, frame: _Frame, rng: Random) -> list[ItemTurn]:
        turns: list[ItemTurn] = []
        groups = _pieces(told.said, rng)
        for group, turn in zip(groups, frame.told(groups, rng, (0.3, 1.5)), strict=True):
            turns += [turn, ItemTurn(frame.other, reply(group, rng), round(rng.uniform(0.2, 0.8), 2))]
        return turns

    return shape


def _interrupted(told: Told, frame: _Frame, rng: Random) -> list[ItemTurn]:
    """The other side says "okay got it" in the middle of a group, and the teller goes on."""
    turns = frame.told(_cut(joined(told.said), rng), rng, (0.2, 0.8))
    ack = ItemTurn(frame.other, plain(rng.choice(carriers.ACKNOWLEDGEMENTS)), 0.2)
    return [turns[0], ack, *turns[1:]]


def _read_back(told: Told, frame: _Frame, rng: Random) -> list[ItemTurn]:
    back = joined([plain(rng.choice(carriers.READ_BACKS)), *told.again])
    confirm = ItemTurn(frame.teller, plain(rng.choice(carriers.CONFIRMS)))
    return [*_one_turn(told, frame, rng), ItemTurn(frame.other, back), confirm]


def _acknowledged(_group: Group, rng: Random) -> Group:
    return plain(rng.choice(carriers.ACKNOWLEDGEMENTS))


def _echoed(group: Group, _rng: Random) -> Group:
    """The secret words of a group, or an acknowledgement where it has none."""
    words: tuple[ItemWord, ...] = tuple(word for word in group if word.secret)
    return words or plain("okay")


Shape: TypeAlias = Callable[[Told, _Frame, Random], list[ItemTurn]]

SHAPES: dict[str, Shape] = {
    "one turn": _one_turn,
    "pauses": _pauses,
    "turns": _alternating(_acknowledged),
    "interrupted": _interrupted,
    "echoed": _alternating(_echoed),
    "read back": _read_back,
}
"""By name: how the secret is spread over turns."""

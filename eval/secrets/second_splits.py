"""How a value and the talk around it fall into turns, in the second generator."""

from __future__ import annotations

import random
from dataclasses import dataclass

from eval.secrets.items import Entity, ItemTurn
from eval.secrets.second_fillers import (
    ACKS,
    CHECKS,
    CONFIRMED,
    LEADS,
    LONG_LEADS,
    OPENERS,
    SMALL_TALK,
    THANKS,
    WAITS,
)
from eval.secrets.second_noise import Piece, Pieces, atoms
from eval.secrets.second_talk import TALK
from eval.secrets.second_words import Group, Groups, ending, sentence, show

SPLITS = ("one_turn", "several_turns", "asked", "cue_before", "cue_after", "read_back", "no_cue")
_AGENT_FILLERS = ("", "", "okay, ", "alright, ", "great, ", "perfect, ", "thank you, ")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a split has to work with: the customer's pieces, and the value as the agent would repeat it."""

    entity: Entity
    pieces: Pieces
    repeated: Groups


def arranged(split: str, scene: Scene, rng: random.Random) -> tuple[ItemTurn, ...]:
    """The turns of a scene, cut in one of `SPLITS`."""
    before, lead = _beginning(split, scene.entity, rng)
    after = [_agent(show(rng.choice(THANKS)), rng)] if rng.random() < 0.5 else []
    if split == "several_turns":
        return (*before, *_cut(scene.pieces, lead, rng), *after)
    tail = rng.choice(TALK[scene.entity].after) if split == "cue_after" else ""
    if split == "read_back":
        after = _read_back(scene, rng)
    apart = split != "one_turn" and rng.random() < 0.6
    return (*before, *_said(scene.pieces, lead, tail, apart, rng), *after)


def _beginning(split: str, entity: Entity, rng: random.Random) -> tuple[list[ItemTurn], str]:
    """The turns before the value, and how the turn that says it begins."""
    talk = TALK[entity]
    ask = _agent(show(rng.choice(_AGENT_FILLERS) + rng.choice(talk.asked)), rng)
    if split == "cue_before":
        waiting = [_customer(show(rng.choice(WAITS)), rng), _agent(show(rng.choice(SMALL_TALK)), rng)]
        return [ask, *waiting], rng.choice((*LEADS, "okay, ready?", "okay, I found it,", "thanks, so it's"))
    if split in ("cue_after", "no_cue"):
        return [], rng.choice(LONG_LEADS)
    if split == "asked" or (split != "one_turn" and rng.random() < 0.5):
        return [ask], rng.choice(LEADS)
    return [], f"{rng.choice(OPENERS)} {rng.choice(talk.own)}"


def _agent(words: Group, rng: random.Random) -> ItemTurn:
    return ItemTurn("agent", sentence(words), round(rng.uniform(0.2, 1.2), 2))


def _customer(words: Group, rng: random.Random) -> ItemTurn:
    return ItemTurn("customer", sentence(words), round(rng.uniform(0.2, 1.8), 2))


def _said(pieces: Pieces, lead: str, tail: str, apart: bool, rng: random.Random) -> list[ItemTurn]:
    """The customer's words, between what leads to them and what follows them.

    What the other side throws in is a turn of its own (`apart`), or has bled into the customer's channel and
    stands among the customer's words.
    """
    turns: list[ItemTurn] = []
    words = show(lead)
    for piece in pieces:
        if piece.other and apart:
            turns.extend((_customer(words, rng), _agent(piece.words, rng)))
            words = ()
        else:
            words = (*words, *piece.words)
    if tail:
        words = (*ending(words, ","), *show(tail))
    return [*turns, _customer(words, rng)]


def _cut(pieces: Pieces, lead: str, rng: random.Random) -> list[ItemTurn]:
    """Two to four turns of the customer, with the agent's nods between them."""
    if len(pieces) == 1:
        pieces = tuple(Piece(group) for group in atoms((pieces[0].words,)))
    # What bled in stays in the turn before it.
    starts = [at for at, piece in enumerate(pieces) if at and not piece.other]
    chosen = sorted(rng.sample(starts, min(len(starts), rng.randint(1, 3))))
    turns: list[ItemTurn] = []
    for begin, end in zip([0, *chosen], [*chosen, len(pieces)], strict=True):
        if turns:
            turns.append(_agent(show(rng.choice(ACKS)), rng))
        turns.extend(_said(pieces[begin:end], "" if turns else lead, "", False, rng))
    return turns


def _read_back(scene: Scene, rng: random.Random) -> list[ItemTurn]:
    words = show(rng.choice(TALK[scene.entity].repeated))
    for group in scene.repeated:
        words = (*words, *(ending(group, ",") if rng.random() < 0.3 else group))
    agent = (*ending(words, ","), *show(rng.choice(CHECKS)))
    return [_agent(agent, rng), _customer(show(rng.choice(CONFIRMED)), rng)]

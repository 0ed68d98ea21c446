"""What gets between the groups of a value, and what engines do to the words around it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from eval.secrets.items import ItemTurn, ItemWord
from eval.secrets.second_fillers import CORRECTIONS, CROSSTALK, HESITATIONS, JUNK, MISHEARD, RESTARTS
from eval.secrets.second_words import MARKS, Group, Groups, bare, ending, hide, show

NOISES = (
    *("none", "hesitations", "interruptions", "corrections", "restarts", "unpunctuated"),
    "engine_errors",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words that is not cut; `other`: the other side says them."""

    words: Group
    other: bool = False


Pieces: TypeAlias = tuple[Piece, ...]


def atoms(groups: Groups) -> Groups:
    """At least two groups where that can be: a lone group falls into its words, a lone word into parts."""
    if len(groups) > 1:
        return groups
    (group,) = groups
    found = _breaths(group)
    if len(found) > 1:
        return found
    if len(group) > 1:
        return (group[:1], group[1:])
    head, tail = _halves(group[0].text)
    return (hide([head]), hide([tail]))


def _breaths(group: Group) -> Groups:
    """The words of a group singly, but "four hundred" and "double four" kept, and an "um" led on from."""
    found: list[Group] = []
    leading = False
    for word in group:
        text = word.text.lower()
        if found and (leading or text in ("hundred", "thousand", "and")):
            found[-1] = (*found[-1], word)
        else:
            found.append((word,))
        leading = text in ("double", "triple", "and") or not word.secret
    return tuple(found)


def _halves(text: str) -> tuple[str, str]:
    """A word cut where one would breathe: before the "@", after a dash or slash, else in the middle."""
    if "@" in text:
        at = text.index("@")
    else:
        middle = len(text) // 2
        signs = [place + 1 for place, sign in enumerate(text) if sign in "/-"]
        at = min(signs, key=lambda place: abs(place - middle), default=middle)
    return text[:at], text[at:]


def _pausing(groups: Groups, rng: random.Random) -> Groups:
    """Commas after some groups: often after words, seldom after numerals."""
    marked = [
        ending(group, ",") if rng.random() < (0.15 if group[-1].text[-1].isdigit() else 0.5) else group
        for group in groups[:-1]
    ]
    return (*marked, groups[-1])


def _plain(groups: Groups) -> Pieces:
    return tuple(Piece(group) for group in groups)


def _between(groups: Groups, rng: random.Random, say: Callable[[], Piece]) -> Pieces:
    """Something between at least two of the groups; what the speaker says leads to the next one."""
    gaps = range(1, len(groups))
    chosen = {rng.choice(gaps)} | {gap for gap in gaps if rng.random() < 0.3}
    pieces: list[Piece] = []
    for at, group in enumerate(groups):
        thrown = say() if at in chosen else Piece(())
        if thrown.other:
            pieces.append(thrown)
        pieces.append(Piece(group if thrown.other else (*thrown.words, *group)))
    return tuple(pieces)


def _hesitating(groups: Groups, rng: random.Random) -> Pieces:
    """An "um" somewhere, also inside a group; before the only word of all where there is but one."""
    pieces: list[Piece] = []
    places = sum(len(group) for group in groups)
    chosen = {rng.randrange(min(1, places - 1), places)} | {at for at in range(places) if rng.random() < 0.12}
    at = 0
    for group in groups:
        words: list[ItemWord] = []
        for word in group:
            if at in chosen:
                words.extend(show(rng.choice(HESITATIONS)))
            words.append(word)
            at += 1
        pieces.append(Piece(tuple(words)))
    return tuple(pieces)


def _first_difference(groups: Groups, wrong: Groups) -> int:
    """The first group that is said otherwise; -1 for none."""
    for at, (one, two) in enumerate(zip(groups, wrong, strict=False)):
        if one != two:
            return at
    return -1


def _stopped(group: Group, mark: str) -> Group:
    """The group broken off: nobody says the dash that would lead on."""
    said = group[:-1] if group[-1].text == "dash" and len(group) > 1 else group
    return ending(said, mark)


def _correcting(groups: Groups, wrong: Groups, rng: random.Random) -> Pieces:
    """A group said wrong, an excuse, the group said right: "four one one two, no sorry, four one one one"."""
    at = _first_difference(groups, wrong)
    slip = (*_stopped(wrong[at], rng.choice((",", ",", "-", ""))), *show(rng.choice(CORRECTIONS)))
    groups = _pausing(groups, rng)
    before, after = groups[:at], groups[at:]
    return (*_plain(before), Piece(slip), *_plain(after))


def _broken_off(groups: Groups, rng: random.Random) -> Groups:
    """The beginning of a value: some groups, or some words, or a part of the only word."""
    if len(groups) > 1:
        return groups[: rng.randint(1, len(groups) - 1)]
    if len(groups[0]) > 1:
        return (groups[0][: rng.randint(1, len(groups[0]) - 1)],)
    text = groups[0][0].text
    return (hide([text[: max(1, len(text) // 2)].rstrip("-/@.")]),)


def _restarting(groups: Groups, rng: random.Random) -> Pieces:
    *start, last = _broken_off(groups, rng)
    stop = (*_stopped(last, rng.choice(("-", "...", ","))), *show(rng.choice(RESTARTS)))
    return (*_plain(tuple(start)), Piece(stop), *_plain(groups))


def disturbed(noise: str, groups: Groups, wrong: Groups, rng: random.Random) -> Pieces:
    """The groups with one of `NOISES` among them; `wrong` says what a correction takes back.

    `unpunctuated` is left to `finished`, which sees whole turns; so is half of `engine_errors`.
    """
    if noise == "corrections":
        return _correcting(groups, wrong, rng)
    if noise == "interruptions":
        return _between(
            _pausing(atoms(groups), rng), rng, lambda: Piece(show(rng.choice(CROSSTALK)), other=True)
        )
    if noise == "engine_errors" and sum(len(group) for group in groups) > 1:
        return _between(atoms(groups), rng, lambda: Piece(show(rng.choice(JUNK))))
    groups = _pausing(groups, rng)
    if noise == "hesitations":
        return _hesitating(groups, rng)
    if noise == "restarts":
        return _restarting(groups, rng)
    return _plain(groups)


def _misheard(word: ItemWord, rng: random.Random) -> Group:
    text = word.text.rstrip(MARKS)
    options = MISHEARD.get(text.lower())
    if word.secret or options is None or rng.random() < (0.3 if len(text) > 3 else 0.75):
        return (word,)
    heard = rng.choice(options)
    first = heard[0].upper() if text[0].isupper() else heard[0]
    return show(first + heard[1:] + word.text[len(text) :])


def finished(noise: str, turn: ItemTurn, rng: random.Random) -> ItemTurn:
    """The turn as the engine of this noise writes it down."""
    if noise == "unpunctuated":
        return replace(turn, words=bare(turn.words))
    if noise == "engine_errors":
        return replace(turn, words=tuple(heard for word in turn.words for heard in _misheard(word, rng)))
    return turn

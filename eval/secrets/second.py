"""A second generator of spoken secrets, made from a list of styles, apart from the recognizers."""

from __future__ import annotations

import random
from collections.abc import Iterator

from eval.secrets.items import Entity, Item
from eval.secrets.second_dates import DATE_STYLES, EXPIRY_STYLES, say_date, say_expiry
from eval.secrets.second_digits import DIGIT_STYLES, say_digits
from eval.secrets.second_noise import NOISES, disturbed, finished
from eval.secrets.second_places import ADDRESS_STYLES, EMAIL_STYLES, say_address, say_email
from eval.secrets.second_splits import SPLITS, Scene, arranged
from eval.secrets.second_values import invent, mistaken
from eval.secrets.second_words import Groups

_NEEDED = {
    "doubles": frozenset(("double", "triple")),
    "oh": frozenset(("oh",)),
    "hundreds": frozenset(("hundred", "thousand")),
    "homophones": frozenset(("o", "won", "to", "too", "for", "ate")),
    "as_in": frozenset(("as", "like", "for")),
}
"""Words of which a style has at least one, else it would be another style."""
_LONG = frozenset(("card", "phone", "ssn"))
"""What is known for a secret without anybody saying so."""
_TRIES = 500


def styles(entity: Entity) -> tuple[str, ...]:
    """The ways to say a value of this kind."""
    special = {"email": EMAIL_STYLES, "birth_date": DATE_STYLES, "address": ADDRESS_STYLES}
    return special.get(entity, EXPIRY_STYLES if entity == "expiry" else DIGIT_STYLES)


def combinations(entity: Entity) -> list[tuple[str, str, str]]:
    """Every (style, noise, split) that makes sense for this kind of value."""
    return [
        (style, noise, split)
        for style in styles(entity)
        for noise in NOISES
        for split in SPLITS
        if (split != "no_cue" or entity in _LONG) and not (split == "several_turns" and entity == "card_code")
    ]


def generate(entity: Entity, count: int, seed: int) -> Iterator[Item]:
    """So many items of an entity, the same for the same seed; fewer are the first of more.

    The combinations come in random order, all of them before any comes again.
    """
    rng = random.Random(f"{seed} {entity}")
    order: list[tuple[str, str, str]] = []
    for at in range(count):
        if not order:
            order = combinations(entity)
            rng.shuffle(order)
        style, noise, split = order.pop()
        yield _item(f"second-{entity}-{at}", entity, (style, noise, split), rng)


def _item(name: str, entity: Entity, how: tuple[str, str, str], rng: random.Random) -> Item:
    style, noise, split = how
    value, groups, wrong = _told(entity, style, rng)
    again = _say(entity, style if rng.random() < 0.5 else rng.choice(styles(entity)), value, rng)
    scene = Scene(entity, disturbed(noise, groups, wrong, rng), again)
    turns = tuple(finished(noise, turn, rng) for turn in arranged(split, scene, rng))
    return Item(name, entity, style, noise, split, value, turns)


def _told(entity: Entity, style: str, rng: random.Random) -> tuple[str, Groups, Groups]:
    """A value that the style suits, the value said, and a mistaken one said the same way."""
    for _ in range(_TRIES):
        value = invent(entity, rng)
        state = rng.random()
        groups = _say(entity, style, value, random.Random(state))
        wrong = _say(entity, style, mistaken(entity, value, rng), random.Random(state))
        if _suits(style, groups) and any(one != two for one, two in zip(groups, wrong, strict=False)):
            return value, groups, wrong
    raise RuntimeError(f"no {entity} found that can be said in the style {style}")


def _suits(style: str, groups: Groups) -> bool:
    said = {word.text for group in groups for word in group}
    if style == "mixed_digits":
        return any(text.isdigit() for text in said)
    return style not in _NEEDED or bool(said & _NEEDED[style])


def _say(entity: Entity, style: str, value: str, rng: random.Random) -> Groups:
    if entity == "email":
        return say_email(style, value, rng)
    if entity == "birth_date":
        return say_date(style, value, rng)
    if entity == "expiry":
        return say_expiry(style, value, rng)
    if entity == "address":
        return say_address(style, value, rng)
    return say_digits(style, entity, value, rng)

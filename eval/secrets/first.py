"""A generator of spoken secrets: entity x speaking style x noise x split.

Every combination of an entity comes up before one comes again. Values, people and places are invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from eval.secrets import forms, values
from eval.secrets.items import Entity, Item
from eval.secrets.noises import NOISES, Noise
from eval.secrets.numbers import LONG, SHORT, DigitStyle, grouped
from eval.secrets.saying import Group
from eval.secrets.turns import SHAPES, Cue, Told, in_turns

_UNCUED: frozenset[Entity] = frozenset({"card", "routing", "phone", "email"})
"""What shows by its form or check digit alone what it is, so that it must be found without a cue."""


@dataclass(frozen=True, slots=True)
class _Secret:
    """A value in its written form, and how it is said in each style."""

    value: str
    styles: dict[str, Callable[[Random], list[Group]]]


def generate(entity: Entity, count: int, seed: int) -> Iterator[Item]:
    """So many items of an entity; the same for the same seed, and a longer row begins with a shorter."""
    order = Random(f"{entity} {seed}")
    made = 0
    while made < count:
        combinations = list(product(styles_of(entity), NOISES, _cues(entity), SHAPES))
        order.shuffle(combinations)
        for style, noise, cue, shape in combinations[: count - made]:
            rng = Random(f"{entity} {seed} {made}")
            told = _told(entity, style, NOISES[noise], rng)
            turns = in_turns(told, entity, cue, shape, rng)
            item_id = f"first-{entity}-{seed}-{made}"
            yield Item(item_id, entity, style, noise, f"{cue}, {shape}", told.value, turns)
            made += 1


def styles_of(entity: Entity) -> list[str]:
    """Names of the ways in which an entity is said."""
    return list(_SECRETS[entity](Random(0)).styles)


def _cues(entity: Entity) -> tuple[Cue, ...]:
    return ("told", "asked", "uncued") if entity in _UNCUED else ("told", "asked")


def _told(entity: Entity, style: str, noise: Noise, rng: Random) -> Told:
    meant = _SECRETS[entity](rng)
    said = meant.styles[style](rng)
    wrong = said
    while wrong == said:
        wrong = _SECRETS[entity](rng).styles[style](rng)
    again = meant.styles[rng.choice([style, *meant.styles])](rng)
    return Told(meant.value, tuple(noise(said, wrong, rng)), tuple(again))


def _digits(
    digits: str, sizes: Sequence[int], styles: dict[str, DigitStyle], value: str | None = None
) -> _Secret:
    groups = grouped(digits, sizes)

    def bound(style: DigitStyle) -> Callable[[Random], list[Group]]:
        return lambda rng: style(groups, rng)

    return _Secret(value or digits, {name: bound(style) for name, style in styles.items()})


def _card(rng: Random) -> _Secret:
    number = values.card(rng)
    return _digits(number, (4, 6, 5) if len(number) == 15 else (4, 4, 4, 4), LONG)


def _account(rng: Random) -> _Secret:
    number = values.digits(rng, rng.randint(8, 12))
    return _digits(number, [rng.choice([3, 4])] * 4, LONG)


def _otp(rng: Random) -> _Secret:
    number = values.digits(rng, rng.choice([4, 6, 6, 6, 8]))
    return _digits(number, [rng.choice([2, 3, 4])] * 4, LONG)


def _birth_date(rng: Random) -> _Secret:
    value = values.birth_date(rng)
    return _Secret(value, _bound(forms.BIRTH_DATES, value))


def _expiry(rng: Random) -> _Secret:
    value = values.expiry(rng)
    return _Secret(value, _bound(forms.EXPIRIES, value))


def _email(rng: Random) -> _Secret:
    value = values.email(rng)
    return _Secret(value.written, _bound(forms.EMAILS, value))


def _address(rng: Random) -> _Secret:
    value = values.address(rng)
    return _Secret(value.written, _bound(forms.ADDRESSES, value))


def _bound(
    styles: dict[str, Callable[..., list[Group]]], value: object
) -> dict[str, Callable[[Random], list[Group]]]:
    def bind(say: Callable[..., list[Group]]) -> Callable[[Random], list[Group]]:
        return lambda rng: say(value, rng)

    return {name: bind(say) for name, say in styles.items()}


_SECRETS: dict[Entity, Callable[[Random], _Secret]] = {
    "card": _card,
    "card_code": lambda rng: _digits(values.digits(rng, rng.choice([3, 3, 4])), (4,), SHORT),
    "expiry": _expiry,
    "ssn": lambda rng: _digits(values.ssn(rng), (3, 2, 4), LONG),
    "itin": lambda rng: _digits(values.itin(rng), (3, 2, 4), LONG),
    "account": _account,
    "routing": lambda rng: _digits(values.routing(rng), rng.choice([(3, 3, 3), (4, 5)]), LONG),
    "phone": lambda rng: _digits(values.phone(rng), (3, 3, 4), LONG),
    "email": _email,
    "birth_date": _birth_date,
    "address": _address,
    "pin": lambda rng: _digits(values.digits(rng, rng.choice([4, 4, 4, 6])), (4,), SHORT),
    "otp": _otp,
}

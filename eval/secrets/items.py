"""One item of the benchmark of spoken secrets: a short piece of a call in which every word is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from models.types import Role

Entity = Literal[
    "card",
    "card_code",
    "expiry",
    "ssn",
    "itin",
    "account",
    "routing",
    "phone",
    "email",
    "birth_date",
    "address",
    "pin",
    "otp",
]
"""Card number, its security code (CVV) and expiry; social security and taxpayer numbers; bank account and
routing numbers; phone; e-mail; date of birth; postal address; PIN; one-time code."""

ENTITIES: tuple[Entity, ...] = get_args(Entity)


@dataclass(frozen=True, slots=True)
class ItemWord:
    """One word as a transcript has it. `secret`: it says a part of the value and must not be seen."""

    text: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ItemTurn:
    """What one side says in one utterance; `pause_s` of silence come before it."""

    role: Role
    words: tuple[ItemWord, ...]
    pause_s: float = 0.6

    @property
    def text(self) -> str:
        """The words, joined by single spaces."""
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Item:
    """A secret, said in one style with one kind of noise, split over turns in one way.

    `value` is what was meant, in its written form, the last version where it was corrected midway: digits
    alone for numbers, "MM/YY" for an expiry, "YYYY-MM-DD" for a date of birth.
    """

    id: str
    entity: Entity
    style: str
    noise: str
    split: str
    value: str
    turns: tuple[ItemTurn, ...]


Generator: TypeAlias = Callable[[Entity, int, int], Iterator[Item]]
"""`generate(entity, count, seed)`: so many items of an entity, the same for the same seed."""

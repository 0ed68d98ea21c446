"""How people say a row of digits, and how engines write that: one function a style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from eval.secrets import saying
from eval.secrets.saying import Group, joined, plain, secret

DigitStyle = Callable[[Sequence[str], Random], list[Group]]
"""Groups of digits, as they are written on the card, to groups of words."""


def _each(say: Callable[[str], str]) -> DigitStyle:
    return lambda groups, _: [secret(say(group)) for group in groups]


def _sounds_alike(groups: Sequence[str], rng: Random) -> list[Group]:
    return [secret(saying.misheard(group, [rng.randrange(4) for _ in group])) for group in groups]


def _dash_said(groups: Sequence[str], rng: Random) -> list[Group]:
    said = [secret(saying.singles(group, oh=rng.random() < 0.5)) for group in groups]
    return [joined([plain("dash") if at else (), group]) for at, group in enumerate(said)]


def _mixed(groups: Sequence[str], rng: Random) -> list[Group]:
    """Another style for each group, as people do who read from a card."""
    ways = (saying.singles, saying.doubles, saying.pairs, saying.hundreds)
    return [secret(rng.choice(ways)(group)) for group in groups]


SHORT: dict[str, DigitStyle] = {
    "single digits": _each(saying.singles),
    "oh for zero": _each(lambda group: saying.singles(group, oh=True)),
    "double digits": _each(saying.doubles),
    "pairs": _each(saying.pairs),
    "hyphened pairs": _each(lambda group: saying.pairs(group, hyphen=True)),
    "hundreds": _each(saying.hundreds),
    "sounds alike": _sounds_alike,
    "half written": _each(saying.half_written),
    "numerals": lambda groups, _: [secret(group) for group in groups],
    "spaced numerals": lambda groups, _: [secret(" ".join(group)) for group in groups],
}
"""Styles of any number."""

LONG: dict[str, DigitStyle] = {
    **SHORT,
    "mixed": _mixed,
    "dash said": _dash_said,
    "dashed": lambda groups, _: [secret("-".join(groups))],
    "unbroken": lambda groups, _: [secret("".join(groups))],
}
"""Styles of numbers that are written in groups."""


def grouped(digits: str, sizes: Sequence[int]) -> list[str]:
    """Digits in groups of these sizes; what is left over is the last one."""
    groups: list[str] = []
    for size in sizes:
        if digits:
            groups.append(digits[:size])
            digits = digits[size:]
    return [*groups, digits] if digits else groups

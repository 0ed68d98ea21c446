"""Masks of a call under names that are made up anew for each request.

A language model sees "[ACCOUNT_48213]" where the call has "[ACCOUNT_1]", so that what it was not shown it
cannot name, and a mask that it made up can be told from one that it was given.
"""

from __future__ import annotations

import re
import secrets

MASK = re.compile(r"\[([A-Z]+(?:_[A-Z]+)*)_(\d+)\]")

_LOW, _HIGH = 10_000, 100_000
"""Numbers have five digits: out of reach for a guess, one or two tokens of a model."""


class Disguise:
    """The masks of one request under other names. Use from one thread."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._masks: dict[str, str] = {}
        self._taken: set[int] = set()

    def hide(self, text: str) -> str:
        """The text with another name for each mask, the same for the same mask."""
        return MASK.sub(self._name, text)

    def show(self, text: str) -> tuple[str, bool]:
        """The text with the masks of the call again, and whether all that look like masks were given out.

        One that was not stays as it was written. Should it be the name of a mask that the call has, which was
        never told, it gets the number 0, which no call has: a guess is to name nothing.
        """
        issued = True

        def mask(found: re.Match[str]) -> str:
            nonlocal issued
            written = found[0]
            if written in self._masks:
                return self._masks[written]
            issued = False
            return f"[{found[1]}_0]" if written in self._names else written

        return MASK.sub(mask, text), issued

    def _name(self, found: re.Match[str]) -> str:
        mask = found[0]
        if mask not in self._names:
            name = f"[{found[1]}_{self._number()}]"
            self._names[mask], self._masks[name] = name, mask
        return self._names[mask]

    def _number(self) -> int:
        number = _LOW + secrets.randbelow(_HIGH - _LOW)
        while number in self._taken:
            number = _LOW + secrets.randbelow(_HIGH - _LOW)
        self._taken.add(number)
        return number

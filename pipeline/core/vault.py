"""One token for each secret of a call, and the way back for the kinds that may be restored.

Of a card number, a code or a PIN only a digest is kept, which tells that the same one was said again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from models.text.written import written
from models.types import Claim, Statement, Summary

RESTORABLE = frozenset({"account", "routing", "phone", "email", "birth_date", "address"})
"""Kinds of secrets that a note may name in clear."""

_TOKEN = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+\]")


@dataclass(frozen=True, slots=True)
class Issued:
    """A token and what it stands for: `key` is a digest of the value, `value` empty if never to be seen."""

    kind: str
    token: str
    key: str
    value: str


@dataclass(slots=True)
class VaultState:
    """The tokens of a call, in the order in which they were issued; numbers up to `taken` are not ours."""

    issued: list[Issued] = field(default_factory=list)
    taken: int = 0


class Vault:
    """Issues the tokens of one call."""

    def __init__(self, state: VaultState) -> None:
        self._state = state
        self._by_key = {(one.kind, one.key): one.token for one in state.issued}
        self._counts: dict[str, int] = {}
        for one in state.issued:
            self._counts[one.kind] = self._counts.get(one.kind, state.taken) + 1

    def token(self, kind: str, canonical: str, said: str, spare: str) -> str:
        """The token of a value, the same for the same `canonical` form.

        `said` is what `restore` gives back. A "number" in doubt keeps `spare`, the mask of where it was first
        said.
        """
        key = hashlib.blake2b(canonical.casefold().encode(), digest_size=16, person=kind.encode()).hexdigest()
        known = self._by_key.get((kind, key))
        if known is not None:
            return known
        self._counts[kind] = self._counts.get(kind, self._state.taken) + 1
        token = spare if kind == "number" else f"[{kind.upper()}_{self._counts[kind]}]"
        self._by_key[kind, key] = token
        self._state.issued.append(Issued(kind, token, key, said if kind in RESTORABLE else ""))
        return token

    def restore(self, text: str, kinds: Collection[str]) -> str:
        """The text with the tokens of these kinds as what was said; others, and unknown ones, stay."""
        wanted = RESTORABLE.intersection(kinds)
        return _put(text, {one.token: one.value for one in self._state.issued if one.kind in wanted})

    def restore_note(self, summary: Summary, kinds: Collection[str]) -> Summary:
        """The note with its statements and fields restored, in written form where there is one; places of
        claims move along."""
        wanted = RESTORABLE.intersection(kinds)
        values = {one.token: written(one.kind, one.value) for one in self._state.issued if one.kind in wanted}
        if not values:
            return summary
        return replace(
            summary,
            statements=tuple(_restored(statement, values) for statement in summary.statements),
            fields=tuple((name, _put(value, values)) for name, value in summary.fields),
        )


def _put(text: str, values: dict[str, str]) -> str:
    return _TOKEN.sub(lambda found: values.get(found[0], found[0]), text)


def _restored(statement: Statement, values: dict[str, str]) -> Statement:
    text, at = "", 0
    moves: list[tuple[int, int]] = []
    for found in _TOKEN.finditer(statement.text):
        value = values.get(found[0], found[0])
        text += statement.text[at : found.start()] + value
        at = found.end()
        moves.append((found.end(), len(text) - found.end()))
    text += statement.text[at:]

    def moved(place: int) -> int:
        return place + next((by for end, by in reversed(moves) if end <= place), 0)

    claims = tuple(Claim(one.kind, moved(one.start), moved(one.end), one.support) for one in statement.claims)
    return replace(statement, text=text, claims=claims)

"""Pieces of text behind token ids, for weights that keep them in moonshine's `tokenizer.bin`.

The file is one entry per id, in order: a length, then that many bytes. A length under 128 is one byte n;
a longer one is two, n and m, for n - 128 + 128 * m. U+2581 stands for a space. Ids 3 to 258 are single
bytes, so a character may be spread over several tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from models.errors import MissingWeightsError

START, END = 1, 2
"""Ids that open and close a text."""

_FIRST_BYTE, _FIRST_MERGED = 3, 259
_SPACE = "\u2581".encode()
_CONTROL = (b"<unk>", b"<s>", b"</s>")
_SPECIAL = b"<<ST_"


@dataclass(frozen=True, slots=True)
class Piece:
    """One word as the tokens spell it, and the mean log-probability of those tokens."""

    text: str
    log_probability: float


class TokenTable:
    """Turns token ids into words."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = tuple(
            b"" if piece in _CONTROL or piece.startswith(_SPECIAL) else piece.replace(_SPACE, b" ")
            for piece in pieces
        )
        self._ids: dict[bytes, int] = {}
        for token in range(_FIRST_MERGED, len(self._pieces)):
            self._ids.setdefault(self._pieces[token], token)

    def __len__(self) -> int:
        return len(self._pieces)

    @classmethod
    def read(cls, path: Path) -> TokenTable:
        """Read a `tokenizer.bin`. Raises `MissingWeightsError` where it is missing, cut short or empty."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MissingWeightsError(f"{path.name} cannot be read: {error.strerror}") from error
        pieces: list[bytes] = []
        at = 0
        while at < len(data):
            length, at = data[at], at + 1
            if length >= 128 and at < len(data):
                length, at = length - 128 + 128 * data[at], at + 1
            pieces.append(data[at : at + length])
            at += length
        if not pieces or at != len(data):
            raise MissingWeightsError(f"{path.name} is damaged: install the package that carries it again")
        return cls(pieces)

    def encode(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, white space in it as single spaces, as the model itself writes them.

        Byte-pair encoding as in SentencePiece: of all neighbours that make a piece together, those with the
        lowest id are merged first, since ids are in the order in which pieces were learned. Characters
        without a piece are spelled in bytes. An empty text has no tokens.
        """
        parts = [character.encode() for word in text.split() for character in f" {word}"]
        while True:
            merges = [
                (self._ids[first + second], at)
                for at, (first, second) in enumerate(pairwise(parts))
                if first + second in self._ids
            ]
            if not merges:
                break
            _, at = min(merges)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(token for part in parts for token in self._spell(part))

    def begins_word(self, token: int) -> bool:
        """Whether the token's text begins with a space."""
        return self._pieces[token].startswith(b" ")

    def continues_word(self, token: int) -> bool:
        """Whether the token's text begins with a letter or digit; bytes of other characters count."""
        first = self._pieces[token][:1]
        return first.isalnum() or first >= b"\x80"

    def _spell(self, part: bytes) -> tuple[int, ...]:
        token = self._ids.get(part)
        return tuple(_FIRST_BYTE + byte for byte in part) if token is None else (token,)

    def words(self, tokens: Sequence[int], log_probabilities: Sequence[float]) -> list[Piece]:
        """Words of a text, in order: split at white space, bytes that are no character replaced.

        `log_probabilities` has one entry a token; further ones (the end of the text) are left alone.
        """
        groups: list[tuple[bytearray, list[float]]] = []
        for token, log_probability in zip(tokens, log_probabilities, strict=False):
            piece = self._pieces[token] if 0 <= token < len(self._pieces) else b""
            first, *others = piece.split(b" ")
            if not groups:
                groups.append((bytearray(), []))
            if first:
                groups[-1][0].extend(first)
                groups[-1][1].append(log_probability)
            groups.extend((bytearray(other), [log_probability] if other else []) for other in others)
        return [
            Piece(text, sum(heard) / len(heard))
            for spelled, heard in groups
            if heard and (text := spelled.decode(errors="replace").strip())
        ]
